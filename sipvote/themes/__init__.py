"""Themes: what we could work on.

Members propose themes, others support them; organisers admit them to the ballot, decline them with a
reason, or prolong a theme of an earlier edition, for everybody or for one country. A theme has its
texts in up to three languages; the one it was written in is marked as the original.
Words: theme, theme proposal, support, admit, decline, prolong.
"""
