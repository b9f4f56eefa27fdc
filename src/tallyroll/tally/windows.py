"""Windows: how sessions gather into days, weeks, half-terms, terms and years to date.

A window is a function from a day and session to a label; sessions with the same label are added up, those without
one are left out. A label is the EES `time_period`, and after a blank its `time_identifier` where it has one.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from tallyroll.vocab.periods import AcademicYear, Session, Week
from tallyroll.vocab.schools import Term

Window = Callable[[date, int], str | None]
_SESSIONS = {session.number: session for session in Session}


def session(day: date, session: int) -> str:
    """Each session: `2026-11-20 AM`."""
    return f"{day} {_SESSIONS[session]}"


def day(day: date, session: int) -> str:
    """Each day: `2026-11-20`."""
    return day.isoformat()


def week(day: date, session: int) -> str:
    """Each ISO week: `2026 Week 47`; the year is the week's own."""
    week = Week.of(day)
    return f"{week.year} {week.time_identifier}"


@dataclass(frozen=True, slots=True)
class Stretch:
    """Days that a file is published for, from first to last: `name` is its EES `time_identifier`."""

    name: str
    first: date
    last: date


YEAR_TO_DATE_2025_26 = Stretch("Academic year", date(2025, 9, 8), date(2026, 7, 10))
"""Leaves out the first days of September, when schools start one year group after another."""

TERMS_2025_26 = (
    Stretch("Autumn term", date(2025, 9, 8), date(2025, 12, 21)),
    Stretch("Spring term", date(2026, 1, 4), date(2026, 4, 12)),
    Stretch("Summer term", date(2026, 4, 13), date(2026, 7, 20)),
)
"""Windows that the department published for 2025/26. Source: global.R of its attendance dashboard, July 2026."""


def stretches(*published: Stretch) -> Window:
    """The published stretch that a day lies in: `202526 Autumn term`. Days outside all of them are left out."""

    def label(day: date, session: int) -> str | None:
        for one in published:
            if one.first <= day <= one.last:
                return f"{AcademicYear.of(one.first)} {one.name}"
        return None

    return label


def half_terms(terms: Sequence[Term]) -> Window:
    """The half-term that a day lies in, `202627 Autumn half-term 1`; holidays are left out."""

    def label(day: date, session: int) -> str | None:
        for term in terms:
            if term.holds(day):
                return f"{AcademicYear.of(term.first)} {term.name} half-term {1 if day < term.half_term_first else 2}"
        return None

    return label
