"""Windows label sessions as the department's files do."""

from datetime import date

from tallyroll.tally import windows
from tallyroll.vocab.schools import Term

AUTUMN = Term("Autumn", date(2026, 9, 1), date(2026, 12, 18), date(2026, 10, 26), date(2026, 10, 30))


def test_sessions_days_and_weeks_have_labels() -> None:
    friday = date(2026, 11, 20)
    assert windows.session(friday, 1) == "2026-11-20 PM"
    assert windows.day(friday, 0) == "2026-11-20"
    assert windows.week(friday, 0) == "2026 Week 47"


def test_a_week_belongs_to_the_year_that_iso_gives_it() -> None:
    assert windows.week(date(2027, 1, 1), 0) == "2026 Week 53"


def test_published_stretches_leave_out_the_days_between_them() -> None:
    term = windows.stretches(*windows.TERMS_2025_26)
    assert term(date(2025, 9, 5), 0) is None
    assert term(date(2025, 9, 8), 0) == "202526 Autumn term"
    assert term(date(2025, 12, 22), 0) is None
    assert term(date(2026, 7, 20), 1) == "202526 Summer term"
    assert windows.stretches(windows.YEAR_TO_DATE_2025_26)(date(2026, 7, 10), 0) == "202526 Academic year"


def test_half_terms_are_numbered_in_their_term_and_holidays_left_out() -> None:
    half_term = windows.half_terms((AUTUMN,))
    assert half_term(date(2026, 10, 23), 0) == "202627 Autumn half-term 1"
    assert half_term(date(2026, 10, 28), 0) is None
    assert half_term(date(2026, 11, 2), 0) == "202627 Autumn half-term 2"
    assert half_term(date(2027, 1, 5), 0) is None
