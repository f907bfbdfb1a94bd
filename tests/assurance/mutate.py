"""The word `mutate`: put small faults into the rules, one at a time, and see whether a test notices each.

Every module is imported once. For each fault a process is forked in which the functions get the changed
code, and the tests that run over the changed line are run, the quickest first, until one fails. SQLite only.
"""

import argparse
import ast
import contextlib
import functools
import gc
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

from tests.assurance.mutants import Mutant, functions_of, install, mutants

ROOT = Path(__file__).resolve().parents[2]
MEMORY = 4 << 30  # what a fault may take, in bytes, before it is stopped
# Modules whose tests stand in few files; all others are tried with the tests of their room.
TESTS = {
    "voting/tally.py": "test_tally.py",
    "voting/bits.py": "test_tally.py",
    "voting/profiles.py": "test_profiles.py test_tally.py test_at_the_desks.py",
    "voting/seal.py": "test_seal.py",
    "voting/lot.py": "test_result.py test_seal.py test_rules.py",
    "voting/board.py": "test_verify.py test_board.py test_seal.py",
    "voting/package.py": "test_verify.py",
    "voting/packing.py": "test_verify.py test_result.py test_questions.py test_small_promises.py",
    "voting/verify.py": "test_verify.py",
    "voting/decisions.py": "test_decisions.py test_questions.py",
    "voting/explaining.py": "test_explaining.py test_explained.py test_whole_results.py ./test_cli.py",
    "voting/disclosure.py": "test_explaining.py test_explained.py",
    "voting/unready.py": "readiness/test_opening.py",
    "voting/facts.py": "test_explained.py test_explaining.py test_views.py test_whole_results.py",
}
ROOMS = {
    "voting": [f"voting/{path.name}" for path in sorted((ROOT / "sipvote/voting").glob("*.py"))],
    "assembly": ["assembly/rules.py"],
    "workgroups": ["workgroups/rules.py"],
    "members": [f"members/{name}.py" for name in ("rules", "factors", "passkeys", "recovery", "sessions", "four_eyes")],
}
SAID = {0: "survived", 1: "killed", 2: "impossible"}


def tests_of(module: str) -> list[str]:
    room, _name = module.split("/")
    files = TESTS.get(module, "").split()
    return [f"tests/{name if '/' in name else f'{room}/{name}'}" for name in files] or [f"tests/{room}"]


class Run:
    """A pytest plugin: instead of running the tests once, it runs them for every fault."""

    def __init__(self, modules: list[str], sample: int, seed: str, out: Path) -> None:
        self.paths = {module: str(ROOT / "sipvote" / module) for module in modules}
        self.sample, self.seed, self.out = sample, seed, out
        self.killers: dict[str, Counter[int]] = defaultdict(Counter)  # function → numbers of tests that noticed
        self.lines: dict[tuple[str, int], list[int]] = defaultdict(list)  # file and line → numbers of tests
        self.took: list[float] = []

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        import hypothesis

        phases = [hypothesis.Phase.explicit, hypothesis.Phase.generate]  # a failure need not be made small
        hypothesis.settings.register_profile("mutate", deadline=None, derandomize=True, phases=phases)
        hypothesis.settings.load_profile("mutate")
        items[:] = [i for i in items if not i.get_closest_marker("postgres") and not i.get_closest_marker("long")]

    def pytest_runtestloop(self, session: Any) -> bool:
        items = session.items
        self.watched(items)
        self.rest()
        for module in self.paths:
            self.module(module, items)
        return True

    # What runs over which line

    def watched(self, items: list[Any]) -> None:
        """Run every test once as it is, and write down which lines it runs over. A test that fails is left out."""
        files, seen = set(self.paths.values()), set()

        def local(frame: Any, _event: str, _arg: Any) -> Any:
            seen.add((frame.f_code.co_filename, frame.f_lineno))
            return local

        def entered(frame: Any, _event: str, _arg: Any) -> Any:
            return local(frame, "", None) if frame.f_code.co_filename in files else None

        for number, item in enumerate(items):
            seen.clear()
            began = time.perf_counter()
            sys.settrace(entered)
            good = passes(item, items[(number + 1) % len(items)])
            sys.settrace(None)
            self.took.append(time.perf_counter() - began)
            if not good:
                self.write({"broken": item.nodeid})
                continue
            for line in seen:
                self.lines[line].append(number)

    def rest(self) -> None:
        """Leave nothing open that a fork would share, and keep the empty database."""
        from sqlalchemy import Engine

        for thing in gc.get_objects():
            if isinstance(thing, Engine):
                thing.dispose()
            elif isinstance(thing, functools._lru_cache_wrapper):
                with contextlib.suppress(Exception):
                    thing.cache_clear()
        self.instance = Path(os.environ["SIPVOTE_INSTANCE"])
        self.kept = self.instance.with_name(self.instance.name + "-kept")
        shutil.rmtree(self.kept, ignore_errors=True)
        shutil.copytree(self.instance, self.kept)
        self.functions = {path: functions_of(path) for path in self.paths.values()}

    # One fault after the other

    def module(self, module: str, items: list[Any]) -> None:
        path = self.paths[module]
        tree = ast.parse(Path(path).read_text(), path)
        all_of_it = mutants(tree)
        chosen = list(range(len(all_of_it)))
        if 0 < self.sample < len(chosen):
            chosen = sorted(random.Random(module + self.seed).sample(chosen, self.sample))
        functions = self.functions[path]
        for number in chosen:
            fault = all_of_it[number]
            noticed = self.killers[f"{module} {fault.function}"]
            tests = sorted(self.covering(path, fault.line), key=lambda n: (-noticed[n], self.took[n]))
            said, at = (
                self.try_out(tree, path, fault, functions, [items[n] for n in tests]) if tests else ("no test", -1)
            )
            if at >= 0:
                noticed[tests[at]] += 1
            facts = {"function": fault.function, "line": fault.line, "what": fault.what}
            self.write({"module": module, "said": said, "of": len(all_of_it), **facts})

    def covering(self, path: str, line: int) -> list[int]:
        """The tests that run over a line. An expression of several lines is noted at its first."""
        for nearby in range(line, max(line - 8, 0), -1):
            if found := self.lines.get((path, nearby)):
                return found
        return []

    def try_out(self, tree: Any, path: str, fault: Mutant, functions: list[Any], items: list[Any]) -> tuple[str, int]:
        """What became of a fault, and the place of the test that noticed it; -1 when none did, or none said so."""
        limit = 10 + 8 * sum(item_took for item_took in self.took) / max(len(self.took), 1) * len(items)
        shutil.rmtree(self.instance)
        shutil.copytree(self.kept, self.instance)
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            with contextlib.suppress(BaseException):
                signal.signal(signal.SIGALRM, signal.SIG_DFL)
                signal.alarm(int(min(limit, 120)))
                resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
                os._exit(self.inside(tree, path, fault, functions, items, writing))
            os._exit(1)
        os.close(writing)
        with open(reading, "rb") as pipe:
            at = pipe.read()
        _pid, status = os.waitpid(child, 0)
        return SAID.get(os.waitstatus_to_exitcode(status), "killed"), int(at or -1)

    def inside(self, tree: Any, path: str, fault: Mutant, functions: list[Any], items: list[Any], writing: int) -> int:
        fault.apply()
        try:
            install(tree, path, functions)
        except ValueError:  # a function that closes over other variables than before
            return 2
        for at, item in enumerate(items):
            if not passes(item, items[(at + 1) % len(items)]):
                os.write(writing, str(at).encode())
                return 1
        return 0

    def write(self, facts: dict[str, Any]) -> None:
        with self.out.open("a") as file:
            file.write(json.dumps(facts) + "\n")


def passes(item: Any, following: Any) -> bool:
    """Run one test, with its fixtures."""
    from _pytest.runner import runtestprotocol

    return all(not report.failed for report in runtestprotocol(item, log=False, nextitem=following))


# --- The word ---------------------------------------------------------------------------------------


def main(args: list[str]) -> int:
    """Print the score of each module and the faults that no test noticed; exit code 1 below 90 %."""
    parser = argparse.ArgumentParser(prog="python3 -m sipvote mutate", description=__doc__)
    parser.add_argument("modules", nargs="*", help="voting/tally.py, a room, or nothing for all")
    parser.add_argument("--sample", type=int, default=0, help="no more than so many faults of a module, seeded")
    parser.add_argument("--seed", default="", help="with --sample: another word chooses other faults")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--worker", default="", help=argparse.SUPPRESS)
    options = parser.parse_args(args)
    modules = [each for word in options.modules or ROOMS for each in ROOMS.get(word, [word])]
    if options.worker:
        return worker(modules, options.sample, options.seed, Path(options.worker))
    with tempfile.TemporaryDirectory(prefix="sipvote-mutate-") as folder:
        found = in_parallel(modules, options, Path(folder))
    return report(found)


def in_parallel(modules: list[str], options: Any, folder: Path) -> list[dict[str, Any]]:
    """Each process takes its share of the modules."""
    shares = [share for n in range(options.jobs) if (share := modules[n :: options.jobs])]
    running = []
    for number, share in enumerate(shares):
        out = folder / f"{number}.jsonl"
        command = [sys.executable, "-m", "tests.assurance.mutate", *share, "--sample", str(options.sample)]
        running.append(subprocess.Popen([*command, "--seed", options.seed, "--worker", str(out)], cwd=ROOT))
    for process in running:
        process.wait()
    lines = [line for path in sorted(folder.glob("*.jsonl")) for line in path.read_text().splitlines()]
    return [json.loads(line) for line in lines]


def worker(modules: list[str], sample: int, seed: str, out: Path) -> int:
    """Modules with the same tests share one watched run; each run is a process of its own."""
    import pytest

    by_tests: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for module in modules:
        by_tests[tuple(tests_of(module))].append(module)
    os.nice(5)
    for tests, together in by_tests.items():
        child = os.fork()
        if child == 0:
            silent = os.open(os.devnull, os.O_WRONLY)
            os.dup2(silent, 1)
            options = ["-q", "-p", "no:randomly", "-p", "no:cacheprovider", "-k", "not postgresql", "-s"]
            os._exit(int(pytest.main([*options, *tests], plugins=[Run(together, sample, seed, out)])))
        os.waitpid(child, 0)
    return 0


def report(found: list[dict[str, Any]]) -> int:
    """Print the table, then who survived."""
    by_module = defaultdict(list)
    for facts in found:
        if "broken" in facts:
            print(f"does not pass as it is, and was left out: {facts['broken']}")
        elif facts["said"] != "impossible":
            by_module[facts["module"]].append(facts)
    print(f"{'module':<28}{'faults':>8}{'tried':>8}{'killed':>8}{'score':>8}")
    for module, tried in sorted(by_module.items()):
        killed = sum(facts["said"] == "killed" for facts in tried)
        print(f"{module:<28}{tried[0]['of']:>8}{len(tried):>8}{killed:>8}{killed / len(tried):>8.1%}")
    tried = [facts for each in by_module.values() for facts in each]
    killed = sum(facts["said"] == "killed" for facts in tried)
    print(f"\n{killed} of {len(tried)} faults were noticed.")
    for facts in tried:
        if facts["said"] != "killed":
            print(f"{facts['said']}: {facts['module']}:{facts['line']} {facts['function']}: {facts['what']}")
    return 0 if tried and killed >= 0.9 * len(tried) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
