"""The store: reading it back, its bookkeeping, its file, and what it says when something is wrong with that file."""

import sqlite3
import stat
from datetime import date, timedelta

import numpy as np
import pytest
from tests.lib.builders import NOW, permit, school
from tests.lib.registers import (
    CALENDAR,
    COUNT,
    FRIDAY,
    MONDAY,
    PULL,
    TUESDAY,
    extract,
    kept,
    mark_rows,
    opened,
    reading,
)

from tallyroll.governance import Door
from tallyroll.register import Completeness, RegisterStore, RoundCounts, known, read
from tallyroll.register.blocks import pack_roll, unpack_roll
from tallyroll.register.schema import OLDEST_READ, VERSION
from tallyroll.register.stretches import COLUMNS
from tallyroll.vocab.clock import LONDON
from tallyroll.vocab.codes import BY_TEXT
from tallyroll.vocab.errors import InputProblem, Refused, UsageProblem, VerificationProblem
from tallyroll.vocab.findings import Finding, Severity
from tallyroll.vocab.identifiers import Urn
from tallyroll.vocab.items import ESSENTIAL, Item

ROLL = [("ann", None, "F", "2026-09-01"), ("bob", None, "M", "2026-09-01")]
LATE, ILL = BY_TEXT["L"].number, BY_TEXT["I"].number
URN = school().urn


def mark(pupil="ann", day=16, code="L"):
    return (pupil, f"2026-11-{day:02d}", "AM", code)


@pytest.fixture
def store(tmp_path):
    with opened(tmp_path) as store:
        yield store


def minutes(n):
    return NOW + timedelta(minutes=n)


def test_the_store_can_be_read_as_it_stood_at_any_time(store):
    kept(store, extract(roll=ROLL[:1], marks=[mark()]), now=minutes(1))
    kept(store, extract(roll=ROLL, marks=[mark(code="I")]), now=minutes(3))
    assert reading(store, as_of=minutes(0)).schools.num_rows == 0
    assert mark_rows(reading(store, as_of=minutes(1))) == [(0, "2026-11-16", 0, LATE)]
    assert mark_rows(reading(store, as_of=minutes(2))) == [(0, "2026-11-16", 0, LATE)]
    assert reading(store, as_of=minutes(2)).spans.num_rows == 1
    assert mark_rows(reading(store, as_of=minutes(3))) == [(0, "2026-11-16", 0, ILL), (1, "2026-11-16", 0, 0)]
    assert mark_rows(reading(store)) == mark_rows(reading(store, as_of=minutes(3)))


def test_a_school_that_moved_is_read_where_it_was(store):
    kept(store, extract(of=school(la="201")), now=minutes(1))
    kept(store, extract(of=school(la="202")), now=minutes(2))
    assert reading(store, as_of=minutes(1)).schools.column("la").to_pylist() == ["201"]
    assert reading(store).schools.column("la").to_pylist() == ["202"]


def test_a_clock_set_back_does_not_put_a_revision_before_the_last(store):
    kept(store, extract(marks=[mark()]), now=minutes(5))
    kept(store, extract(marks=[mark(code="I")]), now=minutes(1))
    assert mark_rows(reading(store, as_of=minutes(4))) == []
    assert mark_rows(reading(store, as_of=minutes(5))) == [(0, "2026-11-16", 0, ILL)]


def test_reading_cuts_days_and_pupils_to_what_was_asked(store):
    roll = [*ROLL, ("old", None, "M", "2026-09-01", "2026-11-09")]
    marks = [mark(day=9), mark("old", day=9), mark(day=16), mark(day=17)]
    kept(store, extract(roll=roll, first=date(2026, 11, 9), marks=marks))
    assert mark_rows(reading(store, first=MONDAY, last=MONDAY)) == [(0, "2026-11-16", 0, LATE), (1, "2026-11-16", 0, 0)]
    assert len(mark_rows(reading(store, first=date(2026, 11, 9)))) == 9
    assert reading(store, first=TUESDAY).spans.num_rows == 2


def test_an_unknown_school_is_not_in_the_register(store):
    kept(store, extract())
    assert reading(store, urns=[100001, 100005]).schools.column("urn").to_pylist() == [100001]
    assert reading(store, urns=[100005]).marks.num_rows == 0


def test_items_outside_the_permit_are_not_handed_out(store):
    kept(store, extract(status=[("ann", "fsm", "Y"), ("ann", "sen", "K")]))
    narrow = permit(Door.COUNT, schools=[URN], items={*ESSENTIAL, Item.SEN}, characteristics=["sen"])
    spans = read(narrow, store, schools=[URN], first=MONDAY, last=FRIDAY, now=NOW).spans.to_pylist()
    assert (spans[0]["fsm"], spans[0]["sen"], spans[0]["sex"]) == (0, 2, 0)
    wide = reading(store).spans.to_pylist()
    assert (wide[0]["fsm"], wide[0]["sen"], wide[0]["sex"]) == (2, 2, 1)


def test_reading_and_knowing_are_refused_beyond_the_permit(store):
    kept(store, extract())
    for schools, last in (([Urn(199999)], FRIDAY), ([URN], date(2026, 11, 21))):
        with pytest.raises(Refused):
            read(COUNT, store, schools=schools, first=MONDAY, last=last, now=NOW)
    with pytest.raises(Refused):
        read(PULL, store, schools=[URN], first=MONDAY, last=FRIDAY, now=NOW)
    with pytest.raises(Refused):
        known(COUNT, store, school=URN, now=NOW)


def test_what_is_known_of_a_roll_has_the_keys_of_the_source(store):
    kept(store, extract(roll=[*ROLL, ("cat", None, "F", "2026-10-01")]))
    kept(store, extract(full=False, roll=[], removed=("bob",)))
    before = known(PULL, store, school=URN, now=NOW)
    assert before.keys == ("ann", "cat")
    assert before.spans.column("pupil").to_pylist() == [0, 1]


def test_bookkeeping_of_a_round(store):
    bad = ("ann", "2026-11-16", "AM", "SP")
    kept(store, extract(marks=[mark(), bad], resume="page 7"), round_id="r1")
    store.record_failure("r1", Urn(100002), reason="HTTP 503", now=NOW)
    assert store.finished("r1") == {URN}
    assert store.finished("r2") == frozenset()
    counts = store.counts("r1")
    assert (counts.schools_kept, counts.schools_failed) == (1, 1)
    assert (counts.received, counts.kept, counts.rejected) == (2, 1, 1)
    assert store.counts("r2") == RoundCounts(0, 0, 0, 0, 0)
    assert store.resume(URN, "test") == "page 7"
    assert store.resume(URN, "another source") == ""


def test_one_school_of_a_round_is_finished_once_it_is_kept(store):
    store.record_failure("r1", URN, reason="HTTP 503", now=NOW)
    assert not store.is_finished("r1", URN)
    kept(store, extract(), round_id="r1")
    assert store.is_finished("r1", URN)
    assert not store.is_finished("r1", Urn(100002))
    assert not store.is_finished("r2", URN)


LOST = Finding("csv_lost", Severity.ERROR, "Cut off.", "Export again.", "marks.csv", 7, "code", 3)
NOTED = Finding("csv_noted", Severity.NOTE, "A word.", "Nothing.", "marks.csv")


def test_findings_come_back_as_they_were_school_by_school_in_the_order_of_finding(store):
    late, other = Finding("z", Severity.WARNING, "Z.", "Mend z."), school(100002)
    kept(store, extract(of=other, findings=(NOTED, LOST)), round_id="r1")
    kept(store, extract(findings=(late, LOST)), round_id="r1")
    told = [one for one in store.findings("r1") if one[1] in (LOST, NOTED, late)]
    assert told == [(URN, late), (URN, LOST), (other.urn, NOTED), (other.urn, LOST)]
    assert list(store.findings("r2")) == []


def test_findings_of_a_school_kept_again_in_its_round_are_replaced_and_other_rounds_keep_theirs(store):
    for round_id, found in (("r1", LOST), ("r2", LOST), ("r2", NOTED)):
        kept(store, extract(findings=(found,)), round_id=round_id)
    assert LOST in [one for _, one in store.findings("r1")]
    again = [one for _, one in store.findings("r2")]
    assert (NOTED in again, LOST in again) == (True, False)


def test_findings_are_counted_by_check_and_severity_in_rows(store):
    kept(store, extract(findings=(LOST, NOTED)), round_id="r1")
    kept(store, extract(of=school(100002), findings=(LOST,)), round_id="r1")
    counts = store.finding_counts("r1")
    assert (counts["csv_lost", Severity.ERROR], counts["csv_noted", Severity.NOTE]) == (6, 1)
    assert store.finding_counts("r2") == {}


def test_a_transaction_that_fails_leaves_the_findings_of_before(store):
    kept(store, extract(findings=(LOST,)), round_id="r1")
    before = list(store.findings("r1"))
    with pytest.raises(InputProblem, match="without a single pupil"):
        kept(store, extract(roll=[], findings=(NOTED,)), round_id="r1")
    assert list(store.findings("r1")) == before


def test_a_list_of_findings_half_read_holds_up_nobody(store):
    kept(store, extract(findings=(LOST, NOTED)), round_id="r1")
    reader = store.findings("r1")
    next(reader)
    kept(store, extract(marks=[mark()]), round_id="r2")
    assert store.is_finished("r2", URN)


def test_a_school_that_failed_first_and_then_came_is_kept_and_not_the_other_way_round(store):
    store.record_failure("r1", URN, reason="HTTP 503", now=NOW)
    kept(store, extract(), round_id="r1")
    store.record_failure("r1", URN, reason="HTTP 503", now=NOW)
    assert (store.counts("r1").schools_kept, store.counts("r1").schools_failed) == (1, 0)


def test_usual_completeness_is_that_of_the_last_full_extracts(store):
    assert store.usual(URN) is None
    kept(store, extract(last=MONDAY, marks=[mark()]), round_id="r1")  # one of two sessions
    kept(store, extract(last=MONDAY, marks=[mark(), ("ann", "2026-11-16", "PM", "L")]), round_id="r2")
    kept(store, extract(full=False, roll=[], marks=[mark(code="I")]), round_id="r3")
    assert store.usual(URN) == Completeness(3, 4)


def test_schools_weeks_and_calendars_are_read_back(store):
    other = school(100002, name="St Élodie's")
    kept(store, extract(of=other, first=date(2026, 11, 9), marks=[mark(day=9), mark(day=20)]))
    kept(store, extract())
    assert store.schools() == (school(), other)
    assert store.weeks(other.urn) == (date(2026, 11, 9), MONDAY)
    assert store.calendar(other.urn) == CALENDAR
    assert store.calendar(Urn(100009)) is None


def test_a_store_is_read_by_another_connection_while_one_writes(tmp_path):
    with opened(tmp_path) as store:
        kept(store, extract(marks=[mark()]))
        with RegisterStore(store.path, read_only=True) as reader, store.writing() as sql:
            sql.execute("UPDATE facts SET name = 'half done'")
            assert mark_rows(reading(reader)) == [(0, "2026-11-16", 0, LATE)]
            assert reader.schools()[0].name == "Test School"


def test_a_store_closed_and_opened_again_holds_the_same(tmp_path):
    with opened(tmp_path) as store:
        kept(store, extract(marks=[mark()]))
    with RegisterStore(tmp_path / "registers.db", read_only=True) as store:
        assert mark_rows(reading(store)) == [(0, "2026-11-16", 0, LATE)]
        with pytest.raises(UsageProblem, match="reading only"):
            kept(store, extract())


def test_only_the_owner_may_read_the_file(store):
    assert stat.S_IMODE(store.path.stat().st_mode) == 0o600


def test_every_damaged_block_is_found_and_named(tmp_path):
    with opened(tmp_path) as store:
        kept(store, extract(marks=[mark()]))
        assert store.verify() == 3  # a roll, a list of pupils, a week
        with store.writing() as sql:
            sql.execute("UPDATE week SET marks = (SELECT spans FROM roll)")
        for look in (store.verify, lambda: reading(store)):
            with pytest.raises(VerificationProblem, match=r"school 100001, week 2026-11-16, revision 1"):
                look()


def test_bytes_that_are_no_block_at_all_are_found(store):
    kept(store, extract(marks=[mark()]))
    with store.writing() as sql:
        sql.execute("UPDATE roll SET spans = x'00'")
    with pytest.raises(VerificationProblem, match="roll"):
        reading(store)


def test_a_roll_of_fewer_columns_reads_as_unknown_in_the_others():
    data = pack_roll(np.array([[5, 10, 20]], dtype=np.int32))
    stretches = unpack_roll(data, n_spans=1, columns="pupil,first,last")
    assert stretches.tolist() == [[5, 10, 20, *[0] * (len(COLUMNS) - 3)]]


@pytest.mark.parametrize("version", [OLDEST_READ - 1, VERSION + 1])
def test_an_older_or_newer_store_is_refused_and_not_touched(tmp_path, version):
    with opened(tmp_path) as store:
        path = store.path
    with sqlite3.connect(path) as sql:
        sql.execute(f"PRAGMA user_version = {version}")
    sql.close()
    before = path.read_bytes()
    with pytest.raises(UsageProblem, match=f"has version {version}; this Tallyroll reads versions 3 to 4 only"):
        RegisterStore(path)
    assert path.read_bytes() == before


def test_another_file_is_not_taken_for_a_store(tmp_path):
    text, base = tmp_path / "notes.txt", tmp_path / "other.db"
    text.write_text("not a database, and long enough for SQLite to say so " * 10)
    sql = sqlite3.connect(base)
    sql.execute("CREATE TABLE t (a)")
    sql.close()
    before = base.read_bytes()
    for path in (text, base):
        with pytest.raises(UsageProblem, match="not a store"):
            RegisterStore(path)
    assert base.read_bytes() == before


def test_a_missing_store_cannot_be_opened_for_reading(tmp_path):
    with pytest.raises(UsageProblem, match="cannot be opened"):
        RegisterStore(tmp_path / "nowhere.db", read_only=True)


def test_a_full_disk_is_said_in_plain_words_and_keeps_nothing(store):
    kept(store, extract())
    with store.writing() as sql:
        (pages,) = sql.execute("PRAGMA page_count").fetchone()
        sql.execute(f"PRAGMA max_page_count = {pages}")
    many = [(f"pupil {n}", None, "F", "2026-09-01") for n in range(2000)]
    with pytest.raises(InputProblem, match="no room left"):
        kept(store, extract(roll=many))
    assert (store.revision(URN), reading(store).spans.num_rows) == (1, 1)


def test_a_moment_in_london_time_is_the_same_moment(store):
    kept(store, extract(marks=[mark()]), now=NOW)
    assert len(mark_rows(reading(store, as_of=NOW.astimezone(LONDON)))) == 1
    assert mark_rows(reading(store, as_of=(NOW - timedelta(seconds=1)).astimezone(LONDON))) == []
