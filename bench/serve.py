"""The production server on one of the applications of bench.apps, named in SIPVOTE_FACTORY."""

import os

from sipvote import server

if __name__ == "__main__":
    server.main([], os.environ["SIPVOTE_FACTORY"])
