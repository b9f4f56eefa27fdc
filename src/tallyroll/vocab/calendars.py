"""School calendars as a file: terms and closures for everyone, per authority and per school, in TOML.

[[terms]]                              # everyone, unless an authority or school says otherwise
name = "Autumn"
first = 2026-09-01
last = 2026-12-18
half_term_first = 2026-10-26
half_term_last = 2026-10-30

closed = [2027-05-03]                  # before the first table: closed for everyone

[authorities.201]                      # old LA code
terms = [...]
closed = [2026-09-01]                  # INSET days of its schools

[schools.100001]                       # URN
closed = [2026-11-06]
closed_sessions = [{ date = 2026-12-18, session = "PM" }]
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from tallyroll.vocab.errors import InputProblem, UsageProblem
from tallyroll.vocab.periods import Session
from tallyroll.vocab.schools import School, SchoolCalendar, Term

_KEYS = frozenset({"terms", "closed", "closed_sessions"})
_PARTS = {"authorities": r"[0-9]{3}", "schools": r"[1-9][0-9]{5}"}


@dataclass(frozen=True, slots=True)
class Calendars:
    """The calendar of every school: its own terms or else its authority's or else everyone's; all closures add up."""

    everyone: SchoolCalendar
    authorities: Mapping[str, SchoolCalendar]
    schools: Mapping[str, SchoolCalendar]

    def of(self, school: School) -> SchoolCalendar:
        """When this school is open."""
        parts = [
            part
            for part in (self.schools.get(str(school.urn)), self.authorities.get(school.laestab.la), self.everyone)
            if part is not None
        ]
        return SchoolCalendar(
            terms=next((part.terms for part in parts if part.terms), ()),
            closed=frozenset().union(*(part.closed for part in parts)),
            closed_sessions=frozenset().union(*(part.closed_sessions for part in parts)),
        )


def read_calendars(path: Path) -> Calendars:
    """The calendars in this file; InputProblem names the place that cannot be used."""
    try:
        tree = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise UsageProblem("There is no calendar file here.", where=str(path), mend="Check the path.") from error
    except OSError as error:
        raise UsageProblem(f"This cannot be read: {error.strerror}.", where=str(path), mend="Name a file.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputProblem(f"This is not TOML: {error}.", where=str(path), mend="Mend the line it names.") from error
    parts = {name: _part(tree.pop(name, {}), name, path) for name in _PARTS}
    return Calendars(everyone=_calendar(tree, str(path)), **parts)


def _part(tree: Any, name: str, path: Path) -> dict[str, SchoolCalendar]:  # Any: what TOML may hold; judged here
    if not isinstance(tree, dict) or not all(re.fullmatch(_PARTS[name], key) for key in tree):
        mend = "Write [authorities.201] with an LA code, [schools.100001] with a URN."
        raise InputProblem("Not every part is named by a code.", where=f"{path} {name}", mend=mend)
    return {key: _calendar(one, f"{path} {name}.{key}") for key, one in tree.items()}


def _calendar(tree: Any, where: str) -> SchoolCalendar:  # Any: what TOML may hold; judged here
    if not isinstance(tree, dict):
        raise InputProblem("This is not a table of terms and closures.", where=where, mend=f"Known: {sorted(_KEYS)}.")
    unknown = sorted(set(tree) - _KEYS)
    if unknown:
        raise InputProblem(f"The key {', '.join(unknown)} is not known.", where=where, mend=f"Known: {sorted(_KEYS)}.")
    try:
        return SchoolCalendar(
            terms=tuple(sorted((_term(**term) for term in tree.get("terms", [])), key=lambda term: term.first)),
            closed=frozenset(_day(day) for day in tree.get("closed", [])),
            closed_sessions=frozenset(
                (_day(one["date"]), Session(one["session"])) for one in tree.get("closed_sessions", [])
            ),
        )
    except (TypeError, KeyError, ValueError) as error:
        raise InputProblem(
            f"A term or closure cannot be read: {error}.", where=where, mend="See the head of vocab/calendars."
        ) from error


def _term(*, name: str, first: date, last: date, half_term_first: date, half_term_last: date) -> Term:
    days = [_day(day) for day in (first, half_term_first, half_term_last, last)]
    if days != sorted(days):
        raise ValueError(f"the half term of {name} does not lie within it, or its last day is before its first")
    return Term(name, first, last, half_term_first, half_term_last)


def _day(value: object) -> date:
    if not isinstance(value, date) or isinstance(value, datetime):
        raise TypeError(f"{value!r} is not a date")
    return value


def render_calendars(calendars: Mapping[School, SchoolCalendar]) -> str:
    """The file that gives each of these schools its calendar."""
    return "\n".join(_render(school, calendar) for school, calendar in calendars.items())


def _render(school: School, calendar: SchoolCalendar) -> str:
    terms = ", ".join(
        f'{{ name = "{t.name}", first = {t.first}, last = {t.last}, '
        f"half_term_first = {t.half_term_first}, half_term_last = {t.half_term_last} }}"
        for t in calendar.terms
    )
    closed = ", ".join(str(day) for day in sorted(calendar.closed))
    sessions = ", ".join(
        f'{{ date = {day}, session = "{session}" }}' for day, session in sorted(calendar.closed_sessions)
    )
    return f"[schools.{school.urn}]\nterms = [{terms}]\nclosed = [{closed}]\nclosed_sessions = [{sessions}]\n"
