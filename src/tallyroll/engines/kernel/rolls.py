"""Rolls for the kernel: stretches in the order of schools, pupils and days, each with the slots it counts in.

A pupil's characteristics are gathered into a few *bundles*, and every combination that occurs in a bundle gets a
*slot*: a mark is counted once a bundle instead of once a characteristic. `fold` adds slots up to values.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tallyroll.engines.plan import Breakdown, Plan
from tallyroll.vocab.errors import VerificationProblem

Ints = npt.NDArray[np.int32]
Slots = npt.NDArray[np.uint16]

MOST_SLOTS = 256  # of a bundle: more would push the counters out of a processor's nearest memory
NUMBERS = 256  # a column of the roll holds bytes
MOST_PUPILS = 1 << 20  # ever numbered in one school: the loops keep a row for every number up to the last

Values = tuple[tuple[str, int], ...]


class Roll(NamedTuple):
    """The roll as the loops read it: of each school the first row (a row a pupil), of each row the first stretch."""

    row_at: Ints
    stretch_at: Ints
    first: Ints
    last: Ints
    slots: Slots  # [stretch, bundle]
    fold: Ints  # [slot, at most so many]: places of the values that a slot adds to; then the place after the last value


@dataclass(frozen=True, slots=True)
class Rolls:
    """The roll of some schools (`urns`, in order); `values` gives breakdown and value of each place, `all` first."""

    urns: Ints
    roll: Roll
    values: Values

    @property
    def n_places(self) -> int:
        """How many places counts take: one a value, and one for what adds to none."""
        return len(self.values) + 1


@dataclass(frozen=True, slots=True)
class _Bundle:
    """Columns counted together: the slot of each stretch, and what the columns hold in each slot."""

    columns: tuple[str, ...]
    slot: Ints
    holds: Ints  # [slot, column]

    @classmethod
    def empty(cls, n_stretches: int) -> Self:
        """A bundle of no column: one slot for everybody."""
        return cls((), np.zeros(n_stretches, dtype=np.int32), np.zeros((1, 0), dtype=np.int32))

    def with_column(self, name: str, column: Ints) -> "_Bundle":
        """This bundle and one column more."""
        pair = self.slot * NUMBERS + column
        seen = np.flatnonzero(np.bincount(pair if len(pair) else [0]))  # a roll of nobody has a slot too
        new_slot = np.zeros(int(seen[-1]) + 1, dtype=np.int32)
        new_slot[seen] = np.arange(len(seen))
        holds = np.column_stack([self.holds[seen // NUMBERS], seen % NUMBERS]).astype(np.int32)
        return _Bundle((*self.columns, name), new_slot[pair], holds)


def rolls(plan: Plan, schools: pa.Table, spans: pa.Table) -> Rolls:
    """The roll of these schools, as far as its pupils count.

    Takes: schools (urn, away_first, away_last) and spans, both as the SQL statements take them.
    Raises: VerificationProblem when a pupil has a value that the characteristic does not have.
    """
    urns = np.sort(numbers(schools, "urn"))
    columns = _counting(plan, schools, spans, urns)
    last_of_school = np.searchsorted(columns["school"], np.arange(len(urns)), side="right") - 1
    is_on_roll = np.isin(np.arange(len(urns)), columns["school"])
    row_at = _starts(np.where(is_on_roll, np.append(columns["pupil"], -1)[last_of_school] + 1, 0))
    stretch_at = _starts(np.bincount(row_at[columns["school"]] + columns["pupil"], minlength=int(row_at[-1])))
    bundles = _bundles(list(dict.fromkeys(one.column for one in plan.breakdowns)), columns)
    offsets = _starts([len(bundle.holds) for bundle in bundles])
    slots = np.column_stack([bundle.slot + offset for bundle, offset in zip(bundles, offsets, strict=False)])
    fold, values = _fold(plan.breakdowns, bundles)
    roll = Roll(row_at, stretch_at, columns["first"], columns["last"], slots.astype(np.uint16), fold)
    return Rolls(urns, roll, values)


def numbers(table: pa.Table, name: str) -> Ints:
    """A column of numbers or days as int32."""
    column = table[name]
    days = pa.types.is_date32(column.type)
    found: Ints = (column.cast(pa.int32()) if days else column).to_numpy().astype(np.int32, copy=False)
    return found


def _starts(lengths: npt.ArrayLike) -> Ints:
    """Where each of these begins, and at last where all end."""
    return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)


def _counting(plan: Plan, schools: pa.Table, spans: pa.Table, urns: Ints) -> dict[str, Ints]:
    """The stretches that count, in order, by column; those of the leaving year without the days they are away."""
    renamed = {"first": "first_day", "last": "last_day"}
    read = ["urn", "pupil", "first", "last", *dict.fromkeys(["year_group", *(one.column for one in plan.breakdowns)])]
    columns = {name: numbers(spans, renamed.get(name, name)) for name in read}
    urn = columns.pop("urn")
    _check_numbers(columns)
    school = columns["school"] = np.searchsorted(urns, urn).astype(np.int32)
    counts = np.isin(np.arange(NUMBERS), sorted(plan.year_groups))[columns["year_group"]]
    counts &= np.append(urns, -1)[school] == urn
    columns = _without_leavers(plan, schools, {name: column[counts] for name, column in columns.items()})
    return _in_order(columns)


def _check_numbers(columns: dict[str, Ints]) -> None:
    """Return when the loops have places for these numbers, which nothing checks later. Raises: VerificationProblem."""
    for name, column in columns.items():
        most = {"pupil": MOST_PUPILS, "first": None, "last": None}.get(name, NUMBERS)
        if most is not None and len(column) and not 0 <= column.min() <= column.max() < most:
            what = f"There is no such {name} as some stretches of the roll have."
            raise VerificationProblem(what, mend="Build the register again from its extracts.")


def _without_leavers(plan: Plan, schools: pa.Table, columns: dict[str, Ints]) -> dict[str, Ints]:
    """Stretches of the leaving year parted into what lies before and what after the days on which it is away."""
    leaving = columns["year_group"] == plan.away_from
    if not leaving.any():
        return columns
    by_urn = np.argsort(numbers(schools, "urn"))
    away_first, away_last = (numbers(schools, f"away_{edge}")[by_urn][columns["school"]] for edge in ("first", "last"))
    after = leaving & (columns["last"] > away_last)
    again = {name: column[after] for name, column in columns.items()}
    again |= {"first": np.maximum(columns["first"], away_last + 1)[after]}
    before = columns | {"last": np.where(leaving, np.minimum(columns["last"], away_first - 1), columns["last"])}
    cut = {name: np.concatenate([before[name], again[name]]) for name in columns}
    real = cut["first"] <= cut["last"]
    return {name: column[real] for name, column in cut.items()}


def _in_order(columns: dict[str, Ints]) -> dict[str, Ints]:
    """The same rows by school, pupil and first day; rolls are kept in this order, so most need no sorting."""
    school, pupil, first = columns["school"], columns["pupil"], columns["first"]
    whose = school.astype(np.int64) << 32 | pupil
    if np.all((whose[1:] > whose[:-1]) | ((whose[1:] == whose[:-1]) & (first[1:] > first[:-1]))):
        return columns
    order = np.lexsort((first, whose))
    return {name: column[order] for name, column in columns.items()}


def _bundles(names: Sequence[str], columns: dict[str, Ints]) -> list[_Bundle]:
    """As few bundles as hold these columns without one of them having too many slots."""
    made = [_Bundle.empty(len(columns["pupil"]))]
    for name in names:
        wider = made[-1].with_column(name, columns[name])
        if len(wider.holds) <= MOST_SLOTS or not made[-1].columns:
            made[-1] = wider
        else:
            made.append(_Bundle.empty(len(columns["pupil"])).with_column(name, columns[name]))
    return made


def _fold(breakdowns: Sequence[Breakdown], bundles: Sequence[_Bundle]) -> tuple[Ints, Values]:
    """What each slot adds to, and which values there are."""
    offsets = _starts([1, *(one.n_values for one in breakdowns)])[1:]
    adds: list[Ints] = []
    for number, bundle in enumerate(bundles):
        ways = [np.zeros(len(bundle.holds), dtype=np.int32)] if number == 0 else []
        for one, offset in zip(breakdowns, offsets, strict=False):
            if one.column in bundle.columns:
                ways.append(offset + _value(one, bundle.holds[:, bundle.columns.index(one.column)]))
        adds.append(np.column_stack(ways))
    width = max(each.shape[1] for each in adds)
    after = int(offsets[-1])
    fold = np.concatenate([np.pad(each, ((0, 0), (0, width - each.shape[1])), constant_values=after) for each in adds])
    values = tuple((one.name, value) for one in breakdowns for value in range(one.n_values))
    return fold.astype(np.int32), (("all", 0), *values)


def _value(breakdown: Breakdown, numbers: Ints) -> Ints:
    """The breakdown's value for these numbers of its column."""
    known = np.array(breakdown.renumbered or range(breakdown.n_values), dtype=np.int32)
    if numbers.max(initial=0) >= len(known):
        raise VerificationProblem(
            f"A pupil has a value of {breakdown.column} that it does not have.",
            mend="Build the register again from its extracts.",
        )
    return known[numbers]
