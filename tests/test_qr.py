import re

import segno

from sipvote import qr


def drawn(text: str) -> list[list[int]]:
    """The modules that an SVG of ours draws dark, without the quiet zone."""
    picture = str(qr.svg(text, "x"))
    side = int(re.search(r'viewBox="0 0 (\d+) ', picture)[1])
    grid = [[0] * side for _ in range(side)]
    for x, y, length in re.findall(r"M(\d+) (\d+)h(\d+)v1", picture):
        grid[int(y)][int(x) : int(x) + int(length)] = [1] * int(length)
    return [row[qr.BORDER : -qr.BORDER] for row in grid[qr.BORDER : -qr.BORDER]]


def test_the_picture_is_the_code_that_segno_makes():
    address = "https://vote.example/nl/2026/vote/card/ABCDE-FGHJK"
    wanted = segno.make(address, error="m", micro=False, boost_error=False).matrix
    assert drawn(address) == [list(row) for row in wanted]


def test_a_code_is_a_labelled_picture_without_style():
    picture = str(qr.svg("https://vote.example", 'Vote "now" <here>'))
    assert 'role="img" aria-label="Vote &#34;now&#34; &lt;here&gt;"' in picture
    assert "style" not in picture and "<script" not in picture
