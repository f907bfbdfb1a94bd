"""Members: who we are.

The roll of members comes from the cooperative's own administration, as a CSV file; here it is only
read. A member signs in with a link or a code sent by e-mail, and may hold roles (grants). Cities are
the offices of the cooperative. Words: member, city (office), profile, role, sign-in, roll.
"""
