"""Tables of cells as the columns of a payload, and back. Words on the wire, numbers in the tables."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.compute as pc

from tallyroll.submission.wire import (
    CATEGORIES,
    KIND,
    MARKS,
    PAIRS,
    SESSIONS,
    SPEC,
    Cells,
    Enrolments,
    Payload,
    summary,
)
from tallyroll.vocab.errors import VerificationProblem
from tallyroll.vocab.shapes import CELLS, ENROLMENTS, conform

_SHARED = ("contributor", "revision", "la", "phase")
_COUNTS = ("enrolments", "persistent", "severe")
_KEYS = pa.array([f"{name}={number}" for name, number in PAIRS])
_CATEGORIES = pa.array(CATEGORIES)
_CHARACTERISTIC = pa.array([name for name, _ in PAIRS])
_VALUE = pa.array([number for _, number in PAIRS], pa.uint8())
_MARKS = pa.array(MARKS)
_SESSIONS = pa.array(SESSIONS)


class Counted(Protocol):
    """What a tally shows of itself."""

    @property
    def cells(self) -> pa.Table:
        """Cells of sessions. Shape: CELLS."""
        ...

    @property
    def persistent(self) -> pa.Table:
        """Cells of persistent absence. Shape: ENROLMENTS."""
        ...


@dataclass(frozen=True, slots=True)
class Counts:
    """The two tables of a tally, as a payload holds them."""

    cells: pa.Table
    persistent: pa.Table


def parts(tally: Counted) -> tuple[Counts, ...]:
    """The tally cut into what one payload holds each: one contributor in one revision."""
    tables = (tally.cells, tally.persistent)
    pairs = {
        (row["contributor"], row["revision"])
        for table in tables
        for row in table.group_by(["contributor", "revision"]).aggregate([]).to_pylist()
    }
    return tuple(
        Counts(*(table.filter((pc.field("contributor") == who) & (pc.field("revision") == when)) for table in tables))
        for who, when in sorted(pairs)
    )


def payload_of(tally: Counted, *, manifest: str, purpose: str) -> Payload:
    """The tables in the words of the wire. What has no word there becomes null, which no payload has.

    Raises: VerificationProblem when the tables have another shape, or are of several contributors or revisions.
    """
    cells = conform(tally.cells, CELLS, name="of cells")
    persistent = conform(tally.persistent, ENROLMENTS, name="of enrolments")
    shared: dict[str, Any] = {name: _only(name, cells, persistent) for name in _SHARED}  # checked when it is read
    own = Cells(
        date=_listed(cells["date"]),
        session=_words(cells["session"], _SESSIONS),
        category=_categories(cells),
        code=_words(cells["code"], _MARKS),
        n=_listed(cells["n"]),
    )
    windows = {name: _listed(persistent[name]) for name in ("first", "last", *_COUNTS)}
    held = Enrolments(category=_categories(persistent), **windows)
    first, last, breakdowns = summary(own, held)
    return Payload(
        kind=KIND,
        spec=SPEC,
        manifest=manifest,
        purpose=purpose,
        **shared,
        first=first,
        last=last,
        breakdowns=breakdowns,
        cells=own,
        enrolments=held,
    )


def _listed(column: pa.ChunkedArray | pa.Array) -> list[Any]:
    """A column's values; quicker by way of numpy than `to_pylist`, which looks for pandas at each call."""
    values: list[Any] = column.to_numpy(zero_copy_only=False).tolist()
    return values


def _only(name: str, *tables: pa.Table) -> object:
    found = {value for table in tables for value in _listed(pc.unique(table[name]))}
    if len(found) != 1:
        what = f"A payload is of exactly one {name}; this tally has {len(found)}."
        raise VerificationProblem(what, mend="Send each contributor and each revision by itself.")
    return found.pop()


def _categories(table: pa.Table) -> list[str]:
    keys = pc.binary_join_element_wise(table["characteristic"], table["value"].cast(pa.string()), "=")
    return _words(pc.index_in(keys, value_set=_KEYS), _CATEGORIES)


def _words(places: pa.ChunkedArray, known: pa.Array) -> list[str]:
    """The word at each place of a list; null where the list has none."""
    inside = pc.if_else(pc.less(places, len(known)), places, None)
    return _listed(known.take(inside))


def counts_of(read: Payload) -> Counts:
    """The tables of a payload that was read."""
    cells, enrolments = read.cells, read.enrolments
    sessions = {
        "date": pa.array(cells.date, pa.date32()),
        "session": _places(cells.session, _SESSIONS),
        "code": _places(cells.code, _MARKS),
        "n": pa.array(cells.n, pa.int64()),
    }
    windows = {name: pa.array(getattr(enrolments, name), pa.date32()) for name in ("first", "last")}
    counts = {name: pa.array(getattr(enrolments, name), pa.int64()) for name in _COUNTS}
    return Counts(
        cells=_table(read, CELLS, cells.category, sessions),
        persistent=_table(read, ENROLMENTS, enrolments.category, {**windows, **counts}),
    )


def _table(read: Payload, shape: pa.Schema, category: Sequence[str], own: dict[str, pa.Array]) -> pa.Table:
    """A payload's own columns, with those that follow from the category and those that all its rows share."""
    place = _places(category, _CATEGORIES)
    shared = {name: pa.repeat(pa.scalar(getattr(read, name), shape.field(name).type), len(place)) for name in _SHARED}
    found = {**shared, **own, "characteristic": _CHARACTERISTIC.take(place), "value": _VALUE.take(place)}
    return pa.Table.from_arrays([found[field.name].cast(field.type) for field in shape], schema=shape)


def _places(words: Sequence[str], known: pa.Array) -> pa.Array:
    return pc.index_in(pa.array(words, pa.string()), value_set=known)
