"""The bytes of a data file: numbers, symbols, quotation marks."""

import csv
import io
from collections.abc import Sequence

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallyroll.release.files import data_file
from tallyroll.release.meta import EesTable, Filter, Indicator

COUNT = Indicator("possible_sessions", "Possible sessions")
RATE = Indicator("attendance_perc", "Attendance rate", "%", 1)


def text(column: pa.Array, indicator: Indicator | None = COUNT) -> list[str]:
    """The cells of a one-column file, read back by Python's own reader."""
    name = indicator.name if indicator else "la_name"
    ees = EesTable("t", pa.table({name: column, "end": ["e"] * len(column)}), (), (indicator,) if indicator else ())
    rows = csv.reader(io.StringIO(b"".join(data_file(ees)).decode(), newline=""))
    return [row[0] for row in rows][1:]


@pytest.mark.parametrize(
    ("number", "written"),
    [
        (24.0, "24"),
        (5690.4, "5690.4"),
        (95.1691679246959, "95.1691679246959"),
        (2245897896.0, "2245897896"),
        (123456789012.5, "123456789012.5"),
        (1e16, "10000000000000000"),
        (5e-7, "0.0000005"),
        (0.1 + 0.2, "0.30000000000000004"),
        (-3.25, "-3.25"),
    ],
)
def test_a_number_is_written_shortest_and_without_an_exponent(number: float, written: str) -> None:
    assert text(pa.array([number])) == [written]


def test_text_that_a_mask_made_of_numbers_is_written_like_the_numbers() -> None:
    assert text(pa.array(["c", "5e-7", "5690.4", "1.5e+11", "low"])) == [
        "c",
        "0.0000005",
        "5690.4",
        "150000000000",
        "low",
    ]


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=30))
def test_every_finite_number_comes_back_exactly(numbers: Sequence[float]) -> None:
    assert [float(cell) for cell in text(pa.array(numbers, pa.float64()))] == list(numbers)


@given(st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=30))
def test_every_whole_number_comes_back_exactly(numbers: Sequence[int]) -> None:
    assert [int(cell) for cell in text(pa.array(numbers, pa.int64()))] == list(numbers)


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")), min_size=1, max_size=30))
def test_every_text_comes_back_exactly(cells: Sequence[str]) -> None:
    assert text(pa.array(cells, pa.string()), None) == list(cells)


def test_what_is_missing_in_a_rate_is_not_applicable_and_in_a_count_not_available() -> None:
    missing = pa.array([None, float("nan"), 1.0])

    assert text(missing, RATE) == ["z", "z", "1"]
    assert text(missing, COUNT) == ["x", "x", "1"]


def test_what_is_missing_in_a_column_of_place_is_blank() -> None:
    assert text(pa.array([None, "Camden"], pa.string()), None) == ["", "Camden"]


def test_columns_and_rows_keep_their_order() -> None:
    made = pa.table({"b": [2, 1], "a": ["x,y", 'say "so"']})

    assert b"".join(data_file(EesTable("t", made, (Filter("a", "A"),), ()))) == b'b,a\n2,"x,y"\n1,"say ""so"""\n'


def test_rows_in_several_pieces_make_the_same_bytes() -> None:
    whole = pa.table({"n": list(range(120_000))})
    parted = pa.concat_tables([whole.slice(0, 7), whole.slice(7, 70_000), whole.slice(70_007)])

    first, second = (b"".join(data_file(EesTable("t", one, (), ()))) for one in (whole, parted))

    assert first == second
    assert first.count(b"\n") == 120_001
