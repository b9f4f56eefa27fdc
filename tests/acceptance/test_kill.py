"""A collector that is killed, interrupted, or started twice: nothing lost, nothing counted twice, nothing broken.

The collector is a process of its own, asking a simulated information system over HTTP; the system runs in the event
loop of the test, so that the test knows every request that came and can strike between any two of them. Two benches
with the same schools work side by side: one is killed all the time, the other tells the rest of the story.
"""

import asyncio
import json
import signal
import sqlite3
import sys
from collections.abc import Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from random import Random

import pytest
from tests.lib.builders import manifest
from tests.lib.gates import write_settings
from tests.lib.once import once
from tests.lib.stores import Rows, everything

from tallyroll import ledger
from tallyroll.flows import auditing
from tallyroll.register import RegisterStore, RoundCounts
from tallyroll.simulate import Awkward, Control, England, World, england, running
from tallyroll.simulate.mis_serve import Mis
from tallyroll.simulate.model import SchoolYear
from tallyroll.vocab.calendars import render_calendars
from tallyroll.vocab.identifiers import Urn
from tallyroll.vocab.items import ESSENTIAL, Item
from tallyroll.vocab.schools import School

N_SCHOOLS, N_KILLS = 12, 10
DAY, NOW = date(2026, 9, 25), datetime(2026, 9, 25, 18, tzinfo=UTC)  # few marks yet: the round itself is short
ROUND = f"wonde {DAY} 1"
TOKEN = "synthetic-token"
ITEMS = (*sorted(ESSENTIAL), Item.YEAR_GROUP, Item.SEX, Item.FSM, Item.SEN)
BREAKDOWNS = ("year_group", "sex", "fsm", "sen")
SLOW_S = 0.03  # each page takes so long that most kills strike while something is under way


@dataclass(frozen=True)
class Smallest:
    """The smallest schools of a synthetic England."""

    england: England
    schools: Sequence[School]

    def school_year(self, urn: Urn) -> SchoolYear:
        return self.england.school_year(urn)


@dataclass(frozen=True)
class Ended:
    """A collector that has ended: how, what it said, and what it asked for (by the paths of its requests)."""

    code: int
    out: str
    err: str
    asked: list[str]


@dataclass
class Bench:
    """The schools, and the service in front of them."""

    world: World
    mis: Mis
    folder: Path

    def node(self, name: str) -> Path:
        """The settings of a new node."""
        folder = self.folder / name
        source = self.world.source
        calendars = {school: source.school_year(school.urn).calendar for school in source.schools}
        settings = f"""
            calendars = "calendars.toml"
            store = "store/register.sqlite"
            connector = "wonde"
            schools_at_once = 2
            [source]
            base_url = "{self.mis.base_url}"
            token = "{TOKEN}"
            per_page = "1500"
            backoff_s = "0.05"
        """
        told = [school.urn.number for school in source.schools]
        made = write_settings(folder, name="node.toml", more=settings, told=told, rules=manifest(ITEMS, BREAKDOWNS))
        (folder / "calendars.toml").write_text(render_calendars(calendars), encoding="utf-8")
        return made

    async def collect(self, settings: Path, strike: Callable[["Running"], Awaitable[None]] | None = None) -> Ended:
        """One collector, struck as told; gives how it ended."""
        command = ["-m", "tallyroll", "collect", "--settings", str(settings), "--now", NOW.isoformat()]
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *(*command, "--days", "20", "--json", "--findings", str(findings_of(settings))),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        before = len(self.world.asked)
        speaking = asyncio.create_task(process.communicate())
        if strike is not None:
            await strike(Running(self, process, speaking, before))
        out, err = await asyncio.wait_for(speaking, 120)
        asked = [one.path for one in list(self.world.asked)[before:]]
        return Ended(process.returncode or 0, out.decode(), err.decode(), asked)


@dataclass
class Running:
    """A collector that runs."""

    bench: Bench
    process: asyncio.subprocess.Process
    speaking: "asyncio.Task[tuple[bytes, bytes]]"
    before: int

    async def until_asked(self, n_requests: int) -> None:
        """Wait for its n-th request, or its end."""
        while not self.speaking.done() and len(self.bench.world.asked) - self.before < n_requests:
            await asyncio.sleep(0.002)

    def send(self, number: signal.Signals) -> None:
        if self.process.returncode is None:
            self.process.send_signal(number)


def killing(random: Random) -> Callable[[Running], Awaitable[None]]:
    """Kill at a random moment: as it starts, or a little after one of its requests."""
    starting, request, later = random.random() < 0.2, random.randint(1, 28), random.uniform(0, 0.06)
    wait = random.uniform(0.2, 1.2)

    async def strike(one: Running) -> None:
        if starting:
            await asyncio.wait([one.speaking], timeout=wait)
        else:
            await one.until_asked(request)
            await asyncio.sleep(later)
        one.send(signal.SIGKILL)

    return strike


@dataclass
class Killed:
    """A node whose collector was killed until it had died ten times, and then left alone."""

    store: Path
    kills: list[Ended] = field(default_factory=list)
    finished: list[frozenset[Urn]] = field(default_factory=list)  # before each of its runs
    blocks: list[int] = field(default_factory=list)  # proved whole after each kill
    last_run: Ended | None = None


@dataclass(frozen=True)
class Story:
    """What became of every collector, and of what they kept."""

    killed: Killed
    clean: tuple[Path, Ended]
    interrupted: tuple[Path, Ended, Ended]
    twice: tuple[Path, Ended, Ended]


@asynccontextmanager
async def bench(whole: England, folder: Path):
    folder.mkdir()
    by_size = sorted(whole.schools, key=lambda one: (whole.school_year(one.urn).pupils.num_rows, one.urn))
    world = World(Smallest(whole, by_size[:N_SCHOOLS]), now=NOW, token=TOKEN)
    world.apply(Control(awkward=[Awkward.SLOW], fault_rate=1.0, fault_burst=10**6, slow_s=SLOW_S))
    async with running(world) as mis:
        yield Bench(world, mis, folder)


async def play_killed(on: Bench) -> Killed:
    """Killed at random moments, the same each time the test runs, and then left to finish."""
    random, settings = Random(20261121), on.node("killed")
    made = Killed(store_of(settings))
    while len(made.kills) < N_KILLS and len(finished(made.store)) < N_SCHOOLS:
        made.finished.append(finished(made.store))
        made.kills.append(await on.collect(settings, killing(random)))
        made.blocks.append(verified(made.store))
    made.finished.append(finished(made.store))
    made.last_run = await on.collect(settings)
    return made


async def play_interrupted(on: Bench) -> tuple[Path, Ended, Ended]:
    """Stopped with Ctrl-C, and then started again."""

    async def interrupt(one: Running) -> None:
        await one.until_asked(32)
        one.send(signal.SIGINT)

    settings = on.node("interrupted")
    return store_of(settings), await on.collect(settings, interrupt), await on.collect(settings)


async def play(folder: Path) -> Story:
    """The whole story; each bench plays one collector after another, but for the two that meet."""
    folder.mkdir()
    whole = england(scale=0.02, seed=5, out=folder / "england", authorities=["330", "860"])
    async with bench(whole, folder / "one") as one, bench(whole, folder / "other") as other:
        being_killed = asyncio.create_task(play_killed(one))
        clean, twice = other.node("clean"), other.node("twice")
        undisturbed = store_of(clean), await other.collect(clean)
        interrupted = await play_interrupted(other)
        first = asyncio.create_task(other.collect(twice))
        await asyncio.sleep(0.4)  # the second finds some schools finished and comes upon others under way
        second = await other.collect(twice)
        return Story(await being_killed, undisturbed, interrupted, (store_of(twice), await first, second))


def store_of(settings: Path) -> Path:
    return settings.parent / "store" / "register.sqlite"


def findings_of(settings: Path) -> Path:
    return settings.parent / "findings.csv"


def log_of(store: Path) -> list[ledger.Entry]:
    """The entries of the log beside a store; every byte of it is verified."""
    folder = store.parent.parent / "ledger"
    key = auditing.own_roles(folder).log_key
    ledger.verify(folder, key=key)
    return list(ledger.Reader(folder, key=key).refresh())


def finished(store: Path) -> frozenset[Urn]:
    """The schools that the store says are finished; a read-only look that changes nothing."""
    if not has_tables(store):
        return frozenset()
    with RegisterStore(store, read_only=True) as opened:
        return opened.finished(ROUND)


def verified(store: Path) -> int:
    """How many blocks the store proves whole; 0 where a kill came before there was one."""
    if not has_tables(store):
        return 0
    with RegisterStore(store, read_only=True) as opened:
        return opened.verify()


def has_tables(store: Path) -> bool:
    if not store.exists():
        return False
    with closing(sqlite3.connect(store)) as sql:
        return bool(sql.execute("SELECT count(*) FROM sqlite_master").fetchone()[0])


def held(store: Path) -> Rows:
    return everything(store, round_id=ROUND)


def counts(store: Path) -> RoundCounts:
    with RegisterStore(store, read_only=True) as opened:
        return opened.counts(ROUND)


def schools_in(paths: Sequence[str]) -> set[int]:
    """The schools whose data was asked for: `/v1.0/schools/A19001770/attendance/session` is of 900177."""
    parts = [path.split("/") for path in paths]
    keys = {part[3] for part in parts if len(part) > 4 and part[2] == "schools" and part[3].startswith("A")}
    return {int(key[1:-1]) - 1_000_000 for key in keys}


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    return once(tmp_path_factory, "kill", lambda place: asyncio.run(play(place)))


def test_a_collector_that_nobody_disturbs_keeps_every_school(story):
    _, run = story.clean
    assert run.code == 0, run.err
    told = json.loads(run.out)
    assert (told["collected"], told["failed"]) == (N_SCHOOLS, [])
    assert told["received"] == told["kept"] + told["rejected"] > 10_000
    assert len(schools_in(run.asked)) == N_SCHOOLS


def test_the_kills_struck_at_every_stage_of_a_round(story):
    """A check of the test itself: ten collectors died, some with schools finished and some under way."""
    made = story.killed
    assert [one.code for one in made.kills] == [-signal.SIGKILL] * N_KILLS
    n_finished = [len(one) for one in made.finished]
    assert n_finished == sorted(n_finished)
    assert len(set(n_finished)) >= 3
    assert n_finished[-1] < N_SCHOOLS
    under_way = [
        schools_in(one.asked) - {urn.number for urn in after}
        for one, after in zip(made.kills, made.finished[1:], strict=True)
    ]
    assert any(under_way)


def test_killed_ten_times_the_store_is_that_of_a_round_without_a_kill(story):
    assert story.killed.last_run.code == 0, story.killed.last_run.err
    assert held(story.killed.store) == held(story.clean[0])


def test_the_round_counts_every_school_and_mark_once(story):
    store, run = story.clean
    assert counts(story.killed.store) == counts(store)
    told, clean = json.loads(story.killed.last_run.out), json.loads(run.out)
    for name in ("received", "kept", "rejected"):
        assert told[name] == clean[name]
    assert told["already"] + told["collected"] == N_SCHOOLS


def test_killed_ten_times_the_list_of_findings_is_that_of_a_round_without_a_kill(story):
    killed, clean = (findings_of(store.parent) for store in (story.killed.store, story.clean[0]))
    lines = clean.read_text(encoding="utf-8").splitlines()
    assert len({line.split(",")[1] for line in lines[1:]}) > 1  # schools
    assert killed.read_bytes() == clean.read_bytes()
    told = [json.loads(run.out)["findings"] for run in (story.killed.last_run, story.clean[1])]
    assert told[0] == told[1] != []
    left = {path.name for path in killed.parent.iterdir()}
    assert not {name for name in left if name.startswith(".")}


def test_after_every_kill_the_store_is_whole(story):
    blocks = story.killed.blocks
    assert blocks == sorted(blocks)
    assert verified(story.killed.store) == verified(story.clean[0]) > blocks[-1] > 0


def test_a_finished_school_is_not_asked_for_again(story):
    made = story.killed
    for before, run in zip(made.finished, [*made.kills, made.last_run], strict=True):
        assert schools_in(run.asked) & {urn.number for urn in before} == set()
    assert len(schools_in(made.last_run.asked)) == N_SCHOOLS - len(made.finished[-1])


def test_the_log_survives_every_kill(story):
    events = [one.event for one in log_of(story.killed.store)]
    assert events.count("collected") == 1
    assert events.count("gate") > 2


def test_ctrl_c_ends_with_a_message_and_no_traceback(story):
    _, stopped, _ = story.interrupted
    assert stopped.code == 130
    assert "Traceback" not in stopped.err
    assert json.loads(stopped.err)["error"] == "Stopped"
    assert stopped.out == ""


def test_after_ctrl_c_the_same_command_goes_on(story):
    store, _, after = story.interrupted
    assert after.code == 0, after.err
    assert json.loads(after.out)["already"] > 0
    assert held(store) == held(story.clean[0])


def test_two_collectors_on_one_store_end_with_one_right_store(story):
    store, *pair = story.twice
    assert [one.code for one in pair] == [0, 0], [one.err for one in pair]
    took = [json.loads(one.out) for one in pair]
    assert all(one["collected"] + one["already"] == N_SCHOOLS for one in took)
    assert held(store) == held(story.clean[0])
    assert [one.event for one in log_of(store)].count("gate") == 4  # two questions each, none lost
