"""Sweeping tallies under kill -9: whenever it dies, what stays is whole, and doing it again finishes it."""

import os
import random
import signal
import subprocess
import sys
import time
from datetime import UTC, date, datetime
from pathlib import Path

from tests.unit.test_flows_centre import a_tally

from tallyroll import tally
from tallyroll.flows import sweeping
from tallyroll.flows.receiving import RECEIPT, TALLY
from tallyroll.vocab.durations import Duration

KEEP, AS_OF = Duration.parse("P13M"), date(2027, 12, 6)
OVER = a_tally(date(2026, 11, 2), date(2026, 11, 6))  # goes whole
BOTH = a_tally(date(2026, 11, 2), date(2026, 11, 13))  # keeps its second week
N = 4


def due(inbox: Path):
    return sweeping.aged([inbox], retention=KEEP, as_of=AS_OF)


def sweep(inbox: Path, found) -> None:
    """Delete what was found to be due."""
    sweeping.sweep([inbox], found, now=datetime(2028, 1, 1, tzinfo=UTC))


def nursery(inbox: Path) -> None:
    """For each line read: fork a child that looks, says its process id and sweeps; at the next, wait for its end."""
    while sys.stdin.readline():
        child = os.fork()
        if child == 0:
            found = due(inbox)
            os.write(1, f"{os.getpid()}\n".encode())
            sweep(inbox, found)
            os._exit(0)
        sys.stdin.readline()
        os.waitpid(child, 0)
        os.write(1, b"dead\n")


def test_a_sweep_that_is_killed_at_any_moment_is_finished_by_the_next(tmp_path):
    inbox = tmp_path / "inbox"
    for n in range(N):
        for revision, held in ((1, OVER), (2, BOTH)):
            place = inbox / str(100001 + n) / str(revision)
            tally.save(held, place / TALLY)
            (place / RECEIPT).write_text("{}")
    root, name = str(Path(__file__).parents[2]), "tests.integration.test_sweeping_crash"
    code = f"import sys; sys.path.insert(0, {root!r}); from {name} import nursery, Path; nursery(Path({str(inbox)!r}))"
    chance, left = random.Random(12), []
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as it:
        while not left or left[-1]:
            print("go", file=it.stdin, flush=True)
            child = int(it.stdout.readline())
            time.sleep(chance.uniform(0.005, 0.05 + 0.02 * len(left)))  # longer each time: a busy machine ends it too
            os.kill(child, signal.SIGKILL)  # until waited for, a child that has ended keeps its number
            print("killed", file=it.stdin, flush=True)
            assert it.stdout.readline() == "dead\n"
            left.append(len(due(inbox)))
            for n in range(N):  # at any moment the days that stay are there, whole
                held = tally.load(inbox / str(100001 + n) / "2" / TALLY)
                assert {day for day in held.cells["date"].to_pylist() if day.day > 6} == {
                    date(2026, 11, day) for day in range(9, 14)
                }
        it.stdin.close()
    assert len(left) > 2, "it was too quick to be killed"
    sweep(inbox, due(inbox))
    # three schools, five days, two sessions, two codes in each
    assert sweeping.inventory([inbox]) == {"tally": N, "cell": 60 * N, "enrolment cell": 3 * N}
    assert not (inbox / ".retaining").exists()
