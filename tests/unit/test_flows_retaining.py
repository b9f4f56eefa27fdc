"""Retention as a flow and as a verb: it shows, then does, and the log says what went and that nothing is left."""

import json
import re
from datetime import UTC, date, datetime

import pytest
from tests.lib.assessed import ENACTED
from tests.lib.builders import NOW, manifest_text
from tests.lib.gates import events, write_settings
from tests.lib.two_years import AUTUMN, NEW_ROLL, URNS, fill, kept
from tests.unit.test_flows_centre import a_tally

from tallyroll import ledger, tally
from tallyroll.cli import main
from tallyroll.cli import retaining as verb
from tallyroll.flows import retaining
from tallyroll.flows.gatehouse import open_gate
from tallyroll.flows.settings import read_gate
from tallyroll.governance.manifest import parse
from tallyroll.governance.manifest.words import Store
from tallyroll.register import RegisterStore, inventory
from tallyroll.vocab.clock import FixedClock
from tallyroll.vocab.errors import InputProblem, Refused, UsageProblem
from tallyroll.vocab.findings import Finding, Severity

EMPTY = dict.fromkeys(("pupil", "roll", "week", "finding", "round", "bookmark", "scan", "key"), 0)
TOLD = Finding("csv_lost", Severity.ERROR, "Cut off.", "Export again.")


def rules(**keep):
    """The tests' assessment with these periods; None: nothing is said of the store."""
    text = manifest_text()
    for store, period in keep.items():
        part = re.search(rf'\[\[retention\]\]\nstore = "{store}"\nkeep = "\w+"\n(?:.+\n)+', text)[0]
        text = text.replace(part, re.sub('keep = "[^"]+"', f'keep = "{period}"', part) if period else "")
    return parse(text, where="test manifest")


SIX_YEARS = rules(registers="P6Y", findings="P1Y")


@pytest.fixture
def store(tmp_path):
    with RegisterStore(tmp_path / "register.sqlite") as store:
        for urn in URNS[:2]:
            fill(store, urn)
        yield store


KEY = ledger.NoteKey.new("node.example/log")


@pytest.fixture
def log(tmp_path):
    return ledger.Log.found(tmp_path / "ledger", KEY)


def entries(log):
    return ledger.Reader(log.folder, key=KEY.vkey).refresh()


def noon(day):
    return FixedClock(datetime(day.year, day.month, day.day, 12, tzinfo=UTC))


def plans(store, as_of, *, of=SIX_YEARS):
    """What is due of findings and of registers."""
    return retaining.plan_registers(store, rules=of, as_of=as_of)


def carried_out(store, log, as_of, *, of=SIX_YEARS):
    return [retaining.carry_out(one, log=log, clock=noon(as_of)) for one in plans(store, as_of, of=of)]


def test_a_plan_says_what_goes_of_each_store(store):
    findings, registers = plans(store, date(2033, 8, 31))
    assert (findings.store, findings.rows, findings.keys) == ("findings", {}, 0)
    assert (registers.store, registers.rows, registers.keys) == ("registers", {"pupil": 4, "roll": 6, "week": 4}, 4)
    years = [(one.what, str(one.since)) for one in registers.due]
    assert years == [
        ("100001 2025/26", "2032-07-10"),
        ("100001 2026/27", "2032-11-20"),
        ("100002 2025/26", "2032-07-10"),
        ("100002 2026/27", "2032-11-20"),
    ]


def test_after_the_time_is_over_the_store_is_empty_and_a_deletion_record_says_so(store, log):
    carried_out(store, log, date(2032, 8, 31))
    done = carried_out(store, log, date(2033, 8, 31))
    assert inventory(store) == EMPTY
    assert {**done[0].left, **done[1].left} == EMPTY
    assert [(entry.event, entry.facts["store"]) for entry in entries(log)] == [
        ("deleted", "findings"),
        ("deletion-begun", "registers"),
        ("deleted", "registers"),
    ] * 2
    record = entries(log)[-1]
    assert record.at == datetime(2033, 8, 31, 12, tzinfo=UTC)
    assert record.facts == {
        "store": "registers",
        "basis": SIX_YEARS.kept(Store.REGISTERS).basis,
        "duration": "P6Y",
        "as_of": "2033-08-31",
        "items": 2,
        "rows": {"pupil": 2, "roll": 2, "week": 2, "bookmark": 2},
        "keys_destroyed": 2,
        "inventory_after": dict.fromkeys(("pupil", "roll", "week", "bookmark", "scan", "key"), 0),
    }


def test_findings_go_after_their_own_time_and_registers_after_theirs(store, log):
    kept(store, AUTUMN, roll=NEW_ROLL, marks=[], findings=(TOLD,), round_id="r1", now=NOW)
    before = inventory(store)
    carried_out(store, log, date(2027, 11, 19))
    assert inventory(store) == before
    carried_out(store, log, date(2027, 11, 20))  # NOW is 20 November 2026
    assert before["finding"]
    assert inventory(store) == {**before, "finding": 0, "round": 0}


def test_a_run_with_nothing_due_leaves_a_record_too(store, log):
    before = inventory(store)
    carried_out(store, log, date(2027, 1, 1))
    assert inventory(store) == before
    assert [(one.event, one.facts["items"]) for one in entries(log)] == [("deleted", 0)] * 2
    assert {**entries(log)[0].facts["inventory_after"], **entries(log)[1].facts["inventory_after"]} == before


def test_a_day_that_has_not_come_is_refused_and_nothing_goes(store, log):
    before = inventory(store)
    for planned in plans(store, date(2032, 8, 31)):
        with pytest.raises(UsageProblem, match="has not come"):
            retaining.carry_out(planned, log=log, clock=noon(date(2032, 8, 30)))
    assert (entries(log), inventory(store)) == ((), before)


def test_a_log_that_refuses_the_entry_keeps_everything(store, log):
    before = inventory(store)
    log.append(at=datetime(2040, 1, 1, tzinfo=UTC), event="later", facts={})
    for planned in plans(store, date(2032, 8, 31)):
        with pytest.raises(Refused, match="clock was set back"):
            retaining.carry_out(planned, log=log, clock=noon(date(2032, 8, 31)))
    assert inventory(store) == before


def test_a_store_without_a_period_keeps_what_it_holds_and_says_so(store, log):
    before = inventory(store)
    findings, registers = plans(store, date(2040, 1, 1), of=rules(registers=None))
    assert (findings.lacks_period, registers.lacks_period, registers.due) == (False, True, ())
    assert retaining.carry_out(registers, log=log, clock=noon(date(2040, 1, 1))) is None
    assert (entries(log), inventory(store)) == ((), before)


SETTINGS = """
calendars = "calendars.toml"
store = "../register.sqlite"
connector = "csv"
source = { folder = "exports" }
"""
PLAYED = "2026-11-21T12:00"  # a day that has come, so that it may be played and logged


@pytest.fixture
def node(store, tmp_path):
    """A node whose registers of 2025/26 are due since the autumn."""
    brief = rules(registers="P1M", tallies="P1W")
    return write_settings(tmp_path / "node", name="node.toml", more=SETTINGS, rules=brief)


def told(node):
    """The events of the node's log, since the assessment is in force, with the store that each is about."""
    gate = open_gate(read_gate(node), clock=FixedClock(ENACTED))
    about = [one.facts.get("store", "") for one in gate.own.refresh()]
    found = zip(events(gate), about, strict=True)
    return [" ".join(filter(None, one)) for one in found if one[0] not in ("founded", "statement")]


def run(node, *more, code=0):
    with pytest.raises(SystemExit) as ended:
        main(["retain", "--settings", str(node), *more])
    assert ended.value.code == code


def test_the_verb_shows_without_doing_even_what_is_due_on_a_day_that_has_not_come(node, store, capsys):
    before = inventory(store)
    run(node, "--now", "2099-09-01T12:00", "--dry-run", "--json")
    answer = json.loads(capsys.readouterr().out)
    assert answer["as_of"] == "2099-09-01"
    findings, registers = answer["stores"]
    assert (findings["duration"], registers["duration"], registers["done"]) == ("P1Y", "P1M", None)
    assert (registers["starts"], registers["keys"]) == ("the day of the entry", 4)
    assert [one["key"] for one in registers["due"]] == [True] * 4
    assert inventory(store) == before
    assert told(node) == []


def test_the_verb_shows_and_then_does_and_writes_it_down(node, store, tmp_path, capsys):
    old, mixed = tmp_path / "old", tmp_path / "mixed"
    tally.save(a_tally(date(2026, 11, 2), date(2026, 11, 13)), old)
    tally.save(a_tally(date(2026, 11, 2), date(2026, 11, 20)), mixed)
    run(node, "--now", PLAYED, "--tallies", str(old), "--tallies", str(mixed))
    said = " ".join(capsys.readouterr().out.split())
    assert "registers: deleted 2 lists of pupils, 4 rolls, 2 weeks, 2 keys" in said
    assert "tallies: deleted 1 tallies" in said
    assert inventory(store) == {**EMPTY, "pupil": 2, "roll": 2, "week": 2, "bookmark": 2, "key": 2}
    assert not old.exists()
    assert {str(day) for day in tally.load(mixed).cells["date"].to_pylist()} == {
        f"2026-11-{day}" for day in range(16, 21)
    }
    assert told(node) == [
        "clock-set-by-hand",
        "deleted findings",
        *("deletion-begun registers", "deleted registers", "deletion-begun tallies", "deleted tallies"),
    ]
    run(node, "--now", PLAYED, "--tallies", str(old), "--tallies", str(mixed))
    assert "tallies: deleted nothing" in " ".join(capsys.readouterr().out.split())


def test_a_centre_without_registers_sweeps_its_tallies(store, tmp_path, capsys):
    gate = write_settings(tmp_path / "centre", rules=rules(tallies="P1W"))
    run(gate, "--dry-run", code=2)
    assert "--tallies" in capsys.readouterr().err
    tally.save(a_tally(date(2026, 11, 2), date(2026, 11, 13)), tmp_path / "old")
    run(gate, "--now", PLAYED, "--tallies", str(tmp_path / "old"), "--json")
    (answer,) = json.loads(capsys.readouterr().out)["stores"]
    # three schools, ten days, two sessions, two codes; one window each
    assert answer["done"]["rows"] == {"tally": 1, "cell": 120, "enrolment cell": 3}
    assert answer["done"]["inventory_after"] == {"tally": 0, "cell": 0, "enrolment cell": 0}


def test_the_verb_ends_with_4_where_a_store_has_no_period(store):
    """No assessment without one can be signed today; one that was signed by older rules may lack it."""
    planned = plans(store, date(2040, 1, 1), of=rules(registers=None))
    with pytest.raises(InputProblem, match="no period for registers") as ended:
        verb._check_named(planned)
    assert ended.value.exit_code == 4
    assert verb._row(planned[1]) == ["registers", "no period is named", "", "nothing is deleted", ""]
    verb._check_named(planned[:1])


@pytest.mark.parametrize("day", [("--now", "2099-01-01"), ("--now", PLAYED, "--as-of", "2099-01-01")])
def test_the_verb_refuses_a_day_that_has_not_come_and_deletes_nothing(node, store, tmp_path, capsys, day):
    before = inventory(store)
    tally.save(a_tally(), tmp_path / "old")
    run(node, *day, "--tallies", str(tmp_path / "old"), "--json", code=2)
    assert "has not come" in json.loads(capsys.readouterr().err)["what"]
    assert inventory(store) == before
    assert tally.load(tmp_path / "old") == a_tally()
