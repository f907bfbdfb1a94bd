"""Decisions: what the board says to each recommendation.

The board accepts, accepts in part, rejects or postpones, always with reasons, with who answers for it and by when.
Decisions are drafted before the meeting and published together after it; then the group, the proposer of the theme
and its supporters are told. A published decision stays; the board may decide again later. A decision may start a
project, a test project, or a question to the next assembly.
Words: decision, outcome, reasons, answers for, due, postponed until, project, test project.
"""
