"""The canonical form of tables of cells, so that equal tallies are equal tables, and merging is arithmetic on keys.

A row's key packs its columns into one int64, most significant first: the block (what one revision replaces as a
whole: a contributor's day, or window), then the cell within the block. Rows stand in the order of their keys.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tallyroll.tally.definitions import BREAKDOWNS, VALUES
from tallyroll.vocab.codes import CODES
from tallyroll.vocab.errors import VerificationProblem
from tallyroll.vocab.shapes import CELLS, ENROLMENTS, conform

Keys = npt.NDArray[np.int64]

_LIMITS = np.array([len(VALUES[name]) for name in BREAKDOWNS], dtype=np.int64)
_SHARED = ("revision", "la", "phase")  # one of each per block


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a key, the number of values it may take, and the bits that hold them."""

    name: str
    limit: int

    @property
    def bits(self) -> int:
        """Enough for every value below the limit."""
        return (self.limit - 1).bit_length()


@dataclass(frozen=True, slots=True)
class Form:
    """How one shape of table is keyed and ordered; `counts` fall from left to right: each holds the next."""

    name: str
    shape: pa.Schema
    block: tuple[Column, ...]
    cell: tuple[Column, ...]
    counts: tuple[str, ...]

    def keys(self, table: pa.Table) -> Keys:
        """The key of each row. Raises: VerificationProblem when a column holds what it may not."""
        packed = np.zeros(table.num_rows, dtype=np.int64)
        values = {}
        for column in (*self.block, *self.cell):
            values[column.name] = part = _numbers(table, column.name)
            if part.size and (part.min() < 0 or part.max() >= column.limit):
                raise self._fault(f"holds a {column.name} below 0 or above {column.limit - 1}.")
            packed <<= column.bits
            packed |= part
        if np.any(values["value"] >= _LIMITS[values["characteristic"]]):
            raise self._fault("holds a value that its characteristic does not have.")
        return packed

    def blocks(self, keys: Keys) -> Keys:
        """The block of each row."""
        return keys >> sum(column.bits for column in self.cell)

    def canonical(self, table: pa.Table) -> pa.Table:
        """The same rows in the order of their keys, once they are fit to be merged.

        Raises: VerificationProblem when two rows hold one cell, a block has two revisions or places, a column holds
        what it may not, or counts do not fit each other.
        """
        conform(table, self.shape, name=self.name)
        if not table.num_rows:
            return self.shape.empty_table()
        keys = self.keys(table)
        if not np.all(keys[1:] > keys[:-1]):
            order = np.argsort(keys, kind="stable")  # linear when the rows are sorted runs, one after another
            table, keys = table.take(pa.array(order)), keys[order]
            if np.any(keys[1:] == keys[:-1]):
                raise self._fault("holds two rows for one cell.")
        self._check_blocks(table, self.blocks(keys))
        self._check_counts(table)
        return table

    def _check_blocks(self, table: pa.Table, blocks: Keys) -> None:
        same = blocks[1:] == blocks[:-1]
        for name in _SHARED:
            values = _numbers(table, name)
            if np.any(same & (values[1:] != values[:-1])):
                of = " and ".join(column.name for column in self.block)
                raise self._fault(f"holds two values of {name} for one {of}.")

    def _check_counts(self, table: pa.Table) -> None:
        counts = [*(_numbers(table, name) for name in self.counts), np.zeros(table.num_rows, dtype=np.int64)]
        if any(np.any(larger < smaller) for larger, smaller in pairwise(counts)):
            raise self._fault(f"holds counts that cannot be: {' >= '.join(self.counts)} >= 0 must hold.")

    def _fault(self, what: str) -> VerificationProblem:
        return VerificationProblem(f"The table {self.name} {what}", mend="Count again and submit the new tally.")


def _numbers(table: pa.Table, name: str) -> Keys:
    """A column as int64: text by its place in a list (breakdowns: the list of definitions)."""
    column = table[name]
    if column.null_count:
        raise VerificationProblem(f"The column {name} has rows without a value.", mend="Every row needs one.")
    if name == "characteristic":
        column = pc.fill_null(pc.index_in(column, value_set=pa.array(BREAKDOWNS)), -1)
    elif pa.types.is_string(column.type):
        column = pc.index_in(column, value_set=pc.unique(column))
    elif pa.types.is_date32(column.type):
        column = column.cast(pa.int32())
    numbers: Keys = column.to_numpy().astype(np.int64)
    return numbers


_CONTRIBUTOR = Column("contributor", 1_000_000)  # a URN: six digits
_DAYS = 1 << 16  # days since 1970, to the year 2149
_BREAKDOWN = Column("characteristic", len(BREAKDOWNS))
_VALUE = Column("value", int(_LIMITS.max()))

CELL_FORM = Form(
    "of cells",
    CELLS,
    (_CONTRIBUTOR, Column("date", _DAYS)),
    (Column("session", 2), _BREAKDOWN, _VALUE, Column("code", len(CODES) + 1)),
    ("n",),
)
ENROLMENT_FORM = Form(
    "of enrolments",
    ENROLMENTS,
    (_CONTRIBUTOR, Column("first", _DAYS), Column("last", _DAYS)),
    (_BREAKDOWN, _VALUE),
    ("enrolments", "persistent", "severe"),
)
