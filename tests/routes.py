"""Every route with its door: "public", "member" (signed in), or the act of access.MAY that it takes.

A new route without a line here fails tests/test_house.py: closed or open is decided, never forgotten.
"""

ROUTES = {
    "GET /": "public",
    "GET/POST /<int:year>/settings": "editions.plan",
    "GET /accessibility": "public",
    "GET /audit": "audit.read",
    "GET /editions": "public",
    "GET/POST /editions/new": "editions.plan",
    "GET /health": "public",
    "GET /help": "public",
    "GET /members/": "members.see",
    "GET/POST /members/<int:member_id>": "members.grant",
    "POST /members/<int:member_id>/roles/<int:grant_id>/revoke": "members.grant",
    "GET/POST /members/import": "members.import",
    "GET /members/import/<int:upload_id>": "members.import",
    "POST /members/import/<int:upload_id>": "members.import",
    "POST /members/import/<int:upload_id>/discard": "members.import",
    "GET /members/import/<int:upload_id>/faults.csv": "members.import",
    "GET /privacy": "public",
    "GET/POST /sign-in": "public",
    "GET/POST /sign-in/code": "public",
    "GET/POST /sign-in/link/<token>": "public",
    "POST /sign-out": "public",
    "GET /static/<path:filename>": "public",
}
