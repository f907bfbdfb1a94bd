"""Voting: what we choose.

An election asks one or more questions; members on its electoral roll answer on a ballot that is
sealed as it is cast, and can be opened only after closing. The public board lists the trackers of all
envelopes in the ballot box; the count is a pure function that members can recompute.
Words: election, question, option, electoral roll, ballot, envelope, tracker, receipt, board,
checkpoint, scrutineer, tally, tie.
"""
