"""Stretches: spans of the roll as one array of numbers, so that rolls are joined and cut without a loop.

One row per stretch: pupil, first day, last day, then the value of each characteristic of the roll. Days are counted
from 1970-01-01; the last day of a stretch without an end is that of OPEN_END.
"""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tallyroll.vocab.characteristics import ROLL_CHARACTERISTICS
from tallyroll.vocab.items import Item
from tallyroll.vocab.shapes import SPANS

Stretches = npt.NDArray[np.int32]

COLUMNS: tuple[str, ...] = ("pupil", "first", "last", *(c.name for c in ROLL_CHARACTERISTICS))
PUPIL, FIRST, LAST, VALUES = 0, 1, 2, 3


def no_stretches() -> Stretches:
    """An empty roll."""
    return np.zeros((0, len(COLUMNS)), dtype=np.int32)


def from_table(spans: pa.Table) -> Stretches:
    """The stretches of a table of spans."""
    stretches = np.empty((spans.num_rows, len(COLUMNS)), dtype=np.int32)
    for place, name in enumerate(COLUMNS):
        stretches[:, place] = numbers_of(spans, name)
    return stretches


def numbers_of(table: pa.Table, name: str) -> npt.NDArray[np.generic]:
    """A column of numbers or dates as numpy sees it; a date is its day number."""
    column = table.column(name)
    whole = column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
    numbers: npt.NDArray[np.generic] = (whole.view(pa.int32()) if whole.type == pa.date32() else whole).to_numpy()
    return numbers


def to_table(stretches: Stretches, *, urn: int) -> pa.Table:
    """A table of spans with these stretches."""
    urns = np.full(len(stretches), urn, dtype=np.int32)
    columns = [urns, *np.ascontiguousarray(stretches.T)]
    arrays = [_array(column, field.type) for column, field in zip(columns, SPANS, strict=True)]
    return pa.table(arrays, schema=SPANS)


def _array(numbers: npt.NDArray[np.int32], kind: pa.DataType) -> pa.Array:
    """Numbers as a column of whole numbers or dates. Without a cast of pyarrow's, which costs 20 us a column."""
    if kind == pa.date32():
        return pa.array(numbers).view(kind)
    return pa.array(numbers.astype(kind.to_pandas_dtype(), copy=False))


def joined(stretches: Stretches) -> Stretches:
    """The same roll in its one canonical form: sorted by pupil and day, neighbours that do not differ made one."""
    rows = stretches[np.lexsort((stretches[:, FIRST], stretches[:, PUPIL]))]
    if len(rows) < 2:
        return rows
    before, after = rows[:-1], rows[1:]
    same = (before[:, PUPIL] == after[:, PUPIL]) & (before[:, LAST] + 1 == after[:, FIRST])
    same &= np.all(before[:, VALUES:] == after[:, VALUES:], axis=1)
    starts = np.flatnonzero(np.r_[True, ~same])
    ends = np.r_[starts[1:], len(rows)] - 1
    whole = rows[starts]
    whole[:, LAST] = rows[ends, LAST]
    return whole


def until(stretches: Stretches, last: int) -> Stretches:
    """What lies on or before this day."""
    cut = stretches[stretches[:, FIRST] <= last]
    cut[:, LAST] = np.minimum(cut[:, LAST], last)
    return cut


def since(stretches: Stretches, first: int) -> Stretches:
    """What lies on or after this day."""
    cut = stretches[stretches[:, LAST] >= first]
    cut[:, FIRST] = np.maximum(cut[:, FIRST], first)
    return cut


def are_among(pupils: npt.NDArray[np.integer], chosen: npt.NDArray[np.integer]) -> npt.NDArray[np.bool_]:
    """Whether each pupil is among the chosen. Numbers are small and dense: twice as fast as numpy's own search."""
    marked = np.zeros(max(pupils.max(initial=-1), chosen.max(initial=-1)) + 1, dtype=np.bool_)
    marked[chosen] = True
    among: npt.NDArray[np.bool_] = marked[pupils]
    return among


def items_held(stretches: Stretches) -> frozenset[Item]:
    """The items of which any stretch says something."""
    said = np.any(stretches[:, VALUES:], axis=0)
    return frozenset(Item(name) for name, held in zip(COLUMNS[VALUES:], said.tolist(), strict=True) if held)


def without(stretches: Stretches, items: frozenset[Item]) -> Stretches:
    """The same stretches, saying nothing of any item but these."""
    shown = [name in items for name in COLUMNS[VALUES:]]
    covered = stretches.copy()
    covered[:, VALUES:] *= np.array(shown, dtype=np.int32)
    return covered
