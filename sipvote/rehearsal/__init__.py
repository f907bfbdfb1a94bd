"""The rehearsal: a whole assembly, played by machines, on a fresh production installation.

`python3 -m sipvote rehearsal` imports a roll, runs the edition 2020–21 with every ballot of a real vote,
counts and checks it on its own, and fills the workgroups beyond their places. A year later it holds an assembly:
a letter to everybody, a hall behind one address, proxies, cards, a kiosk, papers, three questions, a tie and its lot,
and minutes in which every number is checked. All of it over HTTP with sessions, with mails by SMTP, through pages
and forms only.

Then the seasons: the groups of 2019–20 and 2020–21 in one process that travels in time, from wishes to the fifth
attendance sheet, with 300 people of whom some withdraw, move away, or never confirm (`seasons.py`).
At last what came of them: first drafts, remarks, adoption, the bundle, the board's decisions and a published stocktake
of both editions, and a list of 250 earlier recommendations that comes in, changes and comes back (`outcomes.py`).
Words: scene, person, part, letterbox, promise; season, circle, temper; troupe, band.
"""

from .run import main

__all__ = ["main"]
