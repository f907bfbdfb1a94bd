"""Editions: which year it is, and which phase of it.

An edition of Smart in Progress runs from the first theme proposal to the stocktake. Its dates are
set by the organisers; the phase is computed from them and from the clock, never stored; what a
phase allows stands in one table (rules.ALLOWS). Words: edition, phase, year line.
"""
