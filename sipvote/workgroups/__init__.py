"""Workgroups: who does it.

A workgroup works on one theme, in one or more cities or online, in five meetings of about three hours
between November and April, led by facilitators. Signing up is a commitment to every meeting; taking
part now and then is not possible. A full group has a waiting list.
Words: workgroup, facilitator, meeting, sign-up, place, waiting list, commitment, attendance.
"""
