"""French as it is printed. Knows no room and no library: catalogues and letters share it."""

import re

_BLANK = re.compile(r" (?=[:;?!»%](?!\())|(?<=«) ")


def french(text: str) -> str:
    """The same text; the blank before : ; ? ! » % and after « breaks no line."""
    return _BLANK.sub("\N{NO-BREAK SPACE}", text)
