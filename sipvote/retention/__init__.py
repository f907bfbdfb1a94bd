"""How long what is kept: the rules, the job that follows them, erasing a former member, one's own data.

Every time something is destroyed, a certificate says what, how much, by which rule and when. It knows all rooms.
"""
