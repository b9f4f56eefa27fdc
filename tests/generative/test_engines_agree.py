"""All engines count the same, exactly: the kernel, DuckDB's SQL, and one mark after another in plain Python."""

from collections.abc import Iterator
from datetime import date, timedelta

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.lib import agreement
from tests.lib.agreement import Area, between, plain_area
from tests.lib.small_registers import (
    FIRST_MONDAY,
    LAST_MONDAY,
    MONDAYS,
    Blocks,
    blocks,
    definitions,
    loose_registers,
    register,
)

from tallyroll.engines import Engine, open_engine
from tallyroll.engines.kernel import KernelEngine, rolls
from tallyroll.tally.definitions import EVERYONE, Definition
from tallyroll.vocab.characteristics import BY_NAME
from tallyroll.vocab.errors import VerificationProblem
from tallyroll.vocab.shapes import MARKS, SCHOOLS, SPANS, WEEKS, Register

laws = settings(deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
PHASES = ("Special", "Primary", "Secondary")  # not in the order of anything; alternative provision is left out
FIRST, LAST = min(MONDAYS), max(MONDAYS) + timedelta(days=4)
EVERYTHING = Definition(tuple(BY_NAME), EVERYONE)
DAYS = tuple(monday + timedelta(days=day) for monday in MONDAYS for day in range(-1, 6))
NOTHING = Area({}, {}, {}, {}, {})


@pytest.fixture(scope="module")
def duckdb() -> Iterator[Engine]:
    with open_engine("duckdb", threads=1) as engine:
        yield engine


@pytest.fixture(scope="module")
def kernel() -> KernelEngine:
    return KernelEngine()


def _plain(given_: Blocks, definition: Definition, first: date = date.min, last: date = date.max) -> Area:
    register = between(given_.register, first, last)
    return plain_area(
        agreement.plain_cells(register, definition),
        agreement.plain_shares(register, definition),
        schools=given_.schools,
        phases=PHASES,
    )


def _packed(
    kernel: KernelEngine, given_: Blocks, definition: Definition, first: date = FIRST, last: date = LAST
) -> Area:
    return agreement.area(kernel, given_, definition, first=first, last=last, phases=PHASES)


@settings(laws, max_examples=40)
@given(loose_registers(), definitions())
def test_cells_of_any_rows_agree(duckdb: Engine, kernel: KernelEngine, rows: Register, definition: Definition) -> None:
    expected = agreement.plain_cells(rows, definition)
    assert agreement.cells(kernel, rows, definition) == expected
    assert agreement.cells(duckdb, rows, definition) == expected


@settings(laws, max_examples=40)
@given(loose_registers(), definitions())
def test_enrolments_of_any_rows_agree(
    duckdb: Engine, kernel: KernelEngine, rows: Register, definition: Definition
) -> None:
    expected = agreement.plain_shares(rows, definition)
    assert agreement.shares(kernel, rows, definition) == expected
    assert agreement.shares(duckdb, rows, definition) == expected


@settings(laws, max_examples=100)
@given(blocks(), definitions())
def test_packed_weeks_agree_with_the_sum_of_schools(
    kernel: KernelEngine, given_: Blocks, definition: Definition
) -> None:
    assert _packed(kernel, given_, definition) == _plain(given_, definition)


@settings(laws, max_examples=100)
@given(blocks(), definitions(), st.sampled_from(DAYS), st.sampled_from(DAYS))
def test_packed_weeks_agree_between_any_two_days(
    kernel: KernelEngine, given_: Blocks, definition: Definition, one: date, other: date
) -> None:
    first, last = sorted((one, other))
    assert _packed(kernel, given_, definition, first, last) == _plain(given_, definition, first, last)


@settings(laws, max_examples=20)
@given(blocks(), definitions())
def test_packed_weeks_agree_with_loose_ones_and_duckdb(
    duckdb: Engine, kernel: KernelEngine, given_: Blocks, definition: Definition
) -> None:
    packed, register = _packed(kernel, given_, definition), given_.register
    for engine in (kernel, duckdb):
        counted, persistent = (
            agreement.cells(engine, register, definition),
            agreement.shares(engine, register, definition),
        )
        assert packed == plain_area(counted, persistent, schools=given_.schools, phases=PHASES)


@settings(laws, max_examples=40)
@given(blocks(), st.integers(1, 9))
def test_any_number_of_bundles_gives_the_same(kernel: KernelEngine, given_: Blocks, most_slots: int) -> None:
    """Characteristics are counted in bundles of at most so many combinations; small registers need one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rolls, "MOST_SLOTS", most_slots)
        register = given_.register
        assert _packed(kernel, given_, EVERYTHING) == _plain(given_, EVERYTHING)
        assert agreement.cells(kernel, register, EVERYTHING) == agreement.plain_cells(register, EVERYTHING)
        assert agreement.shares(kernel, register, EVERYTHING) == agreement.plain_shares(register, EVERYTHING)


@settings(laws, max_examples=40)
@given(blocks(), definitions(), st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(
    kernel: KernelEngine, given_: Blocks, definition: Definition, random: object
) -> None:
    shuffled = Blocks(_shuffled(given_.schools, random), _shuffled(given_.spans, random), given_.weeks)
    assert _packed(kernel, shuffled, definition) == _packed(kernel, given_, definition)


def _shuffled(table: pa.Table, random: object) -> pa.Table:
    order = list(range(table.num_rows))
    random.shuffle(order)  # type: ignore[attr-defined]  # hypothesis names no type for its randoms
    return table.take(pa.array(order, pa.int64()))


@pytest.mark.parametrize("monday", [FIRST_MONDAY, LAST_MONDAY])
@settings(laws, max_examples=10)
@given(data=st.data(), definition=definitions())
def test_the_ends_of_the_calendar_are_days_like_others(
    kernel: KernelEngine, monday: date, data: st.DataObject, definition: Definition
) -> None:
    given_, rows = data.draw(blocks(among=[monday])), data.draw(loose_registers(among=[monday]))
    friday = monday + timedelta(days=4)
    assert _packed(kernel, given_, definition, monday, friday) == _plain(given_, definition)
    assert agreement.cells(kernel, rows, definition) == agreement.plain_cells(rows, definition)
    assert agreement.shares(kernel, rows, definition) == agreement.plain_shares(rows, definition)


# Nothing to count


def _empty(**given_: pa.Table) -> Blocks:
    tables = {"schools": SCHOOLS.empty_table(), "spans": SPANS.empty_table(), "weeks": {}} | given_
    return Blocks(**tables)


class _NoWeeks(Blocks):
    """A month's table without a row."""

    packed = [WEEKS.empty_table()]  # noqa: RUF012 - in place of a property, and never changed


def test_no_schools_no_pupils_no_weeks_give_nothing(duckdb: Engine, kernel: KernelEngine) -> None:
    assert _packed(kernel, _empty(), EVERYTHING) == NOTHING
    assert _packed(kernel, _NoWeeks(**vars(_empty())), EVERYTHING) == NOTHING
    for engine in (kernel, duckdb):
        assert agreement.cells(engine, _empty().register, EVERYTHING) == {}
        assert agreement.shares(engine, _empty().register, EVERYTHING) == {}


@settings(laws, max_examples=20)
@given(blocks(), definitions())
def test_without_one_of_the_three_there_is_nothing(
    kernel: KernelEngine, given_: Blocks, definition: Definition
) -> None:
    for part in (
        _empty(schools=given_.schools, spans=given_.spans),
        _empty(schools=given_.schools, weeks=given_.weeks),
        _empty(weeks=given_.weeks),
        _empty(spans=given_.spans, weeks=given_.weeks),
    ):
        found = _packed(kernel, part, definition)
        assert (found.cells, found.on_roll, found.enrolments, found.schools) == ({}, {}, {}, {})
        assert agreement.cells(kernel, part.register, definition) == {}
        assert agreement.shares(kernel, part.register, definition) == {}


# What is no register


@pytest.mark.parametrize(("session", "code"), [(0, 39), (1, 254), (0, 255), (2, 1)])
def test_a_mark_that_there_is_not_is_refused(kernel: KernelEngine, session: int, code: int) -> None:
    """Its place would lie beyond those that are counted: in another day, or in memory of something else."""
    given_ = register(
        roll="""
            school | pupil | year_group
            100001 | 1     | 4
        """,
        marks="""
            school | pupil | 2026-11-16
            100001 | 1     | / \\
        """,
    )
    odd = given_.marks.slice(0, 1).to_pylist()[0] | {"date": date(2026, 11, 17), "session": session, "code": code}
    marks = pa.concat_tables([given_.marks, pa.Table.from_pylist([odd], schema=MARKS)])
    for count_ in (agreement.cells, agreement.shares):
        with pytest.raises(VerificationProblem, match="no such"):
            count_(kernel, Register(given_.schools, given_.spans, marks), Definition())
