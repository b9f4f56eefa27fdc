"""The algebra of tallies: merge keeps the newest revision of each block, total adds contributors up.

Tallies under `merge` are a commutative, idempotent monoid with EMPTY as its identity, so they may arrive in any
order, twice, and in any grouping. `total` carries the merge of different contributors to a sum, so it comes last.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tallyroll.tally import windows
from tallyroll.tally.form import CELL_FORM, ENROLMENT_FORM, Form, Keys
from tallyroll.vocab.errors import InputProblem, VerificationProblem
from tallyroll.vocab.identifiers import Urn
from tallyroll.vocab.places import BY_OLD_CODE, COUNTRY_CODE
from tallyroll.vocab.schools import PUBLISHED_PHASES
from tallyroll.vocab.shapes import CELLS, ENROLMENTS

ALL_PHASES = "Total"


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts of any contributors: cells of sessions, and cells of persistent absence. Equal tallies are equal tables.

    Raises: VerificationProblem when the tables cannot be a tally (see `form`).
    """

    cells: pa.Table
    persistent: pa.Table = field(default_factory=ENROLMENTS.empty_table)

    def __post_init__(self) -> None:
        object.__setattr__(self, "cells", CELL_FORM.canonical(self.cells))
        object.__setattr__(self, "persistent", ENROLMENT_FORM.canonical(self.persistent))


EMPTY = Tally(CELLS.empty_table())
"""The tally of nobody."""


def merge(left: Tally, right: Tally) -> Tally:
    """Both tallies as one, keeping the newest revision of each contributor's day and of each contributor's window.

    Law:    associative, commutative, idempotent; EMPTY is the identity.
    Raises: VerificationProblem when a contributor's same revision of a day or window has different counts.
    """
    return merge_all((left, right))


def merge_all(tallies: Iterable[Tally]) -> Tally:
    """Any number of tallies as one, as `merge` would do one after another, in one pass."""
    given = tuple(tallies)
    return Tally(
        cells=_newest(CELL_FORM, [tally.cells for tally in given]),
        persistent=_newest(ENROLMENT_FORM, [tally.persistent for tally in given]),
    )


def within(tally: Tally, first: date, last: date) -> Tally:
    """The part of a tally that speaks for these days: cells from first to last, and enrolments of exactly that window.

    Persistent absence cannot be cut from a longer window or added up from shorter ones: it is counted anew.
    Raises: InputProblem when a contributor has cells in the window and no enrolments counted over it.
    """
    date_of, (opens, closes) = tally.cells["date"], (tally.persistent["first"], tally.persistent["last"])
    cells = tally.cells.filter(pc.and_(pc.greater_equal(date_of, first), pc.less_equal(date_of, last)))
    persistent = tally.persistent.filter(pc.and_(pc.equal(opens, first), pc.equal(closes, last)))
    known = pc.unique(persistent["contributor"])
    lacking = pc.unique(cells["contributor"]).filter(
        pc.invert(pc.is_in(pc.unique(cells["contributor"]), value_set=known))
    )
    if len(lacking):
        raise InputProblem(
            f"{len(lacking)} contributors have no persistent absence counted from {first} to {last}.",
            mend="Count these days with `tallyroll tally` at every node, and merge what comes.",
        )
    return Tally(cells, persistent)


def contributors(tally: Tally) -> dict[Urn, str]:
    """The schools that a tally counts, each with the old code of its authority."""
    pairs = [
        table.group_by(["contributor", "la"]).aggregate([]).to_pylist() for table in (tally.cells, tally.persistent)
    ]
    return {Urn(row["contributor"]): row["la"] for rows in pairs for row in rows}


def _newest(form: Form, tables: list[pa.Table]) -> pa.Table:
    """The rows of the newest revision of each block."""
    filled = [table for table in tables if table.num_rows]
    if len(filled) < 2:
        return filled[0] if filled else form.shape.empty_table()
    table = pa.concat_tables(filled)
    keys = form.keys(table)
    blocks = form.blocks(keys)
    ends = np.cumsum([each.num_rows for each in filled])[:-1]
    changes = np.flatnonzero(blocks[1:] != blocks[:-1]) + 1
    start = np.unique(np.concatenate([[0], changes, ends]))
    length = np.diff(np.append(start, len(keys)))
    revision = table["revision"].to_numpy()[start]
    order = np.lexsort((revision, blocks[start]))
    start, length, revision = start[order], length[order], revision[order]
    block = blocks[start]
    same_block = block[1:] == block[:-1]
    again = np.flatnonzero(same_block & (revision[1:] == revision[:-1]))
    _check_agree(form, table, keys, (start[again], length[again]), (start[again + 1], length[again + 1]))
    newest = np.append(~same_block, True)
    return table.take(pa.array(_rows(start[newest], length[newest])))


Runs = tuple[Keys, Keys]  # first row and number of rows of each


def _check_agree(form: Form, table: pa.Table, keys: Keys, one: Runs, other: Runs) -> None:
    """Runs of one block and revision must hold the same rows."""
    left, right = _rows(*one), _rows(*other)
    agree = np.array_equal(keys[left], keys[right])
    if agree:
        rest = table.select(["la", "phase", *form.counts])
        agree = rest.take(pa.array(left)).equals(rest.take(pa.array(right)))
    if not agree:
        raise VerificationProblem(
            f"Two tables {form.name} give the same contributor, date and revision different counts.",
            mend="Ask the contributor to count again with a new revision.",
        )


def _rows(start: Keys, length: Keys) -> Keys:
    """The row numbers of runs, one run after another."""
    before = np.cumsum(length) - length
    rows: Keys = np.arange(length.sum()) + np.repeat(start - before, length)
    return rows


class Level(StrEnum):
    """How far contributors are added up. Source: EES `geographic_level`."""

    NATIONAL = "National"
    REGIONAL = "Regional"
    AUTHORITY = "Local authority"


TOTALS = pa.schema(
    [
        ("level", pa.string()),
        ("area", pa.string()),  # nine-character code
        ("phase", pa.string()),
        ("window", pa.string()),
        ("characteristic", pa.string()),
        ("value", pa.uint8()),
        ("code", pa.uint8()),
        ("n", pa.int64()),
    ]
)
"""One row per cell added up over contributors and sessions. Unit: marks."""

_TOTAL_KEYS = [name for name in TOTALS.names if name not in ("level", "n")]


def total(
    tally: Tally, *, level: Level, window: windows.Window = windows.session, all_phases: bool = False
) -> pa.Table:
    """The tally's cells added up over contributors by area and phase, and over sessions by window.

    Shape: TOTALS, sorted by its columns. With `all_phases` the published phases are also added up, as `Total`.
    Law:   total(merge(x, y)) = total(x) + total(y) when x and y have no contributor in common.
    """
    cells = tally.cells
    rows = cells.select(["phase", "characteristic", "value", "code", "n"])
    rows = rows.append_column("area", _areas(cells["la"], level))
    rows = rows.append_column("window", window_of(cells, window))
    rows = rows.filter(pc.and_(pc.is_valid(rows["window"]), pc.greater(rows["n"], 0)))
    sums = _added(rows)
    if all_phases:
        published = sums.filter(pc.is_in(sums["phase"], value_set=pa.array([str(p) for p in PUBLISHED_PHASES])))
        phase = pa.array([ALL_PHASES] * published.num_rows, pa.string())
        published = published.set_column(published.column_names.index("phase"), "phase", phase)
        sums = pa.concat_tables([sums, _added(published)])
    sums = sums.append_column("level", pa.array([str(level)] * sums.num_rows, pa.string()))
    return sums.select(TOTALS.names).cast(TOTALS).sort_by([(name, "ascending") for name in TOTALS.names])


def _added(rows: pa.Table) -> pa.Table:
    """Rows with the same keys added up."""
    return rows.group_by(_TOTAL_KEYS).aggregate([("n", "sum")]).rename_columns([*_TOTAL_KEYS, "n"])


def _areas(la: pa.ChunkedArray, level: Level) -> pa.ChunkedArray:
    if level is Level.NATIONAL:
        return pa.array([COUNTRY_CODE] * len(la), pa.string())
    known = pc.unique(la).to_pylist()
    check_authorities(known)
    authorities = [BY_OLD_CODE[code] for code in known]
    codes = [each.code if level is Level.AUTHORITY else each.region.code for each in authorities]
    return pa.array(codes, pa.string()).take(pc.index_in(la, value_set=pa.array(known, pa.string())))


def check_authorities(codes: Iterable[str]) -> None:
    """Raises VerificationProblem unless every code is that of an authority of England."""
    strange = sorted(code for code in codes if code not in BY_OLD_CODE)
    if strange:
        raise VerificationProblem(
            f"The tally has cells of authority '{strange[0]}', which England does not have.",
            mend="Use the three-digit code of the school's LAESTAB.",
        )


def window_of(cells: pa.Table, window: windows.Window) -> pa.ChunkedArray:
    """The window's label of each cell; null where it lies outside."""
    when = pc.add(pc.multiply(cells["date"].cast(pa.int32()), 2), cells["session"].cast(pa.int32()))
    known = pc.unique(when)
    days = pc.divide(known, 2).cast(pa.int32()).cast(pa.date32()).to_pylist()
    labels = [window(day, each % 2) for day, each in zip(days, known.to_pylist(), strict=True)]
    return pa.array(labels, pa.string()).take(pc.index_in(when, value_set=known))
