"""sipvote: the year of a cooperative, in one building.

Members propose what to work on, the assembly chooses by secret vote, workgroups in every city write
recommendations, the board answers, and a stocktake says what came of it. Each of these is a room of
this package, with its own sign on the door.

Nothing heavy is imported here: a bare Python passes through on its way to making an environment.
"""

__version__ = "0.1.0"


def create_app(*args, **kwargs):
    """Build the web application; see sipvote.app for what it takes."""
    from sipvote.app import create_app as build

    return build(*args, **kwargs)
