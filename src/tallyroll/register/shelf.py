"""One school's shelf in the store: its roll, weeks, pupils and findings, encrypted on the way in. This room only.

Everything lies under the key of one academic year, so that a year can be destroyed and the next lose nothing:

- A week belongs to the year of its Friday, so that the week across 31 August lives as long as its September days.
- A roll is cut at 31 August into one part for each year. The first part also holds what lies before it, the last
  what lies after, for nobody knows yet how that will be cut.
- A pupil's key stands in the list of every year on whose part of the roll the pupil is.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from tallyroll.register.blocks import (
    DAYS,
    Marks,
    pack_pupils,
    pack_roll,
    pack_week,
    unpack_pupils,
    unpack_roll,
    unpack_week,
)
from tallyroll.register.cipher import Cipher, Place
from tallyroll.register.stretches import COLUMNS, Stretches, joined, no_stretches
from tallyroll.register.words import date_of, day_number
from tallyroll.vocab.findings import Finding, Severity
from tallyroll.vocab.periods import AcademicYear

LATEST = 2**62
"""A revision later than any."""

TO_FRIDAY = DAYS - 1

_COLUMNS = ",".join(COLUMNS)


def year_of_week(monday: int) -> AcademicYear:
    """The academic year whose key locks the week of this Monday."""
    return AcademicYear.of(date_of(monday) + timedelta(days=TO_FRIDAY))


def weeks_of_year(year: AcademicYear) -> tuple[int, int]:
    """The numbers of the days between which the Mondays of a year's weeks lie."""
    return day_number(year.first) - TO_FRIDAY, day_number(year.last) - TO_FRIDAY


@dataclass(frozen=True, slots=True)
class Shelf:
    """What the store holds of one school, through one connection."""

    sql: sqlite3.Connection
    cipher: Cipher
    urn: int

    def revision_at(self, as_of: int) -> int:
        """The school's revision at that moment (microseconds); 0 before its first."""
        statement = "SELECT max(revision) FROM revision WHERE urn = ? AND received_at <= ?"
        return int(self.sql.execute(statement, (self.urn, as_of)).fetchone()[0] or 0)

    def roll(self, *, revision: int = LATEST) -> Stretches:
        """The whole roll as that revision knew it."""
        return whole_roll(self.roll_parts(revision=revision).values())

    def roll_parts(self, *, revision: int = LATEST) -> dict[int, Stretches]:
        """The roll as that revision knew it, academic year by year."""
        rows = self.sql.execute(
            "SELECT year, max(revision), n_spans, columns, spans FROM roll WHERE urn = ? AND revision <= ?"
            " GROUP BY year ORDER BY year",
            (self.urn, revision),
        )  # beside max() SQLite gives the other columns of the row that holds it
        return {year: self._open_roll(year, *rest) for year, *rest in rows}

    def _open_roll(self, year: int, revision: int, n_spans: int, columns: str, data: bytes) -> Stretches:
        opened = self.cipher.decrypt(data, self._roll_place(year, revision, n_spans, columns))
        return unpack_roll(opened, n_spans=n_spans, columns=columns)

    def add_roll(self, year: int, stretches: Stretches, *, revision: int) -> None:
        """Put a year's part of the roll on the shelf."""
        place = self._roll_place(year, revision, len(stretches), _COLUMNS)
        locked = self.cipher.encrypt(pack_roll(stretches), place)
        row = (self.urn, year, revision, len(stretches), _COLUMNS, locked)
        self.sql.execute("INSERT INTO roll VALUES (?, ?, ?, ?, ?, ?)", row)

    def weeks(self, *, first: int, last: int, revision: int = LATEST) -> dict[int, Marks]:
        """The weeks from one Monday to another as that revision knew them, by their Mondays."""
        rows = self.sql.execute(
            "SELECT monday, max(revision), n_pupils, marks FROM week"
            " WHERE urn = ? AND monday BETWEEN ? AND ? AND revision <= ? GROUP BY monday ORDER BY monday",
            (self.urn, first, last, revision),
        )
        return {monday: self._open_week(monday, *rest) for monday, *rest in rows}

    def _open_week(self, monday: int, revision: int, n_pupils: int, data: bytes) -> Marks:
        opened = self.cipher.decrypt(data, self._week_place(monday, revision, n_pupils))
        return unpack_week(opened, n_pupils=n_pupils)

    def add_week(self, monday: int, marks: Marks, *, revision: int) -> None:
        """Put a week of marks on the shelf."""
        locked = self.cipher.encrypt(pack_week(marks), self._week_place(monday, revision, len(marks)))
        row = (self.urn, monday, revision, len(marks), locked)
        self.sql.execute("INSERT INTO week VALUES (?, ?, ?, ?, ?)", row)

    def pupils(self) -> Iterator[tuple[int, dict[str, int]]]:
        """Each year's list, the latest year first: the pupils' numbers by their keys."""
        rows = self.sql.execute("SELECT year, keys FROM pupil WHERE urn = ? ORDER BY year DESC", (self.urn,))
        for year, data in rows:
            yield year, unpack_pupils(self.cipher.decrypt(data, self._pupil_place(year)))

    def put_pupils(self, year: int, numbers: dict[str, int]) -> None:
        """Put a year's list on the shelf, in the place of the one before."""
        locked = self.cipher.encrypt(pack_pupils(numbers), self._pupil_place(year))
        self.sql.execute("INSERT OR REPLACE INTO pupil VALUES (?, ?, ?, NULL)", (self.urn, year, locked))

    def put_seen(self, year: int, seen: bytes) -> None:
        """Remember the roll that was last given, beside the list of this year's pupils, and forget those before it."""
        locked = self.cipher.encrypt(seen, self._seen_place(year))
        statement = "UPDATE pupil SET seen = CASE year WHEN ?2 THEN ?3 END WHERE urn = ?1"
        self.sql.execute(statement, (self.urn, year, locked))

    def open_seen(self, year: int, data: bytes) -> bytes:
        """What `put_seen` was given."""
        return self.cipher.decrypt(data, self._seen_place(year))

    def add_findings(self, round_id: str, findings: Iterable[Finding], *, year: int) -> None:
        """Put what a round found on the shelf: which check and how many rows in the clear, the rest locked."""
        rows = []
        for one in findings:
            told = json.dumps([one.message, one.mend, one.place, one.row, one.field], ensure_ascii=False).encode()
            counted = (one.check, str(one.severity), one.n_rows)
            locked = self.cipher.encrypt(told, self._finding_place(round_id, year, *counted))
            rows.append((round_id, self.urn, year, *counted, locked))
        self.sql.executemany("INSERT INTO finding VALUES (?, ?, ?, ?, ?, ?, ?)", rows)

    def findings(self, round_id: str) -> list[Finding]:
        """What a round found, in the order of finding."""
        rows = self.sql.execute(
            "SELECT year, check_name, severity, n_rows, told FROM finding WHERE round_id = ? AND urn = ?"
            " ORDER BY rowid",
            (round_id, self.urn),
        )
        found = []
        for year, check, severity, n_rows, data in rows:
            told = self.cipher.decrypt(data, self._finding_place(round_id, year, check, severity, n_rows))
            message, mend, source, row, field = json.loads(told)
            found.append(Finding(check, Severity(severity), message, mend, source, row, field, n_rows))
        return found

    def verify(self) -> int:
        """How many blocks the shelf has, once each was decrypted; VerificationProblem names one that cannot be.

        What is remembered of the roll last given counts as part of its list of pupils.
        """
        rolls = self.sql.execute("SELECT year, revision, n_spans, columns, spans FROM roll WHERE urn = ?", (self.urn,))
        weeks = self.sql.execute("SELECT monday, revision, n_pupils, marks FROM week WHERE urn = ?", (self.urn,))
        seen = self.sql.execute("SELECT year, seen FROM pupil WHERE urn = ? AND seen IS NOT NULL", (self.urn,))
        rounds = self.sql.execute("SELECT DISTINCT round_id FROM finding WHERE urn = ?", (self.urn,)).fetchall()
        n_blocks = sum(1 for row in rolls if self._open_roll(*row) is not None)
        n_blocks += sum(1 for row in weeks if self._open_week(*row) is not None)
        n_blocks += sum(1 for _ in self.pupils())
        for row in seen:
            self.open_seen(*row)
        return n_blocks + sum(len(self.findings(round_id)) for (round_id,) in rounds)

    def _roll_place(self, year: int, revision: int, n_spans: int, columns: str) -> Place:
        return Place(self.urn, year, f"roll, revision {revision}", (n_spans, columns))

    def _week_place(self, monday: int, revision: int, n_pupils: int) -> Place:
        what = f"week {date_of(monday)}, revision {revision}"
        return Place(self.urn, year_of_week(monday).start, what, (n_pupils,))

    def _pupil_place(self, year: int) -> Place:
        return Place(self.urn, year, f"pupils of {AcademicYear(year).label}")

    def _seen_place(self, year: int) -> Place:
        return Place(self.urn, year, f"the roll last given, beside the pupils of {AcademicYear(year).label}")

    def _finding_place(self, round_id: str, year: int, check: str, severity: str, n_rows: int) -> Place:
        return Place(self.urn, year, f"findings of round {round_id}", (check, severity, n_rows))


def whole_roll(parts: Iterable[Stretches]) -> Stretches:
    """The roll of which these are the parts."""
    found = [*parts]
    if len(found) < 2:
        return found[0] if found else no_stretches()
    return joined(np.concatenate(found))
