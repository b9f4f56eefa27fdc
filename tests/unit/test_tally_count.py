"""Counting asks for a permit, refuses what is no register, and runs statements of the house subset only."""

import re
from collections.abc import Callable
from datetime import date, timedelta

import pyarrow as pa
import pytest
from tests.lib.builders import NOW, permit
from tests.lib.small_registers import joined, register
from tests.lib.tallies import counted, persistent

from tallyroll.engines import open_engine
from tallyroll.governance import Door, Permit
from tallyroll.tally import sql
from tallyroll.tally.algebra import EMPTY, merge_all
from tallyroll.tally.count import count
from tallyroll.tally.definitions import Definition
from tallyroll.tally.persistence import count_persistent
from tallyroll.vocab.characteristics import BY_NAME
from tallyroll.vocab.errors import Refused, UsageProblem, VerificationProblem
from tallyroll.vocab.identifiers import Urn
from tallyroll.vocab.items import Item
from tallyroll.vocab.shapes import SCHOOLS, Register

URN = Urn(100001)
DAY = date(2026, 9, 14)
ONE_PUPIL = register(
    roll="""
        school | pupil | year_group
        100001 | 1     | 4
    """,
    marks="""
        school | pupil | 2026-09-14
        100001 | 1     | / \\
    """,
)
UNPERMITTED: list[Callable[[], Permit]] = [
    lambda: permit(Door.PULL, schools=[URN]),
    lambda: permit(Door.COUNT, schools=[Urn(100002)]),
    lambda: permit(Door.COUNT, schools=[URN], first=date(2026, 9, 15)),
    lambda: permit(Door.COUNT, schools=[URN], last=date(2026, 9, 13)),
    lambda: permit(Door.COUNT, schools=[URN], characteristics=["sen"]),
    lambda: permit(Door.COUNT, schools=[URN], items=[item for item in Item if item is not Item.FSM]),
    lambda: permit(Door.COUNT, schools=[URN], items=[item for item in Item if item is not Item.YEAR_GROUP]),
]


@pytest.mark.parametrize("given", UNPERMITTED)
def test_nothing_is_counted_outside_the_permit(given: Callable[[], Permit]) -> None:
    definition = Definition(("fsm",))
    with open_engine() as engine:
        with pytest.raises(Refused):
            count(given(), engine, ONE_PUPIL, definition=definition, now=NOW, revision=1)
        with pytest.raises(Refused):
            count_persistent(
                given(), engine, ONE_PUPIL, definition=definition, first=DAY, last=DAY, now=NOW, revision=1
            )


def test_nothing_is_counted_when_the_permit_has_expired() -> None:
    late = NOW + timedelta(days=1)
    granted = permit(Door.COUNT, schools=[URN])
    with open_engine() as engine, pytest.raises(Refused, match="not in force"):
        count(granted, engine, ONE_PUPIL, definition=Definition(), now=late, revision=1)


def test_a_register_without_marks_counts_nothing() -> None:
    empty = Register(ONE_PUPIL.schools, ONE_PUPIL.spans, ONE_PUPIL.marks.slice(0, 0))
    assert counted(empty) == EMPTY == merge_all([])
    assert persistent(empty).num_rows == 0


def test_stretches_that_overlap_are_refused() -> None:
    twice = Register(ONE_PUPIL.schools, pa.concat_tables([ONE_PUPIL.spans] * 2), ONE_PUPIL.marks)
    with pytest.raises(VerificationProblem, match="1 stretches of an enrolment overlap"):
        counted(twice)


def test_stretches_that_share_a_day_are_refused() -> None:
    shared = register(
        roll="""
            school | pupil | first      | last       | year_group
            100001 | 1     | 2026-09-01 | 2026-09-14 | 4
            100001 | 1     | 2026-09-14 |            | 4
        """,
        marks="""
            school | pupil | 2026-09-15
            100001 | 1     | / \\
        """,
    )
    with pytest.raises(VerificationProblem, match="overlap"):
        counted(shared)


def test_marks_of_a_school_without_a_row_are_refused() -> None:
    with pytest.raises(VerificationProblem, match="no row in the table of schools"):
        counted(Register(SCHOOLS.empty_table(), ONE_PUPIL.spans, ONE_PUPIL.marks))


def test_a_school_with_two_rows_is_refused() -> None:
    with pytest.raises(VerificationProblem, match="or two rows"):
        counted(
            joined(ONE_PUPIL, Register(ONE_PUPIL.schools, ONE_PUPIL.spans.slice(0, 0), ONE_PUPIL.marks.slice(0, 0)))
        )


def test_a_revision_below_zero_is_refused() -> None:
    with pytest.raises(UsageProblem, match="revision"):
        counted(ONE_PUPIL, revision=-1)


def test_a_window_beyond_the_permit_is_refused_even_where_there_are_no_marks() -> None:
    with pytest.raises(Refused, match="covers"):
        persistent(ONE_PUPIL, first=date(2026, 8, 31), last=DAY)


def test_a_window_that_ends_before_it_starts_is_refused() -> None:
    with pytest.raises(UsageProblem, match="before"):
        persistent(ONE_PUPIL, first=date(2026, 9, 15), last=date(2026, 9, 14))


@pytest.mark.parametrize("statement", [sql.count_sessions, sql.count_enrolments])
def test_statements_keep_to_the_house_subset(statement: Callable[[Definition], str]) -> None:
    text = statement(Definition(tuple(BY_NAME)))
    body = "\n".join(line for line in text.splitlines() if not line.startswith("--"))
    assert text.startswith("-- count_")
    for forbidden in ("GROUPING SETS", "CUBE", "ROLLUP", "PIVOT", "QUALIFY", "OVER (", " / ", "DOUBLE", "FLOAT"):
        assert forbidden not in body
    words = set(re.findall(r"[A-Z_]{2,}", body))
    assert words <= {
        *("WITH", "AS", "SELECT", "FROM", "JOIN", "ON", "AND", "WHERE", "IN", "NOT", "BETWEEN", "GROUP", "BY"),
        *("UNION", "ALL", "COUNT", "SUM", "MAX", "CASE", "WHEN", "THEN", "ELSE", "END", "CAST", "INTEGER"),
    }
