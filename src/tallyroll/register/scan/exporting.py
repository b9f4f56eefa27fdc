"""`export`: registers out of the scan side as plain Parquet for SQL users, an authority at a time.

What comes out is no longer protected. So it goes through a door of its own, into a folder that only its owner may
enter, under its name only once it is whole.
"""

import json
import shutil
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from tallyroll.governance import Door, Permit
from tallyroll.register.blocks import DAYS, SESSIONS
from tallyroll.register.scan import dictionary
from tallyroll.register.scan.dictionary import Layout, Sheet
from tallyroll.register.scan.reading import by_school, through
from tallyroll.register.scan.side import ScanSide, said_plainly
from tallyroll.register.stretches import FIRST, LAST, PUPIL, Stretches, from_table
from tallyroll.register.words import day_number
from tallyroll.vocab.characteristics import ROLL_CHARACTERISTICS
from tallyroll.vocab.codes import CODES
from tallyroll.vocab.errors import UsageProblem
from tallyroll.vocab.identifiers import Urn
from tallyroll.vocab.packing import PRESENT_WEEK, SESSIONS_A_WEEK, unpack
from tallyroll.vocab.partitions import Partition
from tallyroll.vocab.progress import Advance, unwatched

_Ints = npt.NDArray[np.int64]
_URN, _PUPIL, _SLOT, _CODE = range(4)
"""Columns of exceptions while they are gathered; a slot counts half days from 1970."""


@dataclass(frozen=True, slots=True)
class Exported:
    """What was exported: rows by table, and bytes."""

    rows: dict[str, int]
    n_bytes: int


def export(
    permit: Permit,
    side: ScanSide,
    out: Path,
    *,
    layout: Layout,
    authorities: Collection[str],
    first: date,
    last: date,
    now: datetime,
    without: Collection[Urn] = (),
    advance: Advance = unwatched,
) -> Exported:
    """Put the registers of these authorities (none means all) and days into the folder `out`, which is made.

    Schools `without` are left out. Whatever goes wrong, no row stays behind.
    Raises: Refused when schools or days lie outside the permit; items outside it come as 0. UsageProblem when there is
            something at `out`, or when it cannot be written; VerificationProblem when the scan side is not as written.
    """
    partitions = through(
        permit, Door.EXPORT, side, authorities=authorities, days=(first, last), now=now, without=without
    )
    if out.exists():
        raise UsageProblem("There is something here already.", where=str(out), mend="Name a folder that is not there.")
    draft = out.with_name(f".{out.name}.partial")
    with said_plainly(draft), _gone_at_the_end(draft):
        draft.mkdir(mode=0o700, parents=True)
        folder, las = _Folder(draft), []
        for done, partition in enumerate(partitions, start=1):
            for sheet, table in _tables(partition, layout):
                folder.put(sheet, table, la=partition.la)
            las.append(partition.la)
            advance(done, len(partitions))
        for sheet, table in ((dictionary.CODES, _codes()), (dictionary.CHARACTERISTICS, _characteristics())):
            folder.put(sheet, table)
        what = [f"Authorities: {', '.join(las) or 'none'}.", f"Days: {first} to {last}."]
        folder.describe(layout, facts=[*what, f"Made {now:%Y-%m-%d %H:%M} UTC."])
        draft.rename(out)
    return Exported(dict(folder.rows), folder.n_bytes)


@contextmanager
def _gone_at_the_end(draft: Path) -> Iterator[None]:
    """A block before and after which there is no such folder: rows in the clear, of an export that was broken off."""
    shutil.rmtree(draft, ignore_errors=True)
    try:
        yield
    finally:
        shutil.rmtree(draft, ignore_errors=True)


@dataclass(slots=True)
class _Folder:
    """An export under way."""

    path: Path
    rows: Counter[str] = field(default_factory=Counter)
    n_bytes: int = 0

    def put(self, sheet: Sheet, table: pa.Table, *, la: str = "") -> None:
        """A table's part: of this authority, or all of it."""
        inner = self.path / sheet.name / f"la={la}" if la else self.path / sheet.name
        inner.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = inner / f"part-{len([*inner.iterdir()]):02d}.parquet"
        path.touch(mode=0o600)
        pq.write_table(table.cast(sheet.shape), path, compression="zstd")
        self.rows[sheet.name] += table.num_rows
        self.n_bytes += path.stat().st_size

    def describe(self, layout: Layout, *, facts: Sequence[str]) -> None:
        """The data dictionary, for programs and for people."""
        text = json.dumps(dictionary.tree(layout), indent=2, ensure_ascii=False)
        (self.path / "dictionary.json").write_text(f"{text}\n", encoding="utf-8")
        (self.path / "README.md").write_text(dictionary.readme(layout, facts=facts), encoding="utf-8")
        if layout in dictionary.EXAMPLES:
            (self.path / "example.sql").write_text(dictionary.EXAMPLES[layout], encoding="utf-8")


def _tables(partition: Partition, layout: Layout) -> Iterator[tuple[Sheet, pa.Table]]:
    """What an authority has for each table."""
    yield dictionary.SCHOOLS, partition.schools.select(["urn", "phase"])
    yield dictionary.ROLL, partition.spans.rename_columns([column.name for column in dictionary.ROLL.columns])
    if layout is Layout.WEEKS:
        for weeks in partition.weeks:
            yield dictionary.PACKED, weeks
        return
    exceptions, sessions = _gathered(partition)
    yield dictionary.SESSIONS, _table(dictionary.SESSIONS, sessions[:, 0], *_halves(sessions[:, 1]))
    if layout is Layout.SPELLS:
        yield dictionary.SPELLS, _spells(exceptions, sessions)
    else:
        urn, pupil, slot, code = exceptions.T
        yield dictionary.EXCEPTIONS, _table(dictionary.EXCEPTIONS, urn, pupil, *_halves(slot), code)


def _gathered(partition: Partition) -> tuple[_Ints, _Ints]:
    """Exceptions by school, pupil and slot; and the slots that each school sent."""
    rolls = {urn: _Roll.of(from_table(spans)) for urn, spans in by_school(partition.spans)}
    exceptions, sessions = [np.zeros((0, 4), dtype=np.int64)], [np.zeros((0, 2), dtype=np.int64)]
    for weeks in partition.weeks:
        columns = (weeks.column(name).to_pylist() for name in ("urn", "monday", "n_pupils", "marks"))
        for urn, monday, n_pupils, marks in zip(*columns, strict=True):
            if urn in rolls:
                slot = day_number(monday) * SESSIONS
                pupil, session, code, sent = rolls[urn].exceptions(unpack(marks, n_pupils=n_pupils), slot // SESSIONS)
                exceptions.append(np.column_stack([np.full(len(pupil), urn), pupil, slot + session, code]))
                sessions.append(np.column_stack([np.full(len(sent), urn), slot + sent]))
    gathered, came = np.concatenate(exceptions), np.concatenate(sessions)
    return gathered[np.lexsort(gathered.T[_SLOT::-1])], came[np.lexsort(came.T[::-1])]


@dataclass(frozen=True, slots=True)
class _Roll:
    """One school's roll: its stretches, the pupils in them, and where each pupil's stretches start."""

    stretches: Stretches
    pupils: npt.NDArray[np.int32]
    starts: npt.NDArray[np.int64]

    @classmethod
    def of(cls, stretches: Stretches) -> "_Roll":
        """The roll of these stretches, which are in order."""
        pupils, starts = np.unique(stretches[:, PUPIL], return_index=True)
        return cls(stretches, pupils, starts)

    def exceptions(self, marks: npt.NDArray[np.uint8], monday: int) -> tuple[_Ints, _Ints, _Ints, _Ints]:
        """Pupils, sessions of the week and codes of what is not plain present; and the sessions that were sent.

        A session was sent when anybody who is on the roll on any of the export's days has a mark in it.
        """
        week = np.zeros((len(self.pupils), SESSIONS_A_WEEK), dtype=np.uint8)
        stored = np.searchsorted(self.pupils, len(marks))
        week[:stored] = marks[self.pupils[:stored]]
        sent = week.any(axis=0)
        days = monday + np.arange(DAYS)
        meets = (self.stretches[:, FIRST, None] <= days) & (self.stretches[:, LAST, None] >= days)
        on_roll = np.repeat(np.logical_or.reduceat(meets, self.starts, axis=0), SESSIONS, axis=1)
        place, session = np.nonzero((week != PRESENT_WEEK) & sent & on_roll)
        return self.pupils[place].astype(np.int64), session, week[place, session].astype(np.int64), np.flatnonzero(sent)


def _spells(exceptions: _Ints, sessions: _Ints) -> pa.Table:
    """Runs of the same code in sessions that follow one another among those that the school sent."""
    place = np.searchsorted(_key(sessions[:, 0], sessions[:, 1]), _key(exceptions[:, _URN], exceptions[:, _SLOT]))
    same = np.all(exceptions[1:, [_URN, _PUPIL, _CODE]] == exceptions[:-1, [_URN, _PUPIL, _CODE]], axis=1)
    starts = np.flatnonzero(np.r_[np.ones(min(len(exceptions), 1), dtype=np.bool_), ~(same & (np.diff(place) == 1))])
    ends = np.r_[starts[1:], len(exceptions)][: len(starts)] - 1
    urn, pupil, slot, code = exceptions[starts].T
    halves = (*_halves(slot), *_halves(exceptions[ends, _SLOT]))
    return _table(dictionary.SPELLS, urn, pupil, code, *halves, ends - starts + 1)


def _key(urn: _Ints, slot: _Ints) -> _Ints:
    return urn << 20 | slot


def _halves(slot: _Ints) -> tuple[_Ints, _Ints]:
    """The days and the sessions of slots."""
    return slot // SESSIONS, slot % SESSIONS


def _table(sheet: Sheet, *columns: _Ints) -> pa.Table:
    arrays = []
    for numbers, kind in zip(columns, sheet.shape.types, strict=True):
        if kind == pa.date32():
            arrays.append(pa.array(numbers.astype(np.int32)).view(kind))
        else:
            arrays.append(pa.array(numbers.astype(kind.to_pandas_dtype())))
    return pa.table(arrays, schema=sheet.shape)


def _codes() -> pa.Table:
    rows = [{"code": 0, "text": "", "name": "Nothing received", "category": ""}]
    rows += [{"code": c.number, "text": c.text, "name": c.name, "category": str(c.category)} for c in CODES]
    return pa.Table.from_pylist(rows, dictionary.CODES.shape)


def _characteristics() -> pa.Table:
    rows = [
        {"characteristic": one.name, "value": number, "code": value.code, "label": value.label}
        for one in ROLL_CHARACTERISTICS
        for number, value in enumerate(one.values)
    ]
    return pa.Table.from_pylist(rows, dictionary.CHARACTERISTICS.shape)
