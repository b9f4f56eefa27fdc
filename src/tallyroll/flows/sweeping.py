"""Tallies whose time is over: which counts of a folder or an inbox are due, and their end.

A tally of which every day is due goes whole: it is moved to a hidden folder first, then deleted. Of one with some days
due, each of its two files is replaced by one without them. Whatever is broken off, the next run finishes.
"""

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import parquet

from tallyroll import tally
from tallyroll.flows.receiving import RECEIPT, TALLY
from tallyroll.register import Forgotten
from tallyroll.tally import Tally
from tallyroll.vocab.durable import sync
from tallyroll.vocab.durations import Duration
from tallyroll.vocab.errors import InputProblem, UsageProblem
from tallyroll.vocab.progress import Advance, unwatched

_DAYS = {"cells.parquet": "date", "enrolments.parquet": "last"}
"""The files of a tally, and the column with the newest day that a row of each counts."""

_KINDS = {"cells.parquet": "cell", "enrolments.parquet": "enrolment cell"}
_DESK = "retaining"


class Place(NamedTuple):
    """Where a tally lies: the folder that goes with it, the tally itself, and where what goes is put first."""

    folder: Path
    tally: Path
    desk: Path


@dataclass(frozen=True, slots=True)
class Aged:
    """A tally with counts of days up to `until`: all of them (`whole`), or some; `since`: when the first was due."""

    place: Place
    until: date
    whole: bool
    rows: Mapping[str, int]
    since: date
    key: bool = False  # none locks a tally

    @property
    def what(self) -> str:
        """Where it lies."""
        return str(self.place.folder)


def aged(roots: Sequence[Path], *, retention: Duration, as_of: date, advance: Advance = unwatched) -> tuple[Aged, ...]:
    """The tallies below these folders of which something is due on this day; nothing is changed.

    A cell counts from its day, a cell of enrolments from the last day of its window.
    Raises: UsageProblem when a folder holds anything but tallies; InputProblem for a file that cannot be read.
    """
    places, found = tuple(_places(roots)), []
    for done, place in enumerate(places, start=1):
        found.append(_aged(place, retention=retention, until=retention.before(as_of)))
        advance(done, len(places))
    return tuple(one for one in found if one)


def _aged(place: Place, *, retention: Duration, until: date) -> Aged | None:
    days = {name: _column(place.tally / name, column) for name, column in _DAYS.items()}
    n_due = {name: pc.sum(pc.less_equal(each, until)).as_py() or 0 for name, each in days.items()}
    if not any(n_due.values()):
        return None
    oldest = min(pc.min(each).as_py() for each in days.values() if len(each))
    whole = all(n_due[name] == len(each) for name, each in days.items())
    rows = {"tally": int(whole), **{_KINDS[name]: number for name, number in n_due.items()}}
    return Aged(place, until, whole, rows, retention.after(oldest))


def inventory(roots: Sequence[Path]) -> dict[str, int]:
    """How many tallies lie below these folders, and how many cells they hold."""
    total = {"tally": 0, **dict.fromkeys(_KINDS.values(), 0)}
    for place in _places(roots):
        total["tally"] += 1
        for name in _DAYS:
            total[_KINDS[name]] += _n_rows(place.tally / name)
    return total


def sweep(roots: Sequence[Path], due: Sequence[Aged], *, now: datetime, advance: Advance = unwatched) -> Forgotten:
    """Delete what is due, and what a run that was broken off left behind. Broken off, do it again."""
    went = {"tally": 0, **dict.fromkeys(_KINDS.values(), 0)}
    for root in _resolved(roots):
        for desk in (_beside(root), _inside(root)):
            _remove(desk)
    for done, one in enumerate(due, start=1):
        with _said_plainly(one.place.folder):
            (_end if one.whole else _cut)(one)
        for kind, number in one.rows.items():
            went[kind] += number
        advance(done, len(due))
    return Forgotten(now, went, 0)


def _end(one: Aged) -> None:
    folder, _, desk = one.place
    desk.mkdir(mode=0o700)
    folder.rename(desk / folder.name)
    sync(folder.parent)
    _remove(desk)


def _cut(one: Aged) -> None:
    """Replace each file by one without the due days: at any moment both are there, and whole."""
    _, place, desk = one.place
    held = tally.load(place)
    kept = (table.filter(pc.greater(table[_DAYS[name]], one.until)) for name, table in _tables(held))
    desk.mkdir(mode=0o700)
    tally.save(Tally(*kept), desk / place.name)
    for name in _DAYS:
        sync(desk / place.name / name)
        os.replace(desk / place.name / name, place / name)
    sync(place)
    _remove(desk)


def _tables(held: Tally) -> Iterator[tuple[str, pa.Table]]:
    yield from zip(_DAYS, (held.cells, held.persistent), strict=True)


def _places(roots: Sequence[Path]) -> Iterator[Place]:
    """Every tally below these folders: a root is a tally, an inbox of `tallyroll receive`, or not there any more."""
    for root in _resolved(roots):
        with _said_plainly(root):
            if _names(root) and _names(root) <= set(_DAYS):
                yield Place(root, root, _beside(root))
            else:
                yield from _taken(root)


def _taken(inbox: Path) -> Iterator[Place]:
    """The tallies of an inbox: one folder for each school and revision."""
    for urn in sorted(_names(inbox)):
        if not (urn.isascii() and urn.isdecimal() and len(urn) == 6):
            raise _no_tallies(inbox / urn)
        for revision in sorted(_names(inbox / urn)):
            place = inbox / urn / revision
            if _names(place) != {TALLY, RECEIPT}:
                raise _no_tallies(place)
            yield Place(place, place / TALLY, _inside(inbox))


def _names(folder: Path) -> set[str]:
    """What stands in a folder, hidden things aside; nothing where there is none."""
    return {name for name in os.listdir(folder) if not name.startswith(".")} if folder.exists() else set()


def _resolved(roots: Sequence[Path]) -> tuple[Path, ...]:
    return tuple(dict.fromkeys(root.resolve() for root in roots))


def _beside(root: Path) -> Path:
    return root.with_name(f".{root.name}.{_DESK}")


def _inside(inbox: Path) -> Path:
    return inbox / f".{_DESK}"  # not beside it: an inbox may be a volume of its own


def _column(path: Path, name: str) -> pa.ChunkedArray:
    with _whole(path), parquet.ParquetFile(path) as file:  # read_table takes twice as long for a small file
        return file.read(columns=[name], use_threads=False)[name].cast(pa.date32())


def _n_rows(path: Path) -> int:
    with _whole(path):
        return int(parquet.read_metadata(path).num_rows)


@contextmanager
def _whole(path: Path) -> Iterator[None]:
    try:
        yield
    except (pa.ArrowException, KeyError, OSError, ValueError) as error:
        mend = "Restore the tally, or delete its folder by hand: it cannot be told how old it is."
        raise InputProblem("The file is not a whole table of cells.", where=str(path), mend=mend) from error


def _remove(folder: Path) -> None:
    with _said_plainly(folder):
        if folder.exists():
            shutil.rmtree(folder)


@contextmanager
def _said_plainly(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        what = f"These tallies cannot be looked through or deleted: {error.strerror}."
        raise UsageProblem(
            what, where=str(folder), mend="See to the rights of the folder, and run it again."
        ) from error


def _no_tallies(place: Path) -> UsageProblem:
    mend = "Name a tally's folder, or an inbox of `tallyroll receive`, and move what does not belong there."
    return UsageProblem("This is neither a tally nor an inbox of them.", where=str(place), mend=mend)
