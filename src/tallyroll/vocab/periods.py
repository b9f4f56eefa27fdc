"""Time as the department writes it: academic years, ISO weeks, and the identifiers of the EES data standard."""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

SEPTEMBER = 9


class Session(StrEnum):
    """A half day: registers are taken twice."""

    AM = "AM"
    PM = "PM"

    @property
    def number(self) -> int:
        """0 for the morning, 1 for the afternoon."""
        return 0 if self is Session.AM else 1


@dataclass(frozen=True, slots=True, order=True)
class AcademicYear:
    """A school year, 1 September to 31 August, named by the year it starts in."""

    start: int

    @classmethod
    def of(cls, day: date) -> "AcademicYear":
        """The academic year that holds this day."""
        return cls(day.year if day.month >= SEPTEMBER else day.year - 1)

    def __str__(self) -> str:
        """The EES `time_period`: 202627."""
        return f"{self.start}{(self.start + 1) % 100:02d}"

    @property
    def label(self) -> str:
        """For people: 2026/27."""
        return f"{self.start}/{(self.start + 1) % 100:02d}"

    @property
    def first(self) -> date:
        """1 September."""
        return date(self.start, SEPTEMBER, 1)

    @property
    def last(self) -> date:
        """31 August."""
        return date(self.start + 1, 8, 31)


@dataclass(frozen=True, slots=True, order=True)
class Week:
    """An ISO week. EES accepts weeks 1 to 52 only; week 53 (28 December 2026) is always holiday."""

    year: int
    number: int

    @classmethod
    def of(cls, day: date) -> "Week":
        """The ISO week that holds this day."""
        year, number, _ = day.isocalendar()
        return cls(year, number)

    @property
    def monday(self) -> date:
        """Its first day."""
        return date.fromisocalendar(self.year, self.number, 1)

    @property
    def time_identifier(self) -> str:
        """As EES writes it: Week 38."""
        return f"Week {self.number}"


def days_between(first: date, last: date) -> list[date]:
    """Every day from first to last, both included."""
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]
