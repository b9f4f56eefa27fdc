"""Keeping: what an extract changes of what was known, and what stays."""

from datetime import date, timedelta

import pytest
from tests.lib.builders import NOW, permit, school
from tests.lib.registers import FRIDAY, MONDAY, THURSDAY, extract, kept, mark_rows, opened, reading, screened

from tallyroll.governance import Door
from tallyroll.register import keep, read, screen
from tallyroll.vocab.codes import BY_TEXT
from tallyroll.vocab.errors import InputProblem, Refused, VerificationProblem
from tallyroll.vocab.items import ESSENTIAL
from tallyroll.vocab.shapes import OPEN_END

ROLL = [("ann", None, "F", "2026-09-01"), ("bob", None, "M", "2026-09-01")]
LATE, ILL = BY_TEXT["L"].number, BY_TEXT["I"].number
LATER = NOW + timedelta(minutes=1)


@pytest.fixture
def store(tmp_path):
    with opened(tmp_path) as store:
        yield store


def mark(pupil="ann", day=16, session="AM", code="L"):
    return (pupil, f"2026-11-{day:02d}", session, code)


def on_roll(store):
    """The spans as (pupil, first, last, sex)."""
    rows = reading(store).spans.to_pylist()
    return [
        (row["pupil"], str(row["first"]), "" if row["last"] == OPEN_END else str(row["last"]), row["sex"])
        for row in rows
    ]


def test_what_was_kept_is_read_densely(store):
    kept(store, extract(roll=ROLL, marks=[mark(), mark("bob", 17, "PM", "I")]))
    register = reading(store)
    assert mark_rows(register) == [
        (0, "2026-11-16", 0, LATE),
        (0, "2026-11-17", 1, 0),
        (1, "2026-11-16", 0, 0),
        (1, "2026-11-17", 1, ILL),
    ]
    assert on_roll(store) == [(0, "2026-09-01", "", 1), (1, "2026-09-01", "", 2)]
    assert register.schools.to_pylist() == [{"urn": 100001, "la": "201", "phase": "Primary"}]


def test_the_same_extract_again_adds_no_revision(store):
    given = extract(roll=ROLL, status=[("ann", "fsm", "Y", "2026-10-01")], marks=[mark()])
    first = kept(store, given)
    again = kept(store, given, now=LATER)
    assert first.changed
    assert first.weeks_changed == (MONDAY,)
    assert (again.changed, again.revision, store.revision(school().urn)) == (False, 1, 1)


def test_only_weeks_that_differ_get_a_revision(store):
    first, last = date(2026, 11, 9), FRIDAY
    old = mark(day=10)
    kept(store, extract(roll=ROLL, first=first, last=last, marks=[old, mark()]))
    second = kept(store, extract(roll=ROLL, first=first, last=last, marks=[old, mark(code="I")]), now=LATER)
    assert (second.roll_changed, second.weeks_changed) == (False, (MONDAY,))


def test_a_new_pupil_does_not_change_old_weeks(store):
    kept(store, extract(roll=ROLL, marks=[mark()]))
    more = kept(store, extract(roll=[*ROLL, ("cat", None, "F", "2026-11-01")], marks=[mark()]), now=LATER)
    assert (more.roll_changed, more.weeks_changed) == (True, ())


def test_a_mark_that_a_full_extract_no_longer_holds_is_gone(store):
    kept(store, extract(roll=ROLL, marks=[mark(), mark("bob")]))
    kept(store, extract(roll=ROLL, marks=[mark("bob")]), now=LATER)
    assert mark_rows(reading(store)) == [(0, "2026-11-16", 0, 0), (1, "2026-11-16", 0, LATE)]


def test_the_last_mark_of_a_week_can_be_withdrawn(store):
    kept(store, extract(roll=ROLL, marks=[mark()]))
    assert kept(store, extract(roll=ROLL), now=LATER).weeks_changed == (MONDAY,)
    assert mark_rows(reading(store)) == []


def test_days_outside_a_full_extract_stay(store):
    kept(store, extract(roll=ROLL, marks=[mark(day=16), mark(day=20)]))
    kept(store, extract(roll=ROLL, last=THURSDAY, marks=[mark(day=16, code="I")]), now=LATER)
    assert [row[1:] for row in mark_rows(reading(store)) if row[0] == 0] == [
        ("2026-11-16", 0, ILL),
        ("2026-11-20", 0, LATE),
    ]


def test_changes_change_only_what_they_name(store):
    kept(store, extract(roll=ROLL, marks=[mark(), mark("bob", code="N")]))
    changed = kept(store, extract(full=False, roll=[], marks=[mark("bob", code="I")], resume="b2"), now=LATER)
    assert (changed.roll_changed, changed.weeks_changed) == (False, (MONDAY,))
    assert mark_rows(reading(store)) == [(0, "2026-11-16", 0, LATE), (1, "2026-11-16", 0, ILL)]
    assert store.resume(school().urn, "test") == "b2"


def test_changes_can_take_a_mark_away(store):
    kept(store, extract(roll=ROLL, marks=[mark(), mark("bob", code="N")]))
    kept(store, extract(full=False, roll=[], marks=[mark("bob", code=None)]), now=LATER)
    assert mark_rows(reading(store)) == [(0, "2026-11-16", 0, LATE), (1, "2026-11-16", 0, 0)]


def test_changes_replace_the_enrolment_of_whom_they_name_and_nobody_else(store):
    kept(store, extract(roll=ROLL, marks=[mark()]))
    leaving = extract(full=False, roll=[("bob", None, "M", "2026-09-01", "2026-11-17")])
    assert kept(store, leaving, now=LATER).roll_changed
    assert on_roll(store) == [(0, "2026-09-01", "", 1), (1, "2026-09-01", "2026-11-17", 2)]


def test_a_pupil_whom_a_full_extract_no_longer_names_has_left_before_its_first_day(store):
    kept(store, extract(roll=ROLL, marks=[mark()]))
    kept(store, extract(roll=ROLL[:1], marks=[mark()]), now=LATER)
    assert on_roll(store) == [(0, "2026-09-01", "", 1), (1, "2026-09-01", "2026-11-15", 2)]


def test_a_removed_pupil_is_on_no_day_and_comes_back_with_the_marks(store):
    kept(store, extract(roll=ROLL, marks=[mark(), mark("bob")]))
    kept(store, extract(full=False, roll=[], removed=("bob",)), now=LATER)
    assert [row[0] for row in on_roll(store)] == [0]
    assert mark_rows(reading(store)) == [(0, "2026-11-16", 0, LATE)]
    kept(store, extract(full=False, roll=ROLL[1:]), now=LATER)
    assert [row[0] for row in on_roll(store)] == [0, 1]
    assert mark_rows(reading(store)) == [(0, "2026-11-16", 0, LATE), (1, "2026-11-16", 0, LATE)]


def test_removing_somebody_unknown_changes_nothing(store):
    kept(store, extract(roll=ROLL))
    assert not kept(store, extract(full=False, roll=[], removed=("zoe",)), now=LATER).changed


def test_a_number_is_never_given_again(store):
    kept(store, extract(roll=ROLL))
    kept(store, extract(full=False, roll=[], removed=("bob",)), now=LATER)
    kept(store, extract(full=False, roll=[("cat", None, "F", "2026-11-01")]), now=LATER)
    assert [row[0] for row in on_roll(store)] == [0, 2]


def test_this_years_roll_does_not_rewrite_an_earlier_school_year(store):
    roll = [("ann", None, "F", "2025-09-01")]
    year_6 = extract(roll=roll, status=[("ann", "year_group", "6")], first=date(2026, 7, 1), last=date(2026, 7, 3))
    wide = permit(schools=[school().urn], first=date(2026, 3, 1))
    calendar = screened(extract()).calendar
    keep(wide, store, screen(wide, year_6, calendar=calendar, now=NOW), now=NOW)
    kept(store, extract(roll=roll, status=[("ann", "year_group", "7")]), now=LATER)
    spans = [(str(row["first"]), str(row["last"]), row["year_group"]) for row in reading(store).spans.to_pylist()]
    assert spans == [("2026-09-01", "9999-12-31", 10)]
    summer = permit_to_count(first=date(2026, 7, 1), last=date(2026, 7, 3))
    before = read(summer, store, schools=[school().urn], first=date(2026, 7, 1), last=date(2026, 7, 3), now=NOW)
    assert [(str(row["last"]), row["year_group"]) for row in before.spans.to_pylist()] == [("2026-08-31", 9)]


def permit_to_count(*, first, last):
    return permit(Door.COUNT, schools=[school().urn], first=first, last=last)


def test_an_empty_full_extract_is_not_kept_for_a_school_with_pupils(store):
    kept(store, extract(roll=ROLL, marks=[mark()]))
    with pytest.raises(InputProblem, match="without a single pupil"):
        kept(store, extract(roll=[]), now=LATER)
    assert len(mark_rows(reading(store))) == 2


def test_an_empty_full_extract_of_a_new_school_is_kept(store):
    assert kept(store, extract(roll=[])).revision == 1  # the school itself and its calendar
    assert on_roll(store) == []


def test_schools_do_not_mix(store):
    kept(store, extract(roll=ROLL, marks=[mark()]))
    kept(store, extract(roll=ROLL[:1], marks=[mark(code="I")], of=school(100002, la="202")))
    register = reading(store, urns=[100002, 100001])
    assert register.marks.select(["urn", "pupil", "code"]).to_pylist() == [
        {"urn": 100001, "pupil": 0, "code": LATE},
        {"urn": 100001, "pupil": 1, "code": 0},
        {"urn": 100002, "pupil": 0, "code": ILL},
    ]
    assert register.schools.column("la").to_pylist() == ["201", "202"]


def test_what_the_permit_does_not_cover_is_not_kept(store):
    judged = screened(extract(roll=ROLL, last=THURSDAY))
    for narrow in (
        permit(schools=[school(100002).urn]),
        permit(schools=[school().urn], last=date(2026, 11, 18)),
        permit(schools=[school().urn], items=ESSENTIAL),  # the spans hold sex
    ):
        with pytest.raises(Refused):
            keep(narrow, store, judged, now=NOW)
    assert store.schools() == ()


def test_keeping_upon_a_damaged_roll_is_refused_and_nothing_is_changed(store):
    kept(store, extract(roll=ROLL, marks=[mark()]))
    with store.writing() as sql:
        sql.execute("UPDATE roll SET spans = zeroblob(64)")
    with pytest.raises(VerificationProblem, match="school 100001, roll, revision 1"):
        kept(store, extract(roll=ROLL[:1]), now=LATER)
    assert store.revision(school().urn) == 1


def test_a_permit_for_counting_does_not_open_the_store_for_keeping(store):
    with pytest.raises(Refused):
        keep(permit_to_count(first=MONDAY, last=FRIDAY), store, screened(extract()), now=NOW)
