"""The stocktake: how far each recommendation since 2015 is.

Every change of a status is a new line with its date, its reason and its author; nothing is overwritten. Figures can
be had for any day, as they are known now or as they were known then; a stocktake that was published is kept as it was.
The whole list goes out to a spreadsheet and comes back in one format.
Words: stocktake, status, change, execution rate, published stocktake, to answer for.
"""
