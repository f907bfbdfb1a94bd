"""The demonstration: everything, with invented people, in one command.

`python3 -m sipvote demo` makes a cooperative of 30,000 invented members with three past editions and a
lively current one, and starts the server and the worker. In demo mode only, a banner on every page
signs the visitor in as somebody of the cast, and its time machine moves the current edition to any
phase, doing through the rooms' own rules what officials and members would have done until then.
Words: cast, time machine.
"""
