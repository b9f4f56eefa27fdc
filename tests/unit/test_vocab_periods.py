"""Academic years, ISO weeks, terms and half terms, closures."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallyroll.vocab.periods import AcademicYear, Session, Week, days_between
from tallyroll.vocab.schools import SchoolCalendar, Term

DAYS = st.dates(date(2000, 1, 3), date(2099, 12, 31))


@pytest.mark.parametrize(
    ("day", "start", "period", "label"),
    [
        (date(2026, 8, 31), 2025, "202526", "2025/26"),
        (date(2026, 9, 1), 2026, "202627", "2026/27"),
        (date(2027, 1, 1), 2026, "202627", "2026/27"),
        (date(2099, 9, 1), 2099, "209900", "2099/00"),
    ],
)
def test_the_academic_year_turns_on_1_september(day, start, period, label):
    year = AcademicYear.of(day)
    assert (year.start, str(year), year.label) == (start, period, label)
    assert year.first <= day <= year.last


@given(DAYS)
def test_every_day_lies_in_its_academic_year_and_in_no_other(day):
    year = AcademicYear.of(day)
    assert year.first <= day <= year.last
    assert AcademicYear(year.start + 1).first == year.last + timedelta(1)


@pytest.mark.parametrize(
    ("day", "year", "number"),
    [
        (date(2026, 12, 28), 2026, 53),
        (date(2027, 1, 3), 2026, 53),
        (date(2027, 1, 4), 2027, 1),
        (date(2020, 12, 31), 2020, 53),
        (date(2024, 12, 30), 2025, 1),
        (date(2021, 1, 1), 2020, 53),
        (date(2023, 9, 11), 2023, 37),
    ],
)
def test_the_iso_week_at_the_turn_of_the_year(day, year, number):
    assert Week.of(day) == Week(year, number)
    assert Week.of(day).time_identifier == f"Week {number}"


@given(DAYS)
def test_a_week_starts_on_its_monday(day):
    monday = Week.of(day).monday
    assert monday.weekday() == 0
    assert timedelta(0) <= day - monday <= timedelta(6)


@given(DAYS, st.integers(0, 400))
def test_weeks_and_years_sort_as_their_days_do(day, later):
    assert Week.of(day) <= Week.of(day + timedelta(later))
    assert AcademicYear.of(day) <= AcademicYear.of(day + timedelta(later))


def test_days_between_holds_both_ends_and_is_empty_when_turned_round():
    assert days_between(date(2026, 9, 7), date(2026, 9, 9)) == [date(2026, 9, day) for day in (7, 8, 9)]
    assert days_between(date(2026, 9, 9), date(2026, 9, 9)) == [date(2026, 9, 9)]
    assert days_between(date(2026, 9, 9), date(2026, 9, 7)) == []


def test_sessions_are_numbered_as_marks_store_them():
    assert (Session.AM.number, Session.PM.number) == (0, 1)


AUTUMN = Term("Autumn", date(2026, 9, 1), date(2026, 12, 18), date(2026, 10, 26), date(2026, 10, 30))
SPRING = Term("Spring", date(2027, 1, 4), date(2027, 3, 25), date(2027, 2, 15), date(2027, 2, 19))
SUMMER = Term("Summer", date(2027, 4, 12), date(2027, 7, 21), date(2027, 5, 31), date(2027, 6, 4))
CALENDAR = SchoolCalendar(
    (AUTUMN, SPRING, SUMMER),
    closed=frozenset({date(2027, 5, 3)}),
    closed_sessions=frozenset({(date(2026, 12, 18), Session.PM)}),
)


@pytest.mark.parametrize(
    ("day", "half"),
    [
        (AUTUMN.first, 1),
        (date(2026, 10, 23), 1),
        (date(2026, 10, 26), None),  # the first and last day of the half-term holiday
        (date(2026, 10, 30), None),
        (date(2026, 10, 31), 2),
        (AUTUMN.last, 2),
        (date(2026, 12, 19), None),
        (SPRING.first, 3),
        (SPRING.last, 4),
        (date(2027, 4, 1), None),
        (SUMMER.first, 5),
        (SUMMER.last, 6),
        (date(2027, 7, 22), None),
    ],
)
def test_half_terms_are_numbered_1_to_6(day, half):
    assert CALENDAR.half_term(day) == half


@pytest.mark.parametrize(
    ("day", "is_open"),
    [
        (date(2026, 9, 1), True),
        (date(2026, 8, 31), False),
        (date(2026, 9, 5), False),  # Saturday
        (date(2026, 9, 6), False),
        (date(2026, 10, 28), False),  # half term
        (date(2027, 5, 3), False),  # bank holiday
        (date(2027, 5, 4), True),
    ],
)
def test_a_school_is_open_on_the_weekdays_of_its_terms(day, is_open):
    assert CALENDAR.is_open(day) is is_open
    assert [CALENDAR.is_open(day, session) for session in Session] == [is_open, is_open]


def test_a_part_day_closure_closes_one_session():
    day = date(2026, 12, 18)
    assert CALENDAR.is_open(day)
    assert [CALENDAR.is_open(day, session) for session in Session] == [True, False]
