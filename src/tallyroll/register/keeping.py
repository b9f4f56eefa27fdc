"""`keep`: one school's screened extract into the store, in one transaction: all of it or nothing."""

import sqlite3
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np

from tallyroll.governance import Door, Permit
from tallyroll.register.blocks import roll_content, week_content
from tallyroll.register.calendars import calendar_to_json
from tallyroll.register.database import microseconds
from tallyroll.register.merging import Said, merged_roll, merged_weeks
from tallyroll.register.revisions import roll_at, weeks_at
from tallyroll.register.screening import Screened
from tallyroll.register.sieve import Ints
from tallyroll.register.store import RegisterStore
from tallyroll.register.stretches import COLUMNS, PUPIL, Stretches, from_table, items_held, numbers_of, since
from tallyroll.register.words import date_of, day_number
from tallyroll.vocab.errors import InputProblem
from tallyroll.vocab.identifiers import Urn
from tallyroll.vocab.items import ESSENTIAL
from tallyroll.vocab.periods import AcademicYear


@dataclass(frozen=True, slots=True)
class Kept:
    """What keeping changed: the school's latest revision, whether its roll is new, and the Mondays of new weeks."""

    urn: Urn
    revision: int
    roll_changed: bool
    weeks_changed: tuple[date, ...]

    @property
    def changed(self) -> bool:
        """Whether there is anything new to count."""
        return self.roll_changed or bool(self.weeks_changed)


def keep(permit: Permit, store: RegisterStore, screened: Screened, *, now: datetime, round_id: str = "") -> Kept:
    """The extract in the store, durably, with bookmark, line in the round and findings; only what differs is new.

    Raises: Refused when it lies outside the permit. InputProblem when a full extract has nobody on its roll though
            the school has pupils, and when the disk is full. VerificationProblem when what it builds on is damaged.
    """
    given = from_table(screened.spans)
    days = (screened.first, screened.last)
    items = ESSENTIAL | items_held(given)
    permit.check(Door.PULL, now=now, schools=(screened.school.urn,), days=days, items=items)
    with store.writing() as sql:
        writer = _Writer(sql, screened, now=microseconds(now))
        writer.keep_facts()
        numbers = writer.pupil_numbers()
        roll_changed = writer.keep_roll(given, numbers)
        weeks_changed = writer.keep_weeks(numbers)
        writer.keep_bookmark()
        if round_id:
            writer.keep_round(round_id)
        return Kept(screened.school.urn, writer.revision, roll_changed, weeks_changed)


class _Writer:
    """One school's transaction. Its revision is opened by the first thing that differs from what was known."""

    def __init__(self, sql: sqlite3.Connection, screened: Screened, *, now: int) -> None:
        self.sql, self.screened, self.now = sql, screened, now
        self.urn = screened.school.urn.number
        sql.execute("INSERT INTO school VALUES (?, 0) ON CONFLICT DO NOTHING", (self.urn,))
        found: tuple[int] = sql.execute("SELECT revision FROM school WHERE urn = ?", (self.urn,)).fetchone()
        self.revision = found[0]
        self._opened = False

    def _open_revision(self) -> int:
        """The number of this transaction's revision. Within a school time never runs back, whatever the clock says."""
        if not self._opened:
            self._opened = True
            self.revision += 1
            self.sql.execute("UPDATE school SET revision = ? WHERE urn = ?", (self.revision, self.urn))
            self.sql.execute(
                "INSERT INTO revision SELECT ?1, ?2, max(?3, coalesce(max(received_at), ?3)), ?4"
                " FROM revision WHERE urn = ?1",
                (self.urn, self.revision, self.now, self.screened.source),
            )
        return self.revision

    def keep_facts(self) -> None:
        """The school's name, place and calendar, if they differ."""
        school, laestab = self.screened.school, self.screened.school.laestab
        calendar = calendar_to_json(self.screened.calendar)
        facts = (laestab.la, laestab.establishment, school.name, str(school.phase), calendar)
        known = self.sql.execute(
            "SELECT la, establishment, name, phase, calendar FROM facts WHERE urn = ? ORDER BY revision DESC LIMIT 1",
            (self.urn,),
        ).fetchone()
        if known != facts:
            row = (self.urn, self._open_revision(), *facts)
            self.sql.execute("INSERT INTO facts VALUES (?, ?, ?, ?, ?, ?, ?)", row)

    def pupil_numbers(self) -> Ints:
        """The number of each key of the extract: given in the order of coming, never given again."""
        keys = self.screened.keys
        numbers = dict(self.sql.execute("SELECT key, number FROM pupil WHERE urn = ?", (self.urn,)))
        new = [key for key in keys if key not in numbers]
        if new:
            rows = [(self.urn, number, key) for number, key in enumerate(new, start=len(numbers))]
            self.sql.executemany("INSERT INTO pupil VALUES (?, ?, ?)", rows)
            numbers.update((key, number) for _, number, key in rows)
        return np.fromiter(map(numbers.__getitem__, keys), dtype=np.int64, count=len(keys))

    def keep_roll(self, given: Stretches, numbers: Ints) -> bool:
        """The roll as it is now; true when it differs from what was known."""
        screened = self.screened
        if not (screened.full or len(given) or screened.removed):
            return False
        known, sha256 = roll_at(self.sql, self.urn)
        self._refuse_empty(known, given)
        numbered = given.copy()
        numbered[:, PUPIL] = numbers[given[:, PUPIL]]
        content = roll_content(
            merged_roll(
                known,
                numbered,
                removed=self._removed_numbers(),
                year_start=day_number(AcademicYear.of(screened.first).first),
                left_before=day_number(screened.first) if screened.full else None,
            )
        )
        if content.sha256 == sha256 or (content.n_rows == 0 and not sha256):
            return False
        row = (self.urn, self._open_revision(), content.n_rows, ",".join(COLUMNS))
        self.sql.execute("INSERT INTO roll VALUES (?, ?, ?, ?, ?, ?)", (*row, content.compressed(), content.sha256))
        return True

    def _refuse_empty(self, known: Stretches, given: Stretches) -> None:
        """An empty roll is a lost grant of access, not a school whose pupils all went on one day."""
        first = day_number(self.screened.first)
        if self.screened.full and len(given) == 0 and len(since(known, first)):
            raise InputProblem(
                "A full extract without a single pupil was not kept, for the school has pupils.",
                where=f"school {self.urn}",
                mend="See whether the source still grants access to the roll.",
            )

    def _removed_numbers(self) -> Ints:
        statement = "SELECT number FROM pupil WHERE urn = ? AND key = ?"
        found = [self.sql.execute(statement, (self.urn, key)).fetchone() for key in self.screened.removed]
        return np.array([row[0] for row in found if row is not None], dtype=np.int64)

    def keep_weeks(self, numbers: Ints) -> tuple[date, ...]:
        """The Mondays of the weeks that differ from what was known, each now written whole."""
        said = _said(self.screened, numbers)
        mondays = said.mondays()
        known = weeks_at(self.sql, self.urn, first=mondays[0], last=mondays[-1]) if mondays else {}
        changed = []
        for monday, marks in merged_weeks({monday: marks for monday, (marks, _) in known.items()}, said):
            content = week_content(marks)
            same = known[monday][1] == content.sha256 if monday in known else content.n_rows == 0
            if not same:
                row = (self.urn, monday, self._open_revision(), content.n_rows)
                blobs = (content.compressed(), content.sha256)
                self.sql.execute("INSERT INTO week VALUES (?, ?, ?, ?, ?, ?)", (*row, *blobs))
                changed.append(date_of(monday))
        return tuple(changed)

    def keep_bookmark(self) -> None:
        """Where the source goes on from next time."""
        self.sql.execute(
            "INSERT INTO bookmark VALUES (?, ?, ?) ON CONFLICT (urn, source) DO UPDATE SET resume = excluded.resume",
            (self.urn, self.screened.source, self.screened.resume),
        )

    def keep_round(self, round_id: str) -> None:
        """The school's line in the round, and what was found; an earlier line of it and its findings go."""
        screened, rows = self.screened, self.screened.mark_rows
        filled, due = (screened.completeness.filled, screened.completeness.due) if screened.completeness else (0, 0)
        counts = (rows.received, rows.kept, rows.rejected, filled, due)
        self.sql.execute("DELETE FROM finding WHERE round_id = ? AND urn = ?", (round_id, self.urn))
        self.sql.execute(
            "INSERT OR REPLACE INTO round VALUES (?, ?, 'kept', ?, ?, ?, ?, ?, ?, '', ?)",
            (round_id, self.urn, *counts, screened.resume, self.now),
        )
        self._keep_findings(round_id)

    def _keep_findings(self, round_id: str) -> None:
        key = (round_id, self.urn)
        found = (
            (*key, one.check, one.severity, one.place, one.row, one.field, one.message, one.mend, one.n_rows)
            for one in self.screened.findings
        )
        self.sql.executemany("INSERT INTO finding VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", found)


def _said(screened: Screened, numbers: Ints) -> Said:
    columns = (numbers_of(screened.marks, name).astype(np.int64) for name in ("pupil", "date", "session", "code"))
    pupil, day, session, code = columns
    replaced = (day_number(screened.first), day_number(screened.last)) if screened.full else None
    return Said(numbers[pupil], day, session, code, replaced)
