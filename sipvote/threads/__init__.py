"""Threads: from a theme to what came of it, and back.

One page shows who proposed the theme, its supporters and votes, the workgroups, their recommendations, what the board
decided and what was done. It only reads, and stores nothing.
Words: thread.
"""
