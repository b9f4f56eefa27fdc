"""`changed`: what a school's registers were at one revision and are at another, for counts that are kept current."""

import sqlite3
from dataclasses import dataclass
from datetime import date, datetime

import pyarrow as pa

from tallyroll.governance import Door, Permit
from tallyroll.register.blocks import Marks
from tallyroll.register.merging import monday_of
from tallyroll.register.scan.gathering import weeks_table
from tallyroll.register.shelf import Shelf
from tallyroll.register.store import RegisterStore
from tallyroll.register.stretches import to_table, without
from tallyroll.register.words import day_number
from tallyroll.vocab.identifiers import Urn
from tallyroll.vocab.items import ESSENTIAL
from tallyroll.vocab.packing import pack
from tallyroll.vocab.shapes import SCHOOLS, SPANS

_HOME = "SELECT la, phase FROM facts WHERE urn = ? AND revision <= ? ORDER BY revision DESC LIMIT 1"
_MOVED = "SELECT 1 FROM facts WHERE urn = ? AND revision > ? AND revision <= ? AND (la, phase) <> (?, ?) LIMIT 1"
_ROLL_CHANGED = "SELECT 1 FROM roll WHERE urn = ? AND revision > ? AND revision <= ? LIMIT 1"
_WEEKS_CHANGED = """
SELECT DISTINCT monday FROM week
WHERE urn = ? AND monday BETWEEN ? AND ? AND revision > ? AND revision <= ? ORDER BY monday
"""


@dataclass(frozen=True, slots=True)
class SchoolChange:
    """What is different of one school: where it belongs now, its weeks as they were (`gone`) and are (`come`).

    `anew`: its roll, phase or authority differs, so that all its weeks are named, with its `schools` row and `spans`.
    Shape: WEEKS, WEEKS, SCHOOLS, SPANS.
    """

    urn: int
    la: str
    anew: bool
    gone: pa.Table
    come: pa.Table
    schools: pa.Table
    spans: pa.Table


def revisions(store: RegisterStore) -> dict[int, int]:
    """The latest revision of each school, by URN."""
    with store.reading() as sql:
        return dict(sql.execute("SELECT urn, revision FROM school WHERE revision > 0 ORDER BY urn").fetchall())


def changed(
    permit: Permit,
    store: RegisterStore,
    *,
    school: Urn,
    since: int,
    until: int,
    la: str | None,
    first: date,
    last: date,
    now: datetime,
) -> SchoolChange:
    """What differs of a school between two revisions, over these days. `la` is where it was counted: None, nowhere.

    Raises: Refused when school or days lie outside the permit; items outside it come as 0, unknown.
            VerificationProblem when stored bytes are not those that were written.
    """
    permit.check(Door.COUNT, now=now, schools=[school], days=(first, last), items=ESSENTIAL)
    edges = (monday_of(day_number(first)), day_number(last))
    with store.reading() as sql:
        one = _Between(sql, store.shelf(sql, school.number), since, until)
        its_la, phase = one.home(until) or ("", "")
        anew = la != its_la or one.moved() or one.roll_changed()
        mondays = None if anew else one.weeks_changed(edges)
        stretches = without(one.shelf.roll(revision=until), permit.request.items) if anew else None
        return SchoolChange(
            urn=school.number,
            la=its_la,
            anew=anew,
            gone=one.weeks(edges, since, mondays),
            come=one.weeks(edges, until, mondays),
            schools=pa.Table.from_pylist([{"urn": school.number, "la": its_la, "phase": phase}] * anew, schema=SCHOOLS),
            spans=SPANS.empty_table() if stretches is None else to_table(stretches, urn=school.number),
        )


@dataclass(frozen=True, slots=True)
class _Between:
    """One school's shelf at two revisions."""

    sql: sqlite3.Connection
    shelf: Shelf
    since: int
    until: int

    def home(self, revision: int) -> tuple[str, str] | None:
        """Authority and phase at a revision; None before the first."""
        row: tuple[str, str] | None = self.sql.execute(_HOME, (self.shelf.urn, revision)).fetchone()
        return row

    def moved(self) -> bool:
        """Whether authority or phase were ever others between the revisions, for it may have been counted so."""
        was = self.home(self.since)
        edges = (self.shelf.urn, self.since, self.until)
        return was is None or self.sql.execute(_MOVED, (*edges, *was)).fetchone() is not None

    def roll_changed(self) -> bool:
        """Whether a part of the roll is new."""
        return self.sql.execute(_ROLL_CHANGED, (self.shelf.urn, self.since, self.until)).fetchone() is not None

    def weeks_changed(self, edges: tuple[int, int]) -> set[int]:
        """The Mondays of new weeks."""
        found = self.sql.execute(_WEEKS_CHANGED, (self.shelf.urn, *edges, self.since, self.until))
        return {monday for (monday,) in found}

    def weeks(self, edges: tuple[int, int], revision: int, mondays: set[int] | None) -> pa.Table:
        """The weeks at a revision, packed: these, or all."""
        found = {
            monday: marks
            for monday, marks in self._opened(edges, revision, mondays).items()
            if mondays is None or monday in mondays
        }
        n_pupils = pa.array([len(marks) for marks in found.values()], pa.int32())
        packed = [pack(marks) for marks in found.values()]
        return weeks_table([self.shelf.urn] * len(found), [*found], [revision] * len(found), n_pupils, packed)

    def _opened(self, edges: tuple[int, int], revision: int, mondays: set[int] | None) -> dict[int, Marks]:
        if mondays is not None and not mondays:
            return {}
        first, last = edges if mondays is None else (min(mondays), max(mondays))
        return self.shelf.weeks(first=first, last=last, revision=revision)
