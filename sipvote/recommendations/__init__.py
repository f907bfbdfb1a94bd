"""Recommendations: what the groups ask of the board.

A group writes its recommendations in a draft; groups of one theme may join in one draft, and each recommendation
keeps who wrote it. Every version stays. The draft is published for remarks until a day; the group answers each
remark: taken up, or why not. Then the members present adopt the text; who disagrees may add a minority note. The
organisers bundle the adopted drafts of an edition, and submit the bundle to the board, frozen with a hash.
Words: recommendation, draft, version, remark, answer, adopt, minority note, bundle, large theme.
"""
