"""Counting at a node: a day that was withdrawn is gone after the merge, and year 11 leaves in summer only."""

from datetime import date, timedelta

from tests.lib.builders import NOW, a_gate, permit, school
from tests.lib.registers import CALENDAR, extract, opened

from tallyroll import register, tally
from tallyroll.engines import open_engine
from tallyroll.flows import counting
from tallyroll.flows.node import Node
from tallyroll.tally import Tally, merge
from tallyroll.vocab.calendars import Calendars
from tallyroll.vocab.clock import FixedClock
from tallyroll.vocab.codes import BY_TEXT

FIRST, LAST = date(2026, 11, 16), date(2026, 11, 17)
MARKS = (("AM", "/"), ("PM", "\\"))
BOTH_DAYS = [("ann", day, session, code) for day in ("2026-11-16", "2026-11-17") for session, code in MARKS]


def tallied(store: register.RegisterStore, *, later: int) -> Tally:
    """The store's tally of both days, counted some minutes later."""
    gate = a_gate(characteristics=(), clock=FixedClock(NOW + timedelta(minutes=later)))
    held = Node(gate, "attendance-statistics", store, Calendars(CALENDAR, {}, {}))
    with open_engine(threads=1) as engine:
        return counting.count(held, engine, first=FIRST, last=LAST, characteristics=())


def keep(store: register.RegisterStore, rows: list[tuple[str, str, str, str]], *, year_group: str = "3") -> None:
    given = extract(marks=rows, status=[("ann", "year_group", year_group, None, None)], first=FIRST, last=LAST)
    pull = permit(schools=[school().urn])
    screened = register.screen(pull, given, calendar=CALENDAR, now=NOW)
    assert screened.rejected == 0
    register.keep(pull, store, screened, now=NOW)


def n_present(counted: Tally) -> dict[date, int]:
    slash = BY_TEXT["/"].number
    rows = counted.cells.to_pylist()
    return {day: sum(row["n"] for row in rows if row["date"] == day and row["code"] == slash) for day in (FIRST, LAST)}


def test_a_day_that_was_withdrawn_is_gone_after_the_merge(tmp_path):
    with opened(tmp_path) as store:
        keep(store, BOTH_DAYS)
        before = tallied(store, later=0)
        keep(store, [row for row in BOTH_DAYS if row[1] == "2026-11-16"])
        after = tallied(store, later=1)
    assert n_present(before) == {FIRST: 1, LAST: 1}
    assert n_present(merge(before, after)) == {FIRST: 1, LAST: 0}


def test_a_school_whose_marks_all_went_has_no_enrolments_left_after_the_merge(tmp_path):
    with opened(tmp_path) as store:
        keep(store, BOTH_DAYS)
        before = tallied(store, later=0)
        keep(store, [])
        merged = merge(before, tallied(store, later=1))
    assert sum(before.persistent["enrolments"].to_pylist()) == 1
    assert sum(merged.persistent["enrolments"].to_pylist()) == 0


def test_year_11_counts_after_an_autumn_half_term_when_the_calendar_ends_there(tmp_path):
    with opened(tmp_path) as store:
        keep(store, BOTH_DAYS, year_group="11")
        counted = tallied(store, later=0)
    assert n_present(counted) == {FIRST: 1, LAST: 1}
    assert tally.second_half_of_summer(CALENDAR) is None
