"""The one program: `python3 -m sipvote WORD …`, on a bare Python.

It first sees to its own environment (boot.py), then hands over to the function behind the word.
"""

import importlib
import os
import sys

from sipvote import boot

# word → (function, what the list of words says about it)
WORDS = {
    "demo": ("sipvote.demo.run:main", "everything, with invented data, on http://127.0.0.1:8000"),
    "test": ("sipvote.checks:test", "all tests; further words go to pytest (-k, -x, a file)"),
    "check": ("sipvote.checks:check", "the quick look before a commit; with --deploy: whether a vote may open here"),
    "serve": ("sipvote.server:main", "the web server, for real use"),
    "work": ("sipvote.worker:main", "the worker that sends mail and keeps the dates"),
    "rehearsal": ("sipvote.rehearsal:main", "whole years, an assembly and groups, played by machines"),
    "try-deployment": ("sipvote.trial:main", "several machines, tried with processes on this one"),
    "faults": ("sipvote.faults:main", "kills, power cuts, full disks, wrong clocks while people vote"),
    "redteam": ("sipvote.redteam:main", "tries to read or link ballots, knowing all but the words"),
    "bench": ("bench.run:main", "how fast it is on this machine"),
    "scan": ("bench.scan:main", "known scanners against a running demonstration, as everybody of its cast"),
    "prove": ("tests.assurance.prove:main", "elections, years and sign-ups in any order, 20,000 steps; 10,000 votes"),
    "mutate": ("tests.assurance.mutate:main", "puts faults into the rules, to see whether a test notices each"),
    "translate": ("sipvote.catalogs:translate", "bring the Dutch and French catalogues up to date"),
    "lock": ("sipvote.checks:lock", "choose the versions of the libraries anew (needs uv); --verify looks at them"),
}
OTHERWISE = "sipvote.cli:main"


def the_words():
    """List the words, one a line."""
    lines = [f"  {word:<15} {meaning}" for word, (_, meaning) in WORDS.items()]
    heading = "sipvote does what one word says:  python3 -m sipvote WORD"
    rest = "Every other word (count, plan, …) is one of the application's: python3 -m sipvote commands"
    return "\n".join([heading, "", *lines, "", rest])


def run(words):
    """Call the function behind the first word and give its exit code."""
    place = WORDS[words[0]][0] if words[0] in WORDS else OTHERWISE
    module, function = place.split(":")
    arguments = words[1:] if words[0] in WORDS else words
    if words[0] == "commands":
        arguments = ["--help"]
    return getattr(importlib.import_module(module), function)(arguments) or 0


def main(words=None):
    """Do what the words say; a foreseeable problem is one sentence and exit code 1."""
    words = sys.argv[1:] if words is None else words
    if not words or words[0] in ("-h", "--help", "help"):
        print(the_words())
        return 0
    try:
        boot.enter(words)
        return run(words)
    except boot.Trouble as trouble:
        print(f"sipvote: {trouble}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # Somebody piped us into `head`. Python would complain once more when it closes stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


if __name__ == "__main__":
    sys.exit(main())
