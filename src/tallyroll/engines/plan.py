"""What an engine is given: one statement, as SQL that anybody can read and as the plan that the kernel follows.

Both are made from the same definition (`tally.statements`), and must give the same integers from the same tables.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Counted(StrEnum):
    """What a statement counts: marks by session, or enrolments by their share of absence."""

    SESSIONS = "sessions"
    ENROLMENTS = "enrolments"


@dataclass(frozen=True, slots=True)
class Breakdown:
    """One way of breaking down: the roll's column that is read, how many values there are, and other numbers for some.

    `renumbered` gives the value of each number of the column, where they are not the same.
    """

    name: str
    column: str
    n_values: int
    renumbered: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """A definition as numbers: breakdowns beside `all`, whose marks count, and what each code counts as.

    `away_from` names the year group whose marks do not count on the days that a school's row names as away.
    `thresholds` are shares of absence by name, as numerator and denominator.
    """

    breakdowns: tuple[Breakdown, ...]
    year_groups: frozenset[int]
    away_from: int
    absent: frozenset[int]
    possible: frozenset[int]
    not_on_roll: int
    n_codes: int
    thresholds: Mapping[str, tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Statement:
    """One count, said twice: in SQL, and as what is counted by which plan."""

    counts: Counted
    sql: str
    plan: Plan
