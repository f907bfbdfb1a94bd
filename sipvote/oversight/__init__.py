"""Oversight: what officials did, for the board, the organisers and the scrutineers to read and to keep.

The log itself is the infrastructure's (audit.py, chain.py). Here it is read as sentences, given out as files, and
bound by a head for every day, which is public: so nothing can be cut off or written anew unseen.
Words: line, chain, head.
"""
