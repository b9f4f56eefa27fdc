"""Rounds of a node from real files and a simulated service: broken off, gone on with, finished, and met by others."""

import asyncio
import csv
import json
import sqlite3
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from tests.lib.builders import NOW
from tests.lib.csvfolders import generic
from tests.lib.gates import a_gate, answers, events, resume, suspend, write_settings
from tests.lib.mis import TOKEN, evening, lab, school_year
from tests.lib.registers import CALENDAR

from tallyroll.cli.main import main
from tallyroll.connectors.csvfile import connector as csv_connector
from tallyroll.connectors.ctf import connector as ctf_connector
from tallyroll.flows import node
from tallyroll.flows.findings import write_findings
from tallyroll.flows.node import Collected, Node
from tallyroll.register import RegisterStore
from tallyroll.simulate import Awkward, Control
from tallyroll.vocab.calendars import Calendars, render_calendars
from tallyroll.vocab.clock import FixedClock
from tallyroll.vocab.errors import Refused
from tallyroll.vocab.findings import Severity
from tallyroll.vocab.identifiers import Urn
from tallyroll.vocab.progress import Advance, unwatched

URNS = (100001, 100002, 100003)
SCHOOLS = "urn,laestab,name,phase\n" + "".join(
    f"{urn},201{2001 + n},School {n},Primary\n" for n, urn in enumerate(URNS)
)
PUPILS = "urn,pupil,admission_date,leaving_date\n" + "".join(f"{urn},p{urn},2022-09-01,\n" for urn in URNS)
MARKS = "urn,pupil,date,session,code\n" + "".join(f"{urn},p{urn},2026-11-16,AM,QQ\n" for urn in URNS)
"""One mark for each school, of a code that nobody knows."""

TODAY = NOW.date()
ROUND = f"csv {TODAY} 1"


class BrokenOff(Exception):
    """The process ends here."""


def ending_after(n: int) -> Advance:
    """Ends the process once n schools are done."""

    def advance(done: int, total: int) -> None:
        if done == n:
            raise BrokenOff

    return advance


@pytest.fixture
def held(tmp_path):
    generic(tmp_path, schools=SCHOOLS, pupils=PUPILS, marks=MARKS)
    with RegisterStore(tmp_path / "register.sqlite") as store:
        gate = a_gate(tmp_path / "ledger", clock=FixedClock(NOW), told=URNS)
        yield Node(gate, "attendance-statistics", store, Calendars(CALENDAR, {}, {}))


def at(held: Node, now: datetime) -> Node:
    """The node at a moment."""
    return replace(held, gate=replace(held.gate, clock=FixedClock(now)))


def collected(
    held: Node, *, now: datetime = NOW, last: date = TODAY, pull: int = 1, advance: Advance = unwatched
) -> Collected:
    """One round over the folder, school after school."""

    async def run() -> Collected:
        async with csv_connector({"folder": str(held.store.path.parent)}) as source:
            return await node.collect(
                at(held, now), source, last=last, days=7, pull=pull, schools_at_once=1, advance=advance
            )

    return asyncio.run(run())


def listed(held: Node, round_id: str = ROUND) -> str:
    """The list of findings as the verb writes it."""
    path = held.store.path.with_name("findings.csv")
    write_findings(path, held.store, rounds=[round_id])
    return path.read_text(encoding="utf-8")


def errors(text: str) -> list[tuple[str, str, str]]:
    return [
        (one["urn"], one["check"], one["row"])
        for one in csv.DictReader(text.splitlines())
        if one["severity"] == "error"
    ]


EXPECTED = [(str(urn), "mark_code_unknown", str(row)) for row, urn in enumerate(URNS, start=2)]


def test_a_round_that_was_broken_off_keeps_what_it_found_before_and_after(held):
    with pytest.raises(BaseExceptionGroup) as ended:
        collected(held, advance=ending_after(2))
    assert ended.group_contains(BrokenOff)
    assert errors(listed(held)) == EXPECTED[:2]
    made = collected(held)
    assert (made.already, made.collected, made.was_finished) == (2, 1, False)
    assert errors(listed(held)) == EXPECTED
    assert made.findings["mark_code_unknown", Severity.ERROR] == made.counts.rejected == 3


def test_a_finished_round_started_again_collects_nothing_and_gives_the_same_list(held):
    first = collected(held)
    before, n_revisions = listed(held), held.store.revision(Urn(URNS[0]))
    again = collected(held, now=NOW + timedelta(hours=1))
    assert (first.collected, first.was_finished) == (3, False)
    assert (again.already, again.collected, again.was_finished) == (3, 0, True)
    assert (again.findings, again.counts) == (first.findings, first.counts)
    assert listed(held) == before
    assert held.store.revision(Urn(URNS[0])) == n_revisions


def test_another_last_day_is_no_new_round_and_another_pull_or_day_is(held):
    assert collected(held).collected == 3
    assert collected(held, last=TODAY - timedelta(days=1)).was_finished
    assert collected(held, pull=2).round_id == f"csv {TODAY} 2"
    tomorrow = collected(held, now=NOW + timedelta(days=1))
    assert (tomorrow.round_id, tomorrow.collected) == (f"csv {TODAY + timedelta(days=1)} 1", 3)


def test_there_are_only_as_many_rounds_a_day_as_the_assessment_permits_whatever_the_last_day(held):
    for last in (TODAY, TODAY - timedelta(days=1)):
        with pytest.raises(Refused) as refusal:
            collected(held, last=last, pull=3)
        assert refusal.value.clause == "frequency.pulls_a_day"


def test_a_round_is_of_the_day_in_london(held):
    late = datetime.fromisoformat("2026-09-20T23:30:00+00:00")  # half past midnight in British summer time
    assert collected(held, now=late, last=date(2026, 9, 20)).round_id == "csv 2026-09-21 1"


def test_schools_that_another_collector_took_meanwhile_were_finished_already(held):
    made = []

    def another(done: int, total: int) -> None:
        """After our first school another collector, with a connection of its own, does the rest."""
        if done == 1:
            with RegisterStore(held.store.path) as store, ThreadPoolExecutor() as apart:
                made.append(apart.submit(collected, replace(held, store=store)).result())

    ours = collected(held, advance=another)
    assert (made[0].already, made[0].collected) == (1, 2)
    assert (ours.already, ours.collected, ours.failed) == (2, 1, ())
    assert ours.findings == made[0].findings
    assert errors(listed(held)) == EXPECTED


def test_many_schools_at_once_are_each_counted(held):
    async def run() -> Collected:
        async with csv_connector({"folder": str(held.store.path.parent)}) as source:
            return await node.collect(held, source, last=TODAY, days=7, schools_at_once=3)

    assert asyncio.run(run()).collected == 3


def test_a_list_that_cannot_be_written_leaves_the_former_one(held, tmp_path):
    collected(held)
    before = listed(held)
    held.store.close()
    with pytest.raises(sqlite3.ProgrammingError):
        listed(held)
    assert (tmp_path / "findings.csv").read_text(encoding="utf-8") == before
    assert [path.name for path in tmp_path.glob(".*")] == []


# The gate, in the middle of a round


def test_a_suspension_in_the_middle_stops_the_round_and_the_same_call_goes_on_when_it_is_over(held):
    def sign(done: int, total: int) -> None:
        if done == 1:
            suspend(held.gate)

    with pytest.raises(Refused) as refusal:
        collected(held, advance=sign)
    assert refusal.value.clause == "suspended"
    assert held.store.finished(ROUND) == {Urn(URNS[0])}
    with pytest.raises(Refused, match="Suspended on 2026-11-20"):
        collected(held)
    resume(held.gate)
    made = collected(held)
    assert (made.already, made.collected) == (1, 2)
    assert errors(listed(held)) == EXPECTED


def test_a_school_that_has_not_told_its_families_holds_the_round_until_it_has(tmp_path, held):
    gate = a_gate(tmp_path / "untold", clock=FixedClock(NOW), told=URNS[:2])
    with pytest.raises(Refused, match="1 schools have not recorded") as refusal:
        collected(replace(held, gate=gate))
    assert (refusal.value.clause, held.store.finished(ROUND)) == ("notices", frozenset())
    node.record_notices(gate, [Urn(URNS[2])])
    assert collected(replace(held, gate=gate)).collected == 3


def test_the_log_holds_every_answer_and_the_round_that_followed(held):
    collected(held)
    assert answers(held.gate) == [("pull", "permit"), ("pull", "permit")]  # before the source is spoken to, and after
    assert events(held.gate)[-1] == "collected"


# Schools that a source lists and that we cannot use

GOOD, STRANGE = school_year(100001), school_year(100002)


def test_files_leave_no_school_out(tmp_path):
    assert csv_connector({"folder": str(tmp_path)}).findings == ()
    assert ctf_connector({"folder": str(tmp_path), "urn": "100001", "phase": "Primary"}).findings == ()


def settings(folder: Path, source: Mapping[str, str]) -> str:
    """A node's settings file, beside a ledger in which the assessment is in force."""
    node = folder / "node"
    more = ['calendars = "calendars.toml"', 'store = "store.sqlite"', 'connector = "wonde"', "[source]"]
    more += [f'{name} = "{value}"' for name, value in source.items()]
    path = write_settings(node, name="node.toml", more="\n".join(more), told=URNS)
    (node / "calendars.toml").write_text(render_calendars({GOOD.school: GOOD.calendar}), encoding="utf-8")
    return str(path)


@pytest.mark.parametrize("verb", ["connect", "collect"])
def test_a_school_that_cannot_be_used_is_shown_with_the_reason_and_what_to_do(tmp_path, capsys, monkeypatch, verb):
    monkeypatch.setenv("COLUMNS", "200")
    when = evening(GOOD.days[-1])
    options = ["--now", when.isoformat(), *(["--days", "7"] if verb == "collect" else [])]

    def told(path: str, *more: str) -> str:
        with pytest.raises(SystemExit) as left:
            main([verb, "--settings", path, *options, *more])
        said = capsys.readouterr()
        assert left.value.code == 0, said.err
        return said.out

    async def claim() -> None:
        async with lab(GOOD, STRANGE, other_port=0, regions="127.0.0.1:1") as one:
            one.world.apply(Control(awkward={Awkward.WRONG_REGION: [100002]}))
            source = {"base_url": one.mis.base_url, "token": TOKEN, "regions": "127.0.0.1:1"}
            path = settings(tmp_path, source)
            facts = json.loads(await asyncio.to_thread(told, path, "--json"))
            assert [found["check"] for found in facts["unusable"]] == ["wonde.school"]
            assert facts["unusable"][0]["place"] == f"school {one.world.key(100002)}"
            text = await asyncio.to_thread(told, path)
            assert f"school {one.world.key(100002)}" in text
            assert "not a region" in text
            if verb == "collect":
                assert (facts["was_finished"], facts["collected"]) == (False, 1)
                assert f"The round 'wonde {GOOD.days[-1]} 1' was finished already" in text

    asyncio.run(claim())


def test_the_verb_writes_the_list_of_the_whole_round_each_time_it_is_started(held, tmp_path, capsys):
    path = Path(settings(tmp_path, {"folder": str(tmp_path)}))
    path.write_text(path.read_text(encoding="utf-8").replace('"wonde"', '"csv"'), encoding="utf-8")
    path.with_name("calendars.toml").write_text(render_calendars({GOOD.school: CALENDAR}), encoding="utf-8")
    found = []
    for _ in range(2):
        with pytest.raises(SystemExit) as left:
            main(
                [
                    "collect",
                    "--settings",
                    str(path),
                    "--now",
                    NOW.isoformat(),
                    "--findings",
                    str(tmp_path / "new" / "f.csv"),
                ]
            )
        assert left.value.code == 0, capsys.readouterr().err
        found.append((tmp_path / "new" / "f.csv").read_text(encoding="utf-8"))
    assert found[0] == found[1]
    assert errors(found[0]) == EXPECTED


def test_a_folder_is_no_place_for_the_list_and_nothing_is_asked(tmp_path, capsys):
    with pytest.raises(SystemExit) as left:
        main(["collect", "--settings", str(tmp_path / "nowhere.toml"), "--findings", str(tmp_path)])
    assert left.value.code == 2
    assert "directory" in capsys.readouterr().err
