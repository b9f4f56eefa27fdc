"""`tallyroll run` as a process over real HTTP: killed at random, two at once, ended by the system and by hand."""

import asyncio
import json
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import pytest
from tests.lib.gates import write_settings
from tests.lib.mis import TOKEN, Lab, evening, lab, school_year
from tests.lib.once import once

from tallyroll.flows.rota.interface import Line, Turn
from tallyroll.flows.rota.local import LocalRota
from tallyroll.register import RegisterStore, RoundCounts
from tallyroll.simulate import Awkward, Control
from tallyroll.vocab.calendars import render_calendars

URNS = tuple(range(100001, 100009))
YEARS = [school_year(urn) for urn in URNS]
DAY = YEARS[0].days[-1]
NOW = evening(DAY)
ROUND = f"wonde {DAY} 2"  # the tests' assessment permits two pulls a day: five in the afternoon lies in the second
DUE = NOW + timedelta(hours=1, minutes=20)  # every school's moment has passed
N_KILLS = 3


@dataclass(frozen=True)
class Ended:
    """How a collector ended, and what it said."""

    code: int
    out: str
    err: str

    @property
    def told(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self.out.splitlines()]


@dataclass(frozen=True)
class Node:
    """A node's files, and the service that answers it."""

    lab: Lab
    settings: Path

    @property
    def store(self) -> Path:
        return self.settings.with_name("store.sqlite")

    def counts(self) -> RoundCounts:
        with RegisterStore(self.store, read_only=True) as store:
            assert store.verify() > 0
            return store.counts(ROUND)

    def lines(self, now: datetime) -> tuple[Line, ...]:
        with closing(LocalRota(self.settings.with_name("rota.sqlite"))) as rota:
            return rota.lines("wonde", now=now)

    async def start(self, *options: str, now: datetime = DUE) -> asyncio.subprocess.Process:
        command = ["-m", "tallyroll", "run", "--settings", str(self.settings), "--now", now.isoformat(), "--json"]
        pipe = asyncio.subprocess.PIPE
        return await asyncio.create_subprocess_exec(sys.executable, *command, *options, stdout=pipe, stderr=pipe)

    async def run(self, *options: str, now: datetime = DUE) -> Ended:
        return await ended(await self.start(*options, now=now))

    async def until_asked(self, n: int, process: asyncio.subprocess.Process) -> None:
        """Wait for so many requests about schools' data, or the process's end."""
        while process.returncode is None and len(asked(self.lab)) < n:
            await asyncio.sleep(0.002)


async def ended(process: asyncio.subprocess.Process) -> Ended:
    out, err = await asyncio.wait_for(process.communicate(), 120)
    return Ended(process.returncode or 0, out.decode(), err.decode())


def asked(of: Lab) -> list[str]:
    """The schools whose marks were asked for from their first page on, one entry each time."""
    paths = [one.path for one in of.world.asked]
    return [path.split("/")[3] for path in paths if path.endswith("/attendance/session")]


@asynccontextmanager
async def a_node(folder: Path) -> AsyncIterator[Node]:
    async with lab(*YEARS, now=DUE) as one:
        one.world.apply(Control(awkward=[Awkward.SLOW], fault_rate=1.0, fault_burst=10**6, slow_s=0.03))
        lines = ['calendars = "calendars.toml"', 'store = "store.sqlite"', 'connector = "wonde"', "schools_at_once = 2"]
        lines += ["[source]", f'base_url = "{one.mis.base_url}"', f'token = "{TOKEN}"', 'backoff_s = "0.05"']
        settings = write_settings(folder, name="node.toml", more="\n".join(lines), told=URNS)
        calendars = {year.school: year.calendar for year in YEARS}
        (folder / "calendars.toml").write_text(render_calendars(calendars), encoding="utf-8")
        yield Node(one, settings)


@dataclass(frozen=True)
class Story:
    """What became of the collectors, and of what they kept."""

    killed: Sequence[int]
    after_kills: tuple[Ended, RoundCounts]
    pair: tuple[Ended, Ended, RoundCounts]
    pair_asked: Sequence[str]
    terminated: tuple[Ended, tuple[Line, ...]]
    interrupted: tuple[Ended, tuple[Line, ...]]
    finished: Ended


async def kill_often(folder: Path) -> tuple[list[int], tuple[Ended, RoundCounts]]:
    """Killed again and again; each next one comes when the leases of the one before have run out."""
    random, codes = Random(20261122), []
    async with a_node(folder) as node:
        for n in range(N_KILLS):
            before = len(asked(node.lab))
            process = await node.start("--once", now=DUE + n * timedelta(minutes=6))
            await node.until_asked(before + random.randint(1, 2), process)
            await asyncio.sleep(random.uniform(0, 0.1))
            if process.returncode is None:
                process.kill()
            codes.append((await ended(process)).code)
        last = await node.run("--once", now=DUE + N_KILLS * timedelta(minutes=6))
        return codes, (last, node.counts())


async def run_two(folder: Path) -> tuple[tuple[Ended, Ended, RoundCounts], list[str]]:
    async with a_node(folder) as node:
        one, other = await asyncio.gather(node.run("--once"), node.run("--once"))
        return (one, other, node.counts()), asked(node.lab)


async def stop_and_go_on(
    folder: Path,
) -> tuple[tuple[Ended, tuple[Line, ...]], tuple[Ended, tuple[Line, ...]], Ended]:
    """Ended by SIGTERM, then by Ctrl-C, in the middle; then left alone, a minute later each time."""
    made = []
    async with a_node(folder) as node:
        for n, number in enumerate((signal.SIGTERM, signal.SIGINT)):
            before, now = len(asked(node.lab)), DUE + n * timedelta(minutes=1)
            process = await node.start(now=now)
            await node.until_asked(before + 2, process)
            if process.returncode is None:
                process.send_signal(number)
            made.append((await ended(process), node.lines(now)))
        return made[0], made[1], await node.run("--once", now=DUE + timedelta(minutes=2))


async def play(folder: Path) -> Story:
    folder.mkdir()
    (killed, after), (pair, pair_asked), (terminated, interrupted, finished) = await asyncio.gather(
        kill_often(folder / "killed"), run_two(folder / "pair"), stop_and_go_on(folder / "stopped")
    )
    return Story(killed, after, pair, pair_asked, terminated, interrupted, finished)


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    return once(tmp_path_factory, "rota-kill", lambda place: asyncio.run(play(place)))


def test_killed_again_and_again_every_school_is_kept_once_as_without_a_kill(story):
    last, counts = story.after_kills
    assert last.code == 0, last.err
    assert story.killed == [-signal.SIGKILL] * N_KILLS
    assert (counts.schools_kept, counts.schools_failed) == (len(URNS), 0)
    assert counts == story.pair[2]
    assert counts.received == counts.kept + counts.rejected > 0


def test_two_collectors_at_once_share_the_schools_and_ask_for_each_once(story):
    *pair, counts = story.pair
    assert [one.code for one in pair] == [0, 0], [one.err for one in pair]
    assert sum(int(str(one.told[-1]["collected"])) for one in pair) == counts.schools_kept == len(URNS)
    assert set(Counter(story.pair_asked).values()) == {1}


def test_the_system_ends_it_without_an_error_and_ctrl_c_with_130_and_both_give_back_what_was_under_way(story):
    for (run, lines), code in zip((story.terminated, story.interrupted), (0, 130), strict=True):
        assert run.code == code, run.err
        assert "Traceback" not in run.err
        assert {line.turn for line in lines} == {Turn.WAITING, Turn.KEPT} or {line.turn for line in lines} == {
            Turn.WAITING
        }
        assert {line.tries for line in lines if line.turn is Turn.WAITING} == {0}


def test_what_was_given_back_is_collected_at_once_by_the_next(story):
    assert story.finished.code == 0, story.finished.err
    kept = sum(line.turn is Turn.KEPT for line in story.interrupted[1])
    assert story.finished.told[-1]["collected"] == len(URNS) - kept
