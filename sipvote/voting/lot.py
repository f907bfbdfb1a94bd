"""The public lot: who comes first among equals, in a way that everybody can work out again.

After closing, something is drawn in public that nobody could know before, such as a row of dice. It is
hashed with the final checkpoint, which was signed at closing, and with the number of each theme: so
neither who draws nor who runs the service can choose who comes first.
"""

import re
from hashlib import sha256

LEAST_DIGITS, MOST_DIGITS = 6, 40


def plain(draw: str) -> str | None:
    """Read what was drawn as people write it (spaces, commas, dashes); None when it is not 6 to 40 digits."""
    digits = re.sub(r"[\s,.;/-]+", "", draw)
    return digits if re.fullmatch(rf"[0-9]{{{LEAST_DIGITS},{MOST_DIGITS}}}", digits) else None


def text(checkpoint: str, draw: str, theme: int) -> str:
    """What is hashed for a theme."""
    return f"{checkpoint}:{draw}:{theme}"


def mark(checkpoint: str, draw: str, theme: int) -> str:
    """The mark of a theme: the SHA-256 of its text in hexadecimal. The smallest comes first."""
    return sha256(text(checkpoint, draw, theme).encode()).hexdigest()
