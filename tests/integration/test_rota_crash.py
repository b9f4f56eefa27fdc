"""The rota in a file under kill -9: processes that claim and end schools die at random moments, others go on."""

import multiprocessing
from collections.abc import Iterator
from contextlib import closing
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random
from time import sleep

from tests.lib import rota_worker
from tests.lib.rotas import FIRST, LIMITS, SOURCE, at, planned

from tallyroll.flows.rota.interface import Turn
from tallyroll.flows.rota.local import LocalRota

N_SCHOOLS, N_KILLS = 400, 20
MINUTES = 6  # from one process to the next: more than a lease
APART = multiprocessing.get_context("forkserver")
APART.set_forkserver_preload(["tests.lib.rota_worker"])


def told_by(one: Connection) -> Iterator[int]:
    """What a process said that it ended, until it was killed or done."""
    try:
        while True:
            yield one.recv()
    except EOFError:
        return


def process(path: Path, turn: int) -> tuple["multiprocessing.context.ForkServerProcess", Connection]:
    ours, its = APART.Pipe(duplex=False)
    words = {"source": SOURCE, "pull": FIRST, "limits": LIMITS, "told": its}
    made = APART.Process(target=rota_worker.work, args=(path, f"worker {turn}", turn * MINUTES), kwargs=words)
    made.start()
    its.close()
    assert ours.recv() == "ready"
    return made, ours


def test_killed_at_random_moments_no_turn_is_lost_and_none_ends_twice(tmp_path):
    random, path, ended = Random(20261122), tmp_path / "rota.sqlite", []
    with closing(LocalRota(path)) as rota:
        rota.enrol(SOURCE, [planned(100001 + n) for n in range(N_SCHOOLS)], pull=FIRST, now=at(0))
    for turn in range(N_KILLS + 1):
        one, said = process(path, turn)
        if turn < N_KILLS:
            sleep(random.uniform(0, 0.05))
            one.kill()
        with closing(said):
            ended += told_by(said)
        one.join(60)
    with closing(LocalRota(path)) as rota:
        lines = rota.lines(SOURCE, now=at(MINUTES * (N_KILLS + 1)))
    assert len(lines) == N_SCHOOLS
    assert {line.turn for line in lines} == {Turn.KEPT}
    assert max(line.tries for line in lines) > 1  # a check of the test: some were claimed by one who was killed
    assert len(ended) == len(set(ended)) >= N_SCHOOLS - N_KILLS  # a kill may come between an end and the word of it
