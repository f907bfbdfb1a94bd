"""QR codes, drawn as SVG in the page itself: no picture to fetch, nothing that the CSP would stop."""

from markupsafe import Markup

# The quiet zone around a code, in modules: readers need four.
BORDER = 4


def svg(text: str, label: str) -> Markup:
    """A QR code of `text` as an inline SVG, always black on white; `label` says what a camera finds there.

    It has no size of its own: the class `qr` and its place in the page give it one.
    """
    import segno  # here: few web processes ever draw one

    code = segno.make(text, error="m", micro=False, boost_error=False)
    side, _height = code.symbol_size(border=BORDER)
    path = "".join(
        f"M{BORDER + start} {BORDER + y}h{length}v1h-{length}z"
        for y, row in enumerate(code.matrix)
        for start, length in _runs(row)
    )
    return Markup(
        '<svg class="qr" role="img" aria-label="{label}" viewBox="0 0 {side} {side}" shape-rendering="crispEdges">'
        '<path fill="#fff" d="M0 0h{side}v{side}h-{side}z"/><path fill="#000" d="{path}"/></svg>'
    ).format(label=label, side=side, path=path)


def _runs(row: bytearray) -> list[tuple[int, int]]:
    """The dark stretches of a row: where each begins, and how many modules long it is."""
    runs, start = [], None
    for x, dark in enumerate((*row, 0)):
        if dark and start is None:
            start = x
        elif not dark and start is not None:
            runs.append((start, x - start))
            start = None
    return runs
