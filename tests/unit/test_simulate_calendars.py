"""Calendars of the synthetic England: usual dates, and what every school's year has in common."""

from datetime import date

import pytest

from tallyroll.simulate.calendars import (
    TERM_WEEKDAYS,
    bank_holidays,
    easter,
    first_of_september,
    half_terms,
    school_calendar,
    term_days,
    terms_of,
    usual_terms,
)
from tallyroll.simulate.fit_count import window
from tallyroll.simulate.seeds import stream
from tallyroll.vocab.places import AUTHORITIES
from tallyroll.vocab.schools import SchoolCalendar


@pytest.mark.parametrize("day", [date(2024, 3, 31), date(2025, 4, 20), date(2026, 4, 5), date(2027, 3, 28)])
def test_easter_falls_where_the_church_has_it(day: date) -> None:
    assert easter(day.year) == day


def test_usual_terms_of_2026_are_the_published_ones() -> None:
    autumn, spring, summer = usual_terms(2026)
    assert (autumn.first, autumn.last) == (date(2026, 9, 1), date(2026, 12, 18))
    assert (autumn.half_term_first, autumn.half_term_last) == (date(2026, 10, 26), date(2026, 10, 30))
    assert (spring.first, spring.last) == (date(2027, 1, 4), date(2027, 3, 25))
    assert (spring.half_term_first, summer.half_term_first) == (date(2027, 2, 15), date(2027, 5, 31))
    assert (summer.first, summer.last) == (date(2027, 4, 12), date(2027, 7, 21))


def test_published_window_of_2025_is_found() -> None:
    assert window(2025) == (date(2025, 9, 8), date(2026, 7, 10))


@pytest.mark.parametrize("year", range(2022, 2034))
def test_every_authority_has_195_weekdays_of_term(year: int) -> None:
    for la in AUTHORITIES[::9]:
        terms = terms_of(year, la=la.old_code, seed=3)
        days = term_days(terms, year)
        assert len(days) == TERM_WEEKDAYS
        assert not bank_holidays(year) & set(days)
        assert max(day.weekday() for day in days) == 4
        assert date(year + 1, 7, 14) <= days[-1] <= date(year + 1, 7, 31)


def test_a_school_opens_on_190_days() -> None:
    terms = usual_terms(2026)
    for number in range(30):
        calendar = school_calendar(terms, year=2026, rng=stream(1, "test", number))
        assert sum(calendar.is_open(day) for day in term_days(terms, 2026)) == 190


def test_authorities_differ_in_their_october_week() -> None:
    weeks = {terms_of(2026, la=la.old_code, seed=1)[0].half_term_first for la in AUTHORITIES}
    assert weeks == {date(2026, 10, 12), date(2026, 10, 19), date(2026, 10, 26)}


def test_half_terms_are_those_of_the_calendar() -> None:
    terms = usual_terms(2026)
    days = term_days(terms, 2026)
    calendar = SchoolCalendar(terms)
    assert [number + 1 for number in half_terms(terms, days)] == [calendar.half_term(day) for day in days]


def test_first_of_september_is_a_date() -> None:
    import numpy as np

    found = first_of_september(np.array([1969, 2013, 2026]))
    assert found.astype(str).tolist() == ["1969-09-01", "2013-09-01", "2026-09-01"]
