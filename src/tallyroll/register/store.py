"""The store of registers: one SQLite file. Readers never wait, and a school is kept whole or not at all.

Write-ahead log with `synchronous=FULL`: what was acknowledged outlives a power cut. Nothing is overwritten: what
changes gets a new revision, so that the store can be read as it stood at any time. Only `keep` writes pupils' rows
and only `read` and `known` hand them out; all three take a permit.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from threading import Lock
from types import TracebackType

from tallyroll.register import database
from tallyroll.register.calendars import calendar_from_json
from tallyroll.register.cipher import Cipher
from tallyroll.register.completeness import Completeness
from tallyroll.register.database import microseconds, plain, transaction
from tallyroll.register.keys import KeyRing
from tallyroll.register.shelf import Shelf
from tallyroll.register.words import date_of
from tallyroll.vocab.errors import UsageProblem, VerificationProblem
from tallyroll.vocab.findings import Finding, Severity
from tallyroll.vocab.identifiers import Laestab, Urn
from tallyroll.vocab.schools import Phase, School, SchoolCalendar

_USUAL_ROUNDS = 10


@dataclass(frozen=True, slots=True)
class RoundCounts:
    """How a round of collection stands: schools, and rows of marks."""

    schools_kept: int
    schools_failed: int
    received: int
    kept: int
    rejected: int


class RegisterStore:
    """An open store. Use it in a `with` block; one process writes at a time, any number may read."""

    def __init__(self, path: Path, *, read_only: bool = False, keys: Path | None = None) -> None:
        """Open the store at this path; `keys` is the folder of its keys, `<name of the store>.keys` beside it."""
        self.path = path
        self.read_only = read_only
        self.ring = KeyRing(keys or path.with_name(f"{path.name}.keys"))
        with database.plain(path):
            if not read_only:
                database.create(path)
                database.migrate(path)
            self._writer = None if read_only else database.connect(path, mode="rw")
            self._reader = database.connect(path, mode="ro")
        self._reading, self._writing = Lock(), Lock()

    def __enter__(self) -> "RegisterStore":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the store; the last one out folds the write-ahead log into the file."""
        self._reader.close()
        if self._writer is not None:
            self._writer.close()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection that sees the store as it stands now, whatever is written meanwhile."""
        with self._reading, plain(self.path), transaction(self._reader, "BEGIN"):
            yield self._reader

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A connection in a transaction of its own: all of it is on disk at the end of the block, or none."""
        if self._writer is None:
            raise UsageProblem("The store was opened for reading only.", where=str(self.path), mend="Open it to write.")
        with self._writing, plain(self.path), transaction(self._writer, "BEGIN IMMEDIATE"):
            yield self._writer

    def fold(self) -> None:
        """Fold the write-ahead log into the file and empty it, so that neither holds what was deleted.

        While somebody else reads, the log stays until the last one closes the store; it holds nothing in the clear.
        """
        if self._writer is not None:
            with self._writing, plain(self.path):
                self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def shelf(self, sql: sqlite3.Connection, urn: int) -> Shelf:
        """One school's part of the store, through a connection of `reading` or `writing`."""
        return Shelf(sql, Cipher(self.ring), urn)

    def schools(self) -> tuple[School, ...]:
        """Every school of which anything was kept, in the order of their URNs."""
        with self.reading() as sql:
            rows = sql.execute(
                "SELECT urn, max(revision), la, establishment, name, phase FROM facts GROUP BY urn ORDER BY urn"
            ).fetchall()
        return tuple(School(Urn(urn), Laestab(la, est), name, Phase(ph)) for urn, _, la, est, name, ph in rows)

    def calendar(self, urn: Urn) -> SchoolCalendar | None:
        """The calendar that the school's last extract was judged by."""
        found = self._one("SELECT calendar, max(revision) FROM facts WHERE urn = ?", urn.number)
        return calendar_from_json(str(found[0])) if found and found[0] else None

    def weeks(self, urn: Urn) -> tuple[date, ...]:
        """The Mondays of the weeks of which the school ever sent a mark."""
        with self.reading() as sql:
            rows = sql.execute("SELECT DISTINCT monday FROM week WHERE urn = ? ORDER BY monday", (urn.number,))
            return tuple(date_of(monday) for (monday,) in rows)

    def revision(self, urn: Urn) -> int:
        """The number of the school's latest revision; 0 before the first."""
        found = self._one("SELECT revision FROM school WHERE urn = ?", urn.number)
        return int(str(found[0])) if found else 0

    def resume(self, urn: Urn, source: str) -> str:
        """The source's bookmark of the school's last kept extract; blank when there is none."""
        found = self._one("SELECT resume FROM bookmark WHERE urn = ? AND source = ?", urn.number, source)
        return str(found[0]) if found else ""

    def finished(self, round_id: str) -> frozenset[Urn]:
        """The schools that this round has kept: what a round that was broken off need not do again."""
        with self.reading() as sql:
            rows = sql.execute("SELECT urn FROM round WHERE id = ? AND state = 'kept'", (round_id,)).fetchall()
        return frozenset(Urn(urn) for (urn,) in rows)

    def is_finished(self, round_id: str, urn: Urn) -> bool:
        """Whether this round has kept this school."""
        statement = "SELECT 1 FROM round WHERE id = ? AND urn = ? AND state = 'kept'"
        return self._one(statement, round_id, urn.number) is not None

    def findings(self, round_id: str) -> Iterator[tuple[Urn, Finding]]:
        """What was found in this round, in the order of the schools' URNs, each school's in the order of finding.

        Each school is read in a moment of its own, so that neither memory nor a writer bears a long list.
        """
        with self.reading() as sql:
            schools = sql.execute("SELECT DISTINCT urn FROM finding WHERE round_id = ? ORDER BY urn", (round_id,))
            urns = [urn for (urn,) in schools]
        for urn in urns:
            with self.reading() as sql:
                found = self.shelf(sql, urn).findings(round_id)
            yield from ((Urn(urn), one) for one in found)

    def finding_counts(self, round_id: str) -> dict[tuple[str, Severity], int]:
        """How many rows each check found in this round, by the check's name and severity."""
        with self.reading() as sql:
            rows = sql.execute(
                "SELECT check_name, severity, sum(n_rows) FROM finding WHERE round_id = ?"
                " GROUP BY check_name, severity ORDER BY check_name, severity",
                (round_id,),
            ).fetchall()
        return {(check, Severity(severity)): n_rows for check, severity, n_rows in rows}

    def counts(self, round_id: str) -> RoundCounts:
        """How a round stands."""
        found = self._one(
            "SELECT coalesce(sum(state = 'kept'), 0), coalesce(sum(state = 'failed'), 0), coalesce(sum(received), 0),"
            " coalesce(sum(kept), 0), coalesce(sum(rejected), 0) FROM round WHERE id = ?",
            round_id,
        )
        return RoundCounts(*(int(str(number)) for number in found or ()))

    def usual(self, urn: Urn) -> Completeness | None:
        """How complete the school's last ten full extracts were together; None before the first."""
        found = self._one(
            "SELECT sum(filled), sum(due) FROM (SELECT filled, due FROM round WHERE urn = ? AND due > 0"
            " ORDER BY finished_at DESC LIMIT ?)",
            urn.number,
            _USUAL_ROUNDS,
        )
        return Completeness(int(str(found[0])), int(str(found[1]))) if found and found[1] else None

    def record_failure(self, round_id: str, urn: Urn, *, reason: str, now: datetime) -> None:
        """Write down that a school gave nothing in this round, and why. A school that was kept stays kept."""
        with self.writing() as sql:
            sql.execute(
                "INSERT INTO round VALUES (?, ?, 'failed', 0, 0, 0, 0, 0, '', ?, ?)"
                " ON CONFLICT (id, urn) DO UPDATE SET reason = excluded.reason, finished_at = excluded.finished_at"
                " WHERE state = 'failed'",
                (round_id, urn.number, reason, microseconds(now)),
            )

    def verify(self) -> int:
        """How many blocks there are, once every one of them and the file itself is proved whole.

        Raises: VerificationProblem that names the first place that is not.
        """
        with self.reading() as sql:
            told = [*sql.execute("PRAGMA integrity_check(1)"), *sql.execute("PRAGMA foreign_key_check")]
            if told != [("ok",)]:
                raise VerificationProblem(
                    "The store's file is damaged.", where=str(self.path), mend="Restore it from a copy."
                )
            schools = sql.execute("SELECT urn FROM school").fetchall()
            return sum(self.shelf(sql, urn).verify() for (urn,) in schools)

    def _one(self, statement: str, *values: int | str) -> tuple[object, ...] | None:
        with self.reading() as sql:
            row: tuple[object, ...] | None = sql.execute(statement, values).fetchone()
        return row
