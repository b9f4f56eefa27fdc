"""Statements: a definition said twice, as SQL and as the plan of the kernel, so that any engine can count by it."""

from tallyroll.engines.plan import Breakdown, Counted, Plan, Statement
from tallyroll.tally import sql
from tallyroll.tally.definitions import (
    ABSENT,
    LEAVING_YEAR,
    NOT_ON_ROLL,
    PERSISTENT,
    POSSIBLE,
    SEVERE,
    VALUES,
    Definition,
    column_of,
)
from tallyroll.vocab.characteristics import ETHNICITY_MAJOR, MAJOR_OF_MINOR
from tallyroll.vocab.codes import BY_TEXT, CODES, numbers


def count_sessions(definition: Definition) -> Statement:
    """The statement that counts marks: one row per school, session, breakdown, value and code."""
    return Statement(Counted.SESSIONS, sql.count_sessions(definition), plan(definition))


def count_enrolments(definition: Definition) -> Statement:
    """The statement that counts persistent and severe absence: one row per school, breakdown and value."""
    return Statement(Counted.ENROLMENTS, sql.count_enrolments(definition), plan(definition))


def plan(definition: Definition) -> Plan:
    """The definition as numbers."""
    return Plan(
        breakdowns=tuple(_breakdown(name) for name in definition.characteristics),
        year_groups=definition.population.year_groups,
        away_from=LEAVING_YEAR,
        absent=numbers(ABSENT),
        possible=numbers(POSSIBLE),
        not_on_roll=BY_TEXT[NOT_ON_ROLL].number,
        n_codes=len(CODES) + 1,
        thresholds={one.name: (one.numerator, one.denominator) for one in (PERSISTENT, SEVERE)},
    )


def _breakdown(name: str) -> Breakdown:
    renumbered = MAJOR_OF_MINOR if name == ETHNICITY_MAJOR.name else ()
    return Breakdown(name, column_of(name), len(VALUES[name]), renumbered)
