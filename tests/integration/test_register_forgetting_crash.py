"""Forgetting under kill -9: whenever it dies, what stays can be read, and doing it again finishes it."""

import os
import random
import signal
import subprocess
import sys
import time
from datetime import UTC, date, datetime
from pathlib import Path

from tests.lib.registers import opened
from tests.lib.two_years import AUTUMN, URNS, codes, fill, held

from tallyroll.governance.manifest.words import Store
from tallyroll.register import RegisterStore, due, forget, inventory
from tallyroll.vocab.durations import Duration

RETENTION, AS_OF = Duration.parse("P6Y"), date(2032, 8, 31)


def is_due(store):
    return due(store, of=Store.REGISTERS, retention=RETENTION, as_of=AS_OF)


def forget_all(path: Path) -> None:
    """Forget what is due, school by school."""
    with RegisterStore(path) as store:
        forget(store, is_due(store), of=Store.REGISTERS, now=datetime(2032, 9, 1, tzinfo=UTC))


def nursery(path: Path) -> None:
    """For each line read: fork a child that forgets, say its process id; at the next line, wait for its end."""
    while sys.stdin.readline():
        child = os.fork()
        if child == 0:
            forget_all(path)
            os._exit(0)
        os.write(1, f"{child}\n".encode())
        sys.stdin.readline()
        os.waitpid(child, 0)
        os.write(1, b"dead\n")


def test_a_forgetting_that_is_killed_at_any_moment_is_finished_by_the_next(tmp_path):
    with opened(tmp_path) as store:
        for urn in URNS:
            fill(store, urn)
        before = {urn: codes(held(store, AUTUMN, urn=urn)) for urn in URNS}
        path = store.path
    root, name = str(Path(__file__).parents[2]), "tests.integration.test_register_forgetting_crash"
    code = f"import sys; sys.path.insert(0, {root!r}); from {name} import nursery, Path; nursery(Path({str(path)!r}))"
    chance, left = random.Random(11), []
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as it:
        while not left or left[-1]:
            print("go", file=it.stdin, flush=True)
            child = int(it.stdout.readline())
            time.sleep(chance.uniform(0.005, 0.06))
            os.kill(child, signal.SIGKILL)  # until waited for, a child that has ended keeps its number
            print("killed", file=it.stdin, flush=True)
            assert it.stdout.readline() == "dead\n"
            with RegisterStore(path) as store:
                left.append(len(is_due(store)))
                store.verify()
                assert {urn: codes(held(store, AUTUMN, urn=urn)) for urn in URNS} == before
        it.stdin.close()
    assert len(left) > 2, "it was too quick to be killed"
    with RegisterStore(path) as store:
        n = len(URNS)
        assert inventory(store) == {
            "pupil": n, "roll": n, "week": n, "finding": 0, "round": 0, "bookmark": n, "scan": 0, "key": n,
        }  # fmt: skip
