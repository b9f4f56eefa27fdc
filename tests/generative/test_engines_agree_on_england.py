"""Simulated Englands, kept, read and counted: by every engine and mark by mark, a whole school year at a time.

Each is one authority's schools, cut down to those pupils about whom something happens and a few more, with what the
simulator makes too seldom put in: withdrawn codes, a school with one pupil, weeks that never came.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from tests.lib import agreement
from tests.lib.agreement import EPOCH, named, plain_area
from tests.lib.builders import NOW, permit

from tallyroll.engines import open_engine
from tallyroll.engines.kernel import KernelEngine
from tallyroll.governance import Door, Permit
from tallyroll.register import RegisterStore, keep, known, read, screen
from tallyroll.register.scan import ScanSide, compact, scan
from tallyroll.simulate.england import england
from tallyroll.simulate.extract import extract_of
from tallyroll.simulate.model import SchoolYear
from tallyroll.tally import statements
from tallyroll.tally.definitions import COMPULSORY_SCHOOL_AGE, Definition, Population
from tallyroll.vocab.characteristics import BY_NAME
from tallyroll.vocab.clock import FixedClock
from tallyroll.vocab.codes import BY_TEXT
from tallyroll.vocab.items import Item
from tallyroll.vocab.shapes import MARKS, Register

PHASES = ("Primary", "Secondary", "Special")
WITHDRAWN = [BY_TEXT[text].number for text in ("H", "F", "J")]
FEW = 30  # of pupils about whom nothing happens


@dataclass(frozen=True)
class Shape:
    """Which England: its seed, its year, the days that are kept, when, and the Mondays of weeks that never come."""

    seed: int
    year: int
    first: date
    last: date
    now: datetime
    never: tuple[date, ...]


SHAPES = (
    # Across New Year and week 53 of 2026, 28 December to 3 January; year 11 leaves; two weeks never came.
    Shape(
        *(5, 2026, date(2026, 9, 28), date(2027, 7, 21), datetime(2027, 7, 22, tzinfo=UTC)),
        (date(2026, 11, 16), date(2027, 6, 14)),
    ),
    # Spring and summer; the first week of all never came.
    Shape(4, 2025, date(2026, 1, 26), date(2026, 7, 21), NOW, (date(2026, 1, 26),)),
    # From the middle of one week to the middle of another.
    Shape(11, 2026, date(2026, 9, 3), date(2026, 11, 18), NOW, (date(2026, 10, 5),)),
)


@dataclass(frozen=True)
class Made:
    """An England in a store."""

    shape: Shape
    years: Sequence[SchoolYear]
    store: RegisterStore
    permit: Permit
    definition: Definition
    register: Register


def _some(year: SchoolYear, shared: set[str]) -> SchoolYear:
    """The school with those pupils who move, change or leave, and a few more."""
    upns, leaving = year.pupils["upn"].to_pylist(), year.pupils["leaving"].to_pylist()
    changed = {row["place"] for row in year.status.to_pylist() if row["first"] is not None}
    chosen = [
        place
        for place, upn in enumerate(upns)
        if place < FEW or upn in shared or place in changed or leaving[place] is not None
    ]
    return _of(year, chosen)


def _of(year: SchoolYear, chosen: Sequence[int]) -> SchoolYear:
    """The school with these pupils."""
    place = pc.index_in(year.status["place"], value_set=pa.array(chosen, pa.int32()))
    status = year.status.set_column(0, "place", place).filter(pc.is_valid(place))
    marks = {name: getattr(year, name)[chosen].copy() for name in ("final", "entered", "settles")}
    return replace(year, pupils=year.pupils.take(pa.array(chosen)), status=status, **marks)


def _with_withdrawn_codes(year: SchoolYear) -> SchoolYear:
    """The school with one illness in twenty written as a code that is no longer in force."""
    for marks in (year.final, year.entered):
        ill = np.argwhere(marks == BY_TEXT["I"].number)[::20]
        marks[tuple(ill.T)] = np.resize(WITHDRAWN, len(ill))
    return year


def _years(shape: Shape, folder: Path) -> list[SchoolYear]:
    whole = england(scale=0.004, seed=shape.seed, out=folder, authorities=["886"], year=shape.year)
    years = [whole.school_year(school.urn) for school in whole.schools]
    upns = Counter(upn for year in years for upn in year.pupils["upn"].to_pylist())
    shared = {upn for upn, n in upns.items() if n > 1}
    one, *others = [_with_withdrawn_codes(_some(year, shared)) for year in years]
    mover = next(place for place, upn in enumerate(one.pupils["upn"].to_pylist()) if upn in shared)
    return [_of(one, [mover]), *others]


def _permit(door: Door, years: Sequence[SchoolYear], shape: Shape) -> Permit:
    """A permit for all that a shape asks for."""
    urns = [year.school.urn for year in years]
    return permit(door, schools=urns, first=shape.first, last=shape.last, clock=FixedClock(shape.now))


def _kept(store: RegisterStore, year: SchoolYear, shape: Shape) -> None:
    """The school's marks in the store, but for the weeks that never come."""
    pull = _permit(Door.PULL, [year], shape)
    edges = [shape.first - timedelta(days=7), *shape.never, shape.last + timedelta(days=1)]
    for monday, until in pairwise(edges):
        first, last = monday + timedelta(days=7), until - timedelta(days=1)
        if first > last:
            continue
        taken = datetime(last.year, last.month, last.day, 17, tzinfo=UTC)
        given = extract_of(year, items=frozenset(Item), first=first, last=last, taken_at=taken)
        before = known(pull, store, school=year.school.urn, now=shape.now)
        keep(pull, store, screen(pull, given, calendar=year.calendar, now=shape.now, known=before), now=shape.now)


@pytest.fixture(scope="module", params=SHAPES, ids=lambda shape: f"from {shape.first}")
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    shape: Shape = request.param
    folder = tmp_path_factory.mktemp("england")
    years = _years(shape, folder / "england")
    urns = [year.school.urn for year in years]
    counting = _permit(Door.COUNT, years, shape)
    leaves = {urns[-1].number: date(shape.year + 1, 6, 1), urns[0].number: date(shape.year + 1, 5, 27)}
    population = Population(COMPULSORY_SCHOOL_AGE.year_groups, year_11_leaves_at=leaves)
    with RegisterStore(folder / "register.sqlite") as store:
        for year in years:
            _kept(store, year, shape)
        register = read(counting, store, schools=urns, first=shape.first, last=shape.last, now=shape.now)
        yield Made(shape, years, store, counting, Definition(tuple(BY_NAME), population), register)


@pytest.fixture(scope="module")
def plain(made: Made) -> tuple[agreement.Cells, agreement.Shares]:
    """Its counts, mark by mark."""
    return (
        agreement.plain_cells(made.register, made.definition),
        agreement.plain_shares(made.register, made.definition),
    )


def test_everything_occurs_that_is_to_be_counted(made: Made) -> None:
    spans, marks = made.register.spans.to_pylist(), made.register.marks
    stretches = Counter((span["urn"], span["pupil"]) for span in spans)
    on_roll = Counter(span["urn"] for span in spans)
    days = set(marks["date"].to_pylist())
    upns = Counter(upn for year in made.years for upn in year.pupils["upn"].to_pylist())
    ends = [span["last"] for span in spans if span["last"] < made.shape.last]
    assert max(stretches.values()) > 1  # a status changes
    assert max(upns.values()) == 2  # a child on two rolls
    assert min(on_roll.values()) == 1  # a school with one pupil
    assert any(made.shape.first <= day and day.weekday() < 4 for day in ends)  # somebody leaves within a week
    assert set(WITHDRAWN) <= set(marks["code"].to_pylist())
    assert 0 in marks["code"].to_pylist()  # a mark that did not come
    assert not days & {monday + timedelta(days=day) for monday in made.shape.never for day in range(5)}
    mondays = {day - timedelta(days=day.weekday()) for day in days}
    assert len(mondays) <= (max(mondays) - min(mondays)).days // 7  # a week between them without any mark


@pytest.mark.parametrize("name", ["kernel", "duckdb"])
def test_engines_count_what_is_read(made: Made, plain: tuple[agreement.Cells, agreement.Shares], name: str) -> None:
    with open_engine(name, threads=1) as engine:
        assert agreement.cells(engine, made.register, made.definition) == plain[0]
        assert agreement.shares(engine, made.register, made.definition) == plain[1]


def test_the_kernel_counts_the_same_from_the_scan_side(
    made: Made, plain: tuple[agreement.Cells, agreement.Shares]
) -> None:
    shape = made.shape
    compact(made.permit, made.store, now=shape.now)
    side = ScanSide.of(made.store)
    (held,) = scan(made.permit, side, authorities=(), first=shape.first, last=shape.last, now=shape.now)
    assert held.schools.to_pylist() == made.register.schools.to_pylist()
    tables = agreement.tables_of(Register(held.schools, held.spans, MARKS.empty_table()), made.definition)
    numbers = [PHASES.index(phase) for phase in held.schools["phase"].to_pylist()]
    tables["schools"] = tables["schools"].append_column("phase", pa.array(numbers, pa.int32()))
    counts = KernelEngine().authority(
        statements.plan(made.definition),
        tables,
        held.weeks,
        phases=len(PHASES),
        first=shape.first.toordinal() - EPOCH,
        last=shape.last.toordinal() - EPOCH,
    )
    assert named(counts, PHASES) == plain_area(*plain, schools=made.register.schools, phases=PHASES)
