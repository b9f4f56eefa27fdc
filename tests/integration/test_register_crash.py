"""The store under kill -9: what was acknowledged is there, and no school is half kept.

A nursery process imports everything once and forks a writer for each round, so that fifteen deaths take seconds. A
writer keeps one school after another, each time with everything in it (roll, marks, bookmark, round) saying the same
version, and tells of each once `keep` has returned. It is killed at a random moment.
"""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from itertools import count
from pathlib import Path

from tests.lib.builders import NOW, school
from tests.lib.registers import FRIDAY, MONDAY, PULL, extract, reading, screened

from tallyroll.register import RegisterStore, Screened, keep
from tallyroll.vocab.characteristics import YEAR_GROUP
from tallyroll.vocab.codes import CODES
from tallyroll.vocab.identifiers import Urn

DEATHS = 15
URNS = range(100001, 100006)
PUPILS = [f"pupil {n}" for n in range(80)]
YEARS = ("7", "8", "9", "10", "11")


@cache
def state_screened(urn: int, state: int) -> Screened:
    """An extract in which roll and marks say this state of the school."""
    given = extract(
        of=school(urn),
        roll=[(key, None, "F", "2026-09-01") for key in PUPILS],
        status=[(key, "year_group", YEARS[state]) for key in PUPILS],
        marks=[(key, str(day), "AM", CODES[state].text) for key in PUPILS for day in (MONDAY, FRIDAY)],
    )
    return screened(given)


def write(path: Path, start: int, out: int) -> None:
    """Keep one school after another, telling of each once it is kept, until killed."""
    with RegisterStore(path) as store:
        for version in count(start):
            for urn in URNS:
                judged = replace(state_screened(urn, version % len(YEARS)), resume=str(version))
                keep(PULL, store, judged, now=NOW, round_id=str(version))
                os.write(out, f"{urn} {version}\n".encode())


def nursery(path: Path) -> None:
    """For each line read (a version to start from): fork a writer, say its process id, and wait for its death."""
    for urn in URNS:
        for state in range(len(YEARS)):
            state_screened(urn, state)  # before the fork, so that a writer is killed while it keeps
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            write(path, int(line), 1)
            os._exit(0)
        os.write(1, f"child {child}\n".encode())
        os.waitpid(child, 0)
        os.write(1, b"dead\n")


@contextmanager
def writers(path: Path) -> Iterator[subprocess.Popen]:
    """A running nursery."""
    root, name = str(Path(__file__).parents[2]), "tests.integration.test_register_crash"
    code = f"import sys; sys.path.insert(0, {root!r}); from {name} import nursery, Path; nursery(Path({str(path)!r}))"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as it:
        yield it
        it.stdin.close()


def kill_one(process: subprocess.Popen, start: int, after_s: float) -> dict[int, int]:
    """Let a writer live for a while; the last version that it told of, by school."""
    process.stdin.write(f"{start}\n")
    process.stdin.flush()
    acknowledged: dict[int, int] = {}
    child = 0
    for line in process.stdout:
        first, *rest = line.split()
        if first == "child":
            child = int(rest[0])
        elif first == "dead":
            break
        else:
            acknowledged[int(first)] = int(rest[0])
        if child and acknowledged and after_s >= 0:
            time.sleep(after_s)
            os.kill(child, signal.SIGKILL)
            after_s = -1
    return acknowledged


def version_found(store: RegisterStore, urn: int) -> int:
    """The version that the school stands at, once everything in it agrees; 0 when there is nothing of it."""
    register, bookmark = reading(store, urns=[urn]), store.resume(Urn(urn), "test")
    if not bookmark:
        assert register.schools.num_rows == register.spans.num_rows == register.marks.num_rows == 0
        return 0
    version = int(bookmark)
    assert register.marks.column("code").to_pylist() == [CODES[version % len(YEARS)].number] * 2 * len(PUPILS)
    year = YEAR_GROUP.number(YEARS[version % len(YEARS)])
    assert register.spans.column("year_group").to_pylist() == [year] * len(PUPILS)
    assert Urn(urn) in store.finished(bookmark)
    return version


def test_no_school_is_lost_or_half_kept_when_the_writer_is_killed(tmp_path):
    path, chance = tmp_path / "registers.db", random.Random(7)
    start, n_acknowledged = 1, 0
    with writers(path) as process:
        for _ in range(DEATHS):
            told = kill_one(process, start, chance.uniform(0, 0.15))
            n_acknowledged += sum(version - start + 1 for version in told.values())
            with RegisterStore(path) as store:
                store.verify()
                stand = {urn: version_found(store, urn) for urn in URNS}
            assert all(stand[urn] in (version, version + 1) for urn, version in told.items())
            start = max(stand.values()) + 1
    assert n_acknowledged >= DEATHS
