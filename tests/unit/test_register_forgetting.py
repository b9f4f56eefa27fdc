"""Forgetting: what is due on which day, that nothing else goes, and that what went cannot be had back from a copy."""

import shutil
from datetime import UTC, date, datetime, timedelta

import pytest
from tests.lib.builders import NOW
from tests.lib.registers import opened
from tests.lib.two_years import (
    AUTUMN,
    COMES,
    NEW_ROLL,
    PULL,
    STAYS,
    SUMMER,
    TURN,
    URNS,
    codes,
    fill,
    held,
    kept,
    mark,
)

from tallyroll.governance.manifest.words import Store
from tallyroll.register import RegisterStore, due, forget, inventory, known
from tallyroll.register.forgetting import COUNTED
from tallyroll.vocab.durations import Duration
from tallyroll.vocab.errors import VerificationProblem
from tallyroll.vocab.findings import Finding, Severity
from tallyroll.vocab.periods import AcademicYear

SIX_YEARS, A_MONTH = Duration.parse("P6Y"), Duration.parse("P1M")
OLD, NEW = AcademicYear(2025), AcademicYear(2026)
LATER = datetime(2033, 1, 1, tzinfo=UTC)
EMPTY = dict.fromkeys(("pupil", "roll", "week", "finding", "round", "bookmark", "scan", "key"), 0)
TOLD = Finding("csv_lost", Severity.ERROR, "Cut off.", "Export again.")


@pytest.fixture
def store(tmp_path):
    with opened(tmp_path) as store:
        yield store


def retain(store, as_of, *, of=Store.REGISTERS, retention=SIX_YEARS):
    return forget(store, due(store, of=of, retention=retention, as_of=as_of), of=of, now=LATER)


def told(store, as_of, *, of=Store.REGISTERS, retention=SIX_YEARS):
    """What is due, in short: school, year, rows that are not none, whether the key goes, since when."""
    return [
        (one.school, one.year.start, {table: n for table, n in one.rows.items() if n}, one.key, one.since)
        for one in due(store, of=of, retention=retention, as_of=as_of)
    ]


def test_a_week_is_due_on_the_day_its_friday_s_time_is_over_and_not_before(store):
    fill(store)
    assert told(store, date(2032, 7, 9)) == []
    assert told(store, date(2032, 7, 10)) == [(URNS[0], 2025, {"week": 1}, False, date(2032, 7, 10))]


def test_a_roll_and_its_key_are_due_when_the_time_of_the_whole_year_is_over(store):
    fill(store)
    assert [one[3] for one in told(store, date(2032, 8, 30))] == [False]
    rows = {"pupil": 1, "roll": 2, "week": 1}  # the roll as of July, and again when it was cut at 31 August
    assert told(store, date(2032, 8, 31)) == [(URNS[0], 2025, rows, True, date(2032, 7, 10))]


def test_every_revision_of_a_week_goes_with_it(store):
    fill(store)
    kept(store, SUMMER, roll=NEW_ROLL[:1], marks=[mark(STAYS, SUMMER[0], "I")])
    assert told(store, date(2032, 7, 10))[0][2] == {"week": 2}
    assert retain(store, date(2032, 7, 10)).rows["week"] == 2
    assert codes(held(store, SUMMER)) == []


def test_findings_and_lines_of_rounds_are_due_from_the_day_they_were_written(store):
    kept(store, AUTUMN, roll=NEW_ROLL, marks=[], findings=(TOLD,), round_id="r1", now=NOW)
    store.record_failure("r1", URNS[1], reason="HTTP 503", now=NOW - timedelta(days=1))
    n_findings = len(list(store.findings("r1")))
    month = {"of": Store.FINDINGS, "retention": A_MONTH}
    assert told(store, date(2026, 12, 18), **month) == []
    assert told(store, date(2026, 12, 19), **month) == [(URNS[1], 2026, {"round": 1}, False, date(2026, 12, 19))]
    after = told(store, date(2026, 12, 20), **month)
    assert after[0] == (URNS[0], 2026, {"finding": n_findings, "round": 1}, False, date(2026, 12, 20))
    before = inventory(store)
    went = retain(store, date(2026, 12, 20), **month)
    assert (went.rows, went.keys, went.at) == ({"round": 2, "finding": n_findings}, 0, LATER)
    assert inventory(store) == {**before, "round": 0, "finding": 0}


def test_registers_whose_time_is_over_leave_findings_alone_and_findings_keep_their_key(store):
    kept(store, AUTUMN, roll=NEW_ROLL, marks=[], findings=(TOLD,), round_id="r1")
    before = inventory(store)
    went = retain(store, date(2033, 8, 31))
    assert went.keys == 0
    assert inventory(store) == {**EMPTY, "finding": before["finding"], "round": 1, "key": 1}
    assert TOLD in [one for _, one in store.findings("r1")]
    retain(store, date(2033, 8, 31), of=Store.FINDINGS)
    assert retain(store, date(2033, 8, 31)).keys == 1
    assert inventory(store) == EMPTY


def test_looking_changes_nothing(store):
    fill(store)
    before = inventory(store)
    assert due(store, of=Store.REGISTERS, retention=SIX_YEARS, as_of=date(2040, 1, 1))
    assert inventory(store) == before == {**EMPTY, "pupil": 2, "roll": 3, "week": 2, "bookmark": 1, "key": 2}
    assert store.verify() == 7


def test_forgetting_a_year_loses_nothing_of_the_next(store):
    fill(store)
    kept(store, TURN, roll=NEW_ROLL, marks=[mark(STAYS, TURN[0]), mark(COMES, TURN[1])])
    marks, spans = held(store, AUTUMN).marks, held(store, AUTUMN).spans
    turn = codes(held(store, TURN))
    went = retain(store, date(2032, 8, 31))
    assert (went.keys, store.ring.years()) == (1, ((URNS[0], NEW),))
    assert held(store, AUTUMN).marks.equals(marks)
    kept_spans = [(row["pupil"], str(row["first"]), row["sex"]) for row in held(store, AUTUMN).spans.to_pylist()]
    assert kept_spans == [(0, "2026-09-01", 1), (2, "2026-09-01", 2)]  # of the year before not even the admission
    assert spans.drop(["first"]).equals(held(store, AUTUMN).spans.drop(["first"]))
    assert codes(held(store, TURN)) == turn
    assert known(PULL, store, school=URNS[0], now=NOW).keys == (STAYS, COMES)
    assert held(store, SUMMER).spans.num_rows == 0
    store.verify()


def test_collection_goes_on_after_a_year_was_forgotten_and_numbers_are_not_given_again(store):
    fill(store)
    retain(store, date(2032, 8, 31))
    roll = [*NEW_ROLL, ("key-of-the-fourth", None, "F", "2026-11-01")]
    kept(store, AUTUMN, roll=roll, marks=[mark("key-of-the-fourth", AUTUMN[1]), mark(STAYS, AUTUMN[0])])
    assert [row[0] for row in codes(held(store, AUTUMN))] == [0, 3]
    store.verify()


def test_when_everything_is_over_the_store_is_empty(store):
    for urn in URNS[:3]:
        fill(store, urn)
    kept(store, AUTUMN, roll=NEW_ROLL, marks=[], findings=(TOLD,), round_id="r1", urn=URNS[1])
    retain(store, date(2032, 8, 31))
    assert inventory(store)["key"] == 3
    retain(store, date(2033, 8, 31), of=Store.FINDINGS)
    went = retain(store, date(2033, 8, 31))
    assert (went.keys, inventory(store)) == (3, EMPTY)
    assert list(store.ring.folder.iterdir()) == []
    assert [due(store, of=of, retention=SIX_YEARS, as_of=date(2099, 1, 1)) for of in COUNTED] == [(), ()]


def test_a_school_of_which_nothing_is_left_is_read_whole_again(store):
    fill(store)
    retain(store, date(2032, 8, 31))
    assert store.resume(URNS[0], "test") == "bookmark"
    retain(store, date(2033, 8, 31))
    assert store.resume(URNS[0], "test") == ""


def test_no_day_at_all_of_retention_ends_today(store):
    fill(store)
    retain(store, date(2027, 8, 31), retention=Duration())
    assert inventory(store) == EMPTY


def test_a_key_without_rows_is_due_when_its_year_is(store):
    store.ring.key(URNS[0], OLD)
    assert told(store, date(2032, 8, 30)) == []
    assert told(store, date(2032, 8, 31)) == [(URNS[0], 2025, {}, True, date(2032, 8, 31))]
    assert retain(store, date(2032, 8, 31)).keys == 1


def test_a_copy_made_before_cannot_be_read_after(store, tmp_path):
    fill(store)
    store.fold()
    copy = shutil.copy(store.path, tmp_path / "backup.db")
    retain(store, date(2032, 8, 31))
    with RegisterStore(copy, keys=store.ring.folder) as backup:
        with pytest.raises(VerificationProblem, match="run `tallyroll retain`"):
            held(backup, SUMMER)
        with backup.reading() as sql:  # the rows are there: only the key is not
            assert sql.execute("SELECT count(*) FROM week").fetchone() == (2,)
        retain(backup, date(2032, 8, 31))
        assert codes(held(backup, AUTUMN)) == codes(held(store, AUTUMN))
        backup.verify()


def test_nothing_of_a_deleted_block_is_left_in_the_file_or_its_log(store):
    fill(store)
    with store.reading() as sql:
        gone = sql.execute("SELECT marks FROM week WHERE monday < ?", ((date(2026, 9, 1) - date(1970, 1, 1)).days,))
        (block,) = gone.fetchone()
    kept_on_disk = [path for path in store.path.parent.glob(f"{store.path.name}*") if path.is_file()]
    assert any(block in path.read_bytes() for path in kept_on_disk)
    retain(store, date(2032, 8, 31))
    assert not any(block in path.read_bytes() for path in kept_on_disk if path.exists())
