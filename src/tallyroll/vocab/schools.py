"""Schools: who takes the register, where it counts, and on which sessions it is open."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from tallyroll.vocab.identifiers import Laestab, Urn
from tallyroll.vocab.periods import Session
from tallyroll.vocab.places import BY_OLD_CODE, LocalAuthority

FRIDAY = 4


class Phase(StrEnum):
    """The phase a school's figures are published under. Source: EES `education_phase`."""

    PRIMARY = "Primary"
    SECONDARY = "Secondary"
    SPECIAL = "Special"
    ALTERNATIVE = "Alternative provision"  # in the feed, outside the published totals
    NURSERY = "Nursery"


PUBLISHED_PHASES = (Phase.PRIMARY, Phase.SECONDARY, Phase.SPECIAL)

PHASE_OF_CBDS: dict[str, Phase] = {
    "NS": Phase.NURSERY,
    "PS": Phase.PRIMARY,
    "MP": Phase.PRIMARY,
    "MS": Phase.SECONDARY,
    "SS": Phase.SECONDARY,
    "AT": Phase.SECONDARY,
    "SP": Phase.SPECIAL,
    "PR": Phase.ALTERNATIVE,
}
"""Published phase by CBDS phase: middle schools and all-through as in the census releases (inferred)."""


@dataclass(frozen=True, slots=True)
class School:
    """A school as the statistics know it."""

    urn: Urn
    laestab: Laestab
    name: str
    phase: Phase

    @property
    def la(self) -> LocalAuthority:
        """Its local authority; KeyError when the LA code is not one of the 153."""
        return BY_OLD_CODE[self.laestab.la]


@dataclass(frozen=True, slots=True, order=True)
class Term:
    """A term with its half-term holiday: `name` is Autumn, Spring or Summer."""

    name: str
    first: date
    last: date
    half_term_first: date
    half_term_last: date

    def holds(self, day: date) -> bool:
        """Whether the term runs on that day (weekends and single closures aside)."""
        return self.first <= day <= self.last and not self.half_term_first <= day <= self.half_term_last


@dataclass(frozen=True, slots=True)
class SchoolCalendar:
    """When a school is open, as data: terms, whole days closed (bank holidays, INSET, snow), half days closed."""

    terms: tuple[Term, ...]
    closed: frozenset[date] = frozenset()
    closed_sessions: frozenset[tuple[date, Session]] = frozenset()

    def is_open(self, day: date, session: Session | None = None) -> bool:
        """Whether registers are due on that day, or in that session of it."""
        if day.weekday() > FRIDAY or day in self.closed or not any(term.holds(day) for term in self.terms):
            return False
        return session is None or (day, session) not in self.closed_sessions

    def half_term(self, day: date) -> int | None:
        """The half-term of the year, 1 to 6, that a day of term falls in; None in holidays."""
        for place, term in enumerate(self.terms):
            if term.holds(day):
                return 2 * place + (1 if day < term.half_term_first else 2)
        return None
