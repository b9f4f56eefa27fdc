"""Compaction and forgetting under kill -9, on a full disk and on one that may only be read, with readers running.

A nursery process imports everything once and forks a child for each death. Before each, the store is brought to a new
state that every school, week and roll of it says; whatever happens, the scan side says one state only, the old or the
new, and the next compaction finishes.
"""

import ctypes
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path

import pytest
from tests.lib.builders import NOW, permit, school
from tests.lib.registers import extract
from tests.lib.scans import facts_of, read_directly, scanned
from tests.lib.two_years import AUTUMN, CALENDAR, PULL, SUMMER, URNS, fill

from tallyroll.governance import Door
from tallyroll.governance.manifest.words import Store
from tallyroll.register import RegisterStore, Screened, due, forget, keep, screen
from tallyroll.register.scan import ScanSide, compact, places, scan, verify
from tallyroll.vocab.codes import CODES
from tallyroll.vocab.durations import Duration
from tallyroll.vocab.errors import InputProblem, Problem, UsageProblem, VerificationProblem
from tallyroll.vocab.identifiers import Urn
from tallyroll.vocab.periods import AcademicYear

DEATHS = 30
SCHOOLS = {100001: "201", 100002: "201", 100003: "202", 100004: "203"}
PUPILS = [f"pupil {n}" for n in range(20)]
STATES = 12  # more than anybody can fall behind
COUNT = permit(Door.COUNT, schools=URNS, first=date(2026, 3, 1))
DAYS = {"first": SUMMER[0], "last": AUTUMN[1]}


@cache
def judged(urn: int, state: int, days: tuple[date, date]) -> Screened:
    """An extract in which every mark says this state."""
    given = extract(
        of=school(urn, la=SCHOOLS[urn]),
        roll=[(key, None, "F", "2025-09-01") for key in PUPILS],
        marks=[(key, str(days[0]), "AM", CODES[state].text) for key in PUPILS],
        first=days[0],
        last=days[1],
    )
    return screen(PULL, given, calendar=CALENDAR, now=NOW)


def bring_to(store: RegisterStore, version: int) -> None:
    """Every school of both years in the state of this version."""
    for urn in SCHOOLS:
        for days in (SUMMER, AUTUMN):
            keep(PULL, store, judged(urn, version % STATES, days), now=NOW)


def state_seen(store: RegisterStore) -> int:
    """The one state that every mark of the scan side says."""
    _, spans, marks = scanned(COUNT, store, **DAYS)
    assert len(marks) == len(SCHOOLS) * 2 * len(PUPILS)
    assert len(spans) == len(SCHOOLS) * len(PUPILS)
    (code,) = {row[-1] for row in marks}
    return next(place for place, one in enumerate(CODES) if one.number == code)


def compact_all(path: Path) -> None:
    """One compaction."""
    with RegisterStore(path, read_only=True) as store:
        compact(COUNT, store, now=NOW)


RETENTION, AS_OF = Duration.parse("P6Y"), date(2032, 8, 31)


def is_due(store: RegisterStore) -> tuple:
    return due(store, of=Store.REGISTERS, retention=RETENTION, as_of=AS_OF)


def forget_all(path: Path) -> None:
    """Forget what is due, school by school."""
    with RegisterStore(path) as store:
        forget(store, is_due(store), of=Store.REGISTERS, now=datetime(2032, 9, 1, tzinfo=UTC))


def nursery(path: Path, name: str) -> None:
    """For each line read: fork a child that works, say its process id; at the next line, wait for its end."""
    work: Callable[[Path], None] = globals()[name]
    COUNT.check(Door.COUNT, now=NOW)
    while sys.stdin.readline():
        child = os.fork()
        if child == 0:
            work(path)
            os._exit(0)
        os.write(1, f"{child}\n".encode())
        sys.stdin.readline()
        os.waitpid(child, 0)
        os.write(1, b"dead\n")


def command(call: str) -> list[str]:
    """A fresh Python that runs a function of this module."""
    root, name = str(Path(__file__).parents[2]), "tests.integration.test_scan_crash"
    return [sys.executable, "-c", f"import sys; sys.path.insert(0, {root!r}); from {name} import *; {call}"]


class Nursery:
    """A running nursery."""

    def __init__(self, process: subprocess.Popen) -> None:
        self.process = process

    def kill_one(self, after_s: float) -> None:
        """Let a child work for a while, then kill it: it may have finished by then."""
        print("go", file=self.process.stdin, flush=True)
        child = int(self.process.stdout.readline())
        time.sleep(after_s)
        os.kill(child, signal.SIGKILL)  # until waited for, a child that has ended keeps its number
        print("killed", file=self.process.stdin, flush=True)
        assert self.process.stdout.readline() == "dead\n"


@contextmanager
def nursery_of(path: Path, work: str) -> Iterator[Nursery]:
    pipe, call = subprocess.PIPE, f"nursery(Path({str(path)!r}), {work!r})"
    with subprocess.Popen(command(call), stdin=pipe, stdout=pipe, text=True) as process:
        yield Nursery(process)
        process.stdin.close()


@contextmanager
def readers(path: Path, n: int = 2) -> Iterator[list[int]]:
    """Threads that scan without pause; the states that they saw. One that saw anything else fails the test."""
    seen, faults, stop = [], [], threading.Event()

    def look() -> None:
        with RegisterStore(path, read_only=True) as store:
            while not stop.is_set():
                try:
                    seen.append(state_seen(store))
                except (AssertionError, ValueError, Problem) as fault:
                    faults.append(fault)  # raised below, in the thread of the test
                    return
                stop.wait(0.02)

    threads = [threading.Thread(target=look) for _ in range(n)]
    for thread in threads:
        thread.start()
    yield seen
    stop.set()
    for thread in threads:
        thread.join()
    if faults:
        raise faults[0]


def files_of(store: RegisterStore) -> set[str]:
    folder = ScanSide.of(store).folder
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def kill_compactions(folder: Path, *, deaths: int, seed: int = 5) -> int:
    """Kill so many compactions with readers running; how many died before their state was there."""
    path, chance, lost = folder / "registers.db", random.Random(seed), 0
    with RegisterStore(path) as store:
        bring_to(store, 0)
        compact(COUNT, store, now=NOW)
        stand = 0
        with nursery_of(path, "compact_all") as children, readers(path) as seen:
            for version in range(1, deaths + 1):
                bring_to(store, version)
                children.kill_one(chance.uniform(0.0, 0.12))
                found = state_seen(store)
                assert found in {stand % STATES, version % STATES}
                lost += found != version % STATES
                stand = version if found == version % STATES else stand
                if version - stand >= STATES - 2:  # never so far behind that two states have one name
                    compact(COUNT, store, now=NOW)
                    stand = version
        assert seen
        compact(COUNT, store, now=NOW)
        assert scanned(COUNT, store, **DAYS) == read_directly(COUNT, store, urns=[*SCHOOLS], **DAYS)
        verify(COUNT, store, now=NOW)
        compact(COUNT, store, now=NOW)
        assert len(files_of(store)) == 2 + 6 * 3  # manifest and lock; of two years and three authorities each file
        assert len(store.ring.authorities()) == 6
    return lost


def test_the_scan_side_is_the_old_or_the_new_whenever_a_compaction_is_killed(tmp_path):
    assert kill_compactions(tmp_path, deaths=DEATHS) > DEATHS // 10, "it was too quick to be killed"


def test_a_forgetting_that_is_killed_leaves_nothing_on_the_scan_side_that_the_store_has_forgotten(tmp_path):
    path, chance, left = tmp_path / "registers.db", random.Random(3), []
    with RegisterStore(path) as store:
        for urn in URNS:
            fill(store, urn)
        compact(COUNT, store, now=NOW)
        side = ScanSide.of(store)
        shutil.copytree(side.folder, tmp_path / "copy")  # a backup without the keys
        with nursery_of(path, "forget_all") as children:
            while not left or left[-1]:
                children.kill_one(chance.uniform(0.005, 0.06))
                left.append(len(is_due(store)))
                with store.reading() as sql:
                    held = {(Urn(urn), AcademicYear(year)) for urn, year in sql.execute("SELECT urn, year FROM roll")}
                assert places(side).keys() <= held
        assert len(left) > 2, "it was too quick to be killed"
        with pytest.raises(UsageProblem, match="was not made again"):
            scan(COUNT, side, authorities=(), **DAYS, now=NOW)
        assert {year.start for _, year in store.ring.authorities()} == {2026}
        compact(COUNT, store, now=NOW)
        assert scanned(COUNT, store, **DAYS) == read_directly(COUNT, store, urns=[u.number for u in URNS], **DAYS)
        assert places(side).keys() == {(urn, AcademicYear(2026)) for urn in URNS}
        backup = ScanSide(tmp_path / "copy", store.ring)
        with pytest.raises(VerificationProblem, match="key of this authority"):
            [facts_of(one) for one in scan(COUNT, backup, authorities=(), first=SUMMER[0], last=SUMMER[1], now=NOW)]


def told_by(call: str, before_start: Callable[[], object] | None = None) -> str:
    """What a fresh Python says that runs a function of this module."""
    done = subprocess.run(command(call), preexec_fn=before_start, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def try_to_compact(path: Path, *rooms: int) -> None:
    """Say how a compaction ends, for each of these sizes beyond which no file can grow."""
    for room in rooms or (resource.RLIM_INFINITY,):
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, resource.RLIM_INFINITY))
        try:
            compact_all(path)
        except (InputProblem, UsageProblem) as problem:
            resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
            os.write(1, f"{type(problem).__name__} {problem}\n".encode())


@pytest.fixture
def behind(tmp_path):
    """A store whose scan side says state 0 while the store says 1."""
    with RegisterStore(tmp_path / "registers.db") as store:
        bring_to(store, 0)
        compact(COUNT, store, now=NOW)
        bring_to(store, 1)
        yield store


def test_a_full_disk_is_said_and_loses_nothing(behind):
    before = files_of(behind)
    rooms = (0, 500, 1500, 3000)
    told = told_by(f"try_to_compact(Path({str(behind.path)!r}), *{rooms})")
    assert [line.split()[0] for line in told.splitlines()] == ["InputProblem"] * len(rooms)
    assert told.count("no room left on the disk") == len(rooms)
    assert state_seen(behind) == 0
    compact(COUNT, behind, now=NOW)
    assert state_seen(behind) == 1
    assert len(files_of(behind)) == len(before)


def test_a_folder_that_may_only_be_read_is_said_and_loses_nothing(behind):
    folder = ScanSide.of(behind).folder
    inner = [folder, *(path for path in folder.rglob("*") if path.is_dir())]
    for path in inner:
        path.chmod(0o500)
    libc = ctypes.CDLL(None)
    told = told_by(
        f"try_to_compact(Path({str(behind.path)!r}))",
        lambda: libc.prctl(24, 1, 0, 0, 0),  # a superuser gives up the right to write anywhere (CAP_DAC_OVERRIDE)
    )
    for path in inner:
        path.chmod(0o700)
    assert "UsageProblem" in told
    assert "may not be written to: Permission denied" in told
    assert state_seen(behind) == 0
    compact(COUNT, behind, now=NOW)
    assert state_seen(behind) == 1
