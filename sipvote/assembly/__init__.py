"""The assembly: who is in the room.

The general assembly of an edition: when and where it meets, what is on its agenda, who is there (in the hall
or from elsewhere), who speaks for whom, and whether they are enough to decide. Members are convened by
letter, check in at a desk or by the code that is shown in the hall, and may give a proxy to another member.
Words: assembly, agenda, convocation, presence, check-in, quorum, proxy (its giver, its holder), incident, minutes.
"""
