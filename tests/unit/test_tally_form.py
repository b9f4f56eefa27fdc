"""A table that cannot be a tally is refused with what is wrong and how to mend it."""

from typing import Any

import pyarrow as pa
import pytest
from tests.lib.small_registers import ONE_SCHOOL, register
from tests.lib.tallies import counted, persistent

from tallyroll.tally.algebra import EMPTY, Tally
from tallyroll.vocab.errors import VerificationProblem
from tallyroll.vocab.shapes import Register


def _register() -> Register:
    return register(
        schools=ONE_SCHOOL,
        roll="""
            school | pupil | year_group | fsm
            100001 | 1     | 4          | Y
            100001 | 2     | 4          | N
        """,
        marks="""
            school | pupil | 2026-09-14
            100001 | 1     | / \\
            100001 | 2     | I \\
        """,
    )


def _with(table: pa.Table, name: str, values: list[Any]) -> pa.Table:
    """The table with the first values of a column replaced."""
    column = [*values, *table[name].to_pylist()[len(values) :]]
    field = table.schema.field(name)
    return table.set_column(table.schema.get_field_index(name), field, pa.array(column, field.type))


def test_any_order_of_rows_is_the_same_tally() -> None:
    tally = counted(_register(), "fsm")
    backwards = tally.cells.take(list(range(tally.cells.num_rows))[::-1])
    assert Tally(backwards) == tally


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("contributor", 1_000_000, "contributor below 0 or above 999999"),
        ("session", 2, "session below 0 or above 1"),
        ("characteristic", "shoe_size", "characteristic below 0"),
        ("value", 1, "a value that its characteristic does not have"),
        ("code", 39, "code below 0 or above 38"),
        ("n", -1, "counts that cannot be"),
        ("n", None, "rows without a value"),
        ("revision", 9, "two values of revision for one contributor and date"),
        ("la", "301", "two values of la"),
        ("phase", "Secondary", "two values of phase"),
    ],
)
def test_a_cell_that_cannot_be_is_refused(column: str, value: object, message: str) -> None:
    with pytest.raises(VerificationProblem, match=message):
        Tally(_with(counted(_register()).cells, column, [value]))


def test_two_rows_for_one_cell_are_refused() -> None:
    cells = counted(_register()).cells
    with pytest.raises(VerificationProblem, match="two rows for one cell"):
        Tally(pa.concat_tables([cells, cells]))


def test_another_shape_is_refused() -> None:
    with pytest.raises(VerificationProblem, match="shape"):
        Tally(counted(_register()).cells.drop_columns("n"))


@pytest.mark.parametrize(("persistently", "severely"), [(3, 0), (0, 1)])
def test_more_absent_enrolments_than_there_are_is_refused(persistently: int, severely: int) -> None:
    table = _with(_with(persistent(_register()), "persistent", [persistently]), "severe", [severely])
    with pytest.raises(VerificationProblem, match="enrolments >= persistent >= severe >= 0"):
        Tally(EMPTY.cells, table)
