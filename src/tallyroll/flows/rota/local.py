"""A rota in one SQLite file, for the collectors of one machine: any number of processes, each killed at any moment.

Write-ahead log with `synchronous=FULL`; each method is one transaction that begins as a writer, so that no two see the
same turn free. `ready` is the moment at which a turn falls free: due while it waits, the end of the lease while it is
claimed, empty where there is nothing to claim; the index on it makes a claim cheap however many schools there are.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from threading import Lock

from tallyroll.connectors.interface import SchoolState, SourceSchool
from tallyroll.flows.rota import statements
from tallyroll.flows.rota.interface import Claim, Collector, Limits, Line, Listing, Planned, Pull, Turn
from tallyroll.register.database import BUSY_S, microseconds, moment, plain, transaction
from tallyroll.vocab.errors import UsageProblem
from tallyroll.vocab.identifiers import Laestab, Urn
from tallyroll.vocab.schools import Phase, School

APPLICATION_ID, VERSION = 0x54414C52, 1  # "TALR": a file that says so is a rota of ours
_UNIT = timedelta(microseconds=1)
BURST_S = 10.0  # how many seconds' worth of schools may be handed out at once


class LocalRota:
    """A rota in a file of this machine; see `Rota`."""

    def __init__(self, path: Path) -> None:
        """Open the rota at this path; made where there is none."""
        self.path = path
        with plain(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600)
            self._sql = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=BUSY_S)
            try:
                self._prepare()
            except BaseException:
                self._sql.close()
                raise
        self._turn = Lock()

    def _prepare(self) -> None:
        self._sql.row_factory = sqlite3.Row
        self._sql.execute("PRAGMA synchronous = FULL")
        if self._identity() == (0, 0):
            self._sql.execute("PRAGMA journal_mode = WAL")
            with transaction(self._sql, "BEGIN IMMEDIATE"):
                if self._identity() == (0, 0):  # still: another process may have been quicker
                    self._make_tables()
        if self._identity() != (APPLICATION_ID, VERSION):
            mend = "Give the path of one, or of a new file: a rota is built anew from the source's list of schools."
            raise UsageProblem("This file is no rota of this version.", where=str(self.path), mend=mend)

    def _identity(self) -> tuple[int, int]:
        if not self._sql.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            return 0, 0
        names = ("application_id", "user_version")
        application, version = (int(self._sql.execute(f"PRAGMA {name}").fetchone()[0]) for name in names)
        return application, version

    def _make_tables(self) -> None:
        for statement in statements.TABLES.split(";\n"):
            self._sql.execute(statement)
        self._sql.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        self._sql.execute(f"PRAGMA user_version = {VERSION}")

    def close(self) -> None:
        """Close it. Claims stay until they run out: give them back first."""
        self._sql.close()

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._turn, plain(self.path), transaction(self._sql, "BEGIN IMMEDIATE"):
            yield self._sql

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with self._turn, plain(self.path), transaction(self._sql, "BEGIN"):
            yield self._sql

    def enrol(self, source: str, planned: Sequence[Planned], *, pull: Pull, now: datetime) -> None:
        """Bring in the source's whole list for a pull: see `Rota.enrol`."""
        rows = [_row(source, one, pull.round_id(source)) for one in planned]
        with self._writing() as sql:
            last = _listing(sql, source)
            if last is not None and last.pull.opens > pull.opens:
                return
            sql.execute(statements.LISTED, _facts(source, pull) | {"now": microseconds(now)})
            sql.execute("UPDATE school SET listed = 0 WHERE source = ?", (source,))
            sql.executemany(statements.ENROL, rows)
            sql.executemany(statements.NEW_TURN, rows)
            sql.execute(statements.NO_TURN, {"source": source})

    def listing(self, source: str) -> Listing | None:
        """The last enrolment of this source; None before the first."""
        with self._reading() as sql:
            return _listing(sql, source)

    def claim(
        self, source: str, pull: Pull, collector: Collector, *, at_most: int, limits: Limits, now: datetime
    ) -> tuple[Claim, ...]:
        """At most so many turns of this pull, held by this process from now on: see `Rota.claim`."""
        until = now + limits.lease
        with self._writing() as sql:
            _see(sql, collector, now)
            if not _is_open(sql, source, pull, now):
                return ()
            asked = {"source": source, "home": collector.home, "now": microseconds(now)}
            asked |= {"alive": microseconds(now - limits.grace), "holder": collector.name, "until": microseconds(until)}
            free = sql.execute(
                statements.FREE, {**asked, "at_most": _allowed(sql, source, at_most, limits, now)}
            ).fetchall()
            sql.executemany(statements.CLAIM, [{**asked, "urn": one["urn"]} for one in free])
            _pace(sql, source, len(free), limits, now)
        return tuple(_claim(one, until) for one in free)

    def beat(self, collector: Collector, *, limits: Limits, now: datetime) -> None:
        """This process lives: its claims that have not run out hold for another lease, its home was seen."""
        with self._writing() as sql:
            _see(sql, collector, now)
            told = {"holder": collector.name, "now": microseconds(now), "until": microseconds(now + limits.lease)}
            sql.execute(statements.BEAT, told)

    def done(self, source: str, claim: Claim, *, latest_week: date | None, now: datetime) -> bool:
        """The school was kept: its turn is over, its failures forgotten. False (and nothing changes) by rule 2."""
        told = {"now": microseconds(now), "week": latest_week and str(latest_week)}
        return self._end(statements.DONE, _ours(source, claim) | told)

    def failed(self, source: str, claim: Claim, *, reason: str, retry_at: datetime | None, now: datetime) -> bool:
        """The try failed: the turn waits again until `retry_at`, or is given up where that is None: see `Rota`."""
        told = {"now": microseconds(now), "reason": reason, "again": retry_at and microseconds(retry_at)}
        return self._end(statements.FAILED, _ours(source, claim) | told)

    def released(self, source: str, claims: Sequence[Claim]) -> None:
        """Give claims back as if they had never been made: see `Rota.released`."""
        with self._writing() as sql:
            sql.executemany(statements.RELEASED, [_ours(source, claim) for claim in claims])

    def _end(self, statement: str, told: dict[str, object]) -> bool:
        with self._writing() as sql:
            return sql.execute(statement, told).rowcount == 1

    def next_due(
        self, source: str, pull: Pull, collector: Collector, *, limits: Limits, now: datetime
    ) -> datetime | None:
        """The earliest moment from now on at which `claim` may hand out a turn: see `Rota.next_due`."""
        with self._reading() as sql:
            if not _is_open(sql, source, pull, now):
                return None
            told = _facts(source, pull) | {"home": collector.home, "grace": limits.grace // _UNIT}
            (ready,) = sql.execute(statements.NEXT_DUE, told).fetchone()
        found = None if ready is None else max(now, moment(ready))
        return found if found is not None and found < pull.closes else None

    def lines(self, source: str, *, now: datetime) -> tuple[Line, ...]:
        """Every school that was ever enrolled, in the order of URNs."""
        with self._reading() as sql:
            rows = sql.execute("SELECT * FROM school WHERE source = ? ORDER BY urn", (source,)).fetchall()
        return tuple(_line(row, microseconds(now)) for row in rows)


def _facts(source: str, pull: Pull) -> dict[str, object]:
    opens, closes = microseconds(pull.opens), microseconds(pull.closes)
    return {"source": source, "day": str(pull.day), "number": pull.number, "opens": opens, "closes": closes}


def _ours(source: str, claim: Claim) -> dict[str, object]:
    return {"source": source, "urn": claim.urn.number, "claim": claim.number, "round": claim.round_id}


def _row(source: str, planned: Planned, round_id: str) -> dict[str, object]:
    one, school = planned.source, planned.source.school
    pulled = one.state is SchoolState.APPROVED and not planned.barred
    return {
        "source": source,
        "urn": school.urn.number,
        "key": one.id,
        "la": school.laestab.la,
        "establishment": school.laestab.establishment,
        "name": school.name,
        "phase": str(school.phase),
        "state": str(one.state),
        "system": one.system,
        "barred": planned.barred,
        "round": round_id,
        "due": microseconds(planned.due),
        "turn": str(Turn.WAITING if pulled else Turn.NONE),
        "ready": microseconds(planned.due) if pulled else None,
    }


def _listing(sql: sqlite3.Connection, source: str) -> Listing | None:
    found = sql.execute("SELECT * FROM source WHERE name = ?", (source,)).fetchone()
    if found is None:
        return None
    pull = Pull(date.fromisoformat(found["day"]), found["number"], moment(found["opens"]), moment(found["closes"]))
    return Listing(pull, moment(found["listed"]))


def _is_open(sql: sqlite3.Connection, source: str, pull: Pull, now: datetime) -> bool:
    """Whether this is the pull that was enrolled last, and it has not closed."""
    listing = _listing(sql, source)
    return listing is not None and listing.pull == pull and now < pull.closes


def _see(sql: sqlite3.Connection, collector: Collector, now: datetime) -> None:
    sql.execute(statements.SEEN, (collector.home, microseconds(now)))


def _allowed(sql: sqlite3.Connection, source: str, at_most: int, limits: Limits, now: datetime) -> int:
    """How many of `at_most` schools the limits leave room for."""
    (held,) = sql.execute(statements.HELD, (source, microseconds(now))).fetchone()
    room: int = min(at_most, limits.at_once - held)
    if limits.per_second:
        ahead_s = (_paced_to(sql, source, now) - microseconds(now)) / 1e6
        room = min(room, int((max(BURST_S, 1 / limits.per_second) - ahead_s) * limits.per_second))
    return max(0, room)


def _pace(sql: sqlite3.Connection, source: str, n: int, limits: Limits, now: datetime) -> None:
    """Write down up to when the schools that were handed out use up the source's rate."""
    if limits.per_second:
        paced_to = _paced_to(sql, source, now) + round(n / limits.per_second * 1e6)
        sql.execute("UPDATE source SET paced_to = ? WHERE name = ?", (paced_to, source))


def _paced_to(sql: sqlite3.Connection, source: str, now: datetime) -> int:
    (paced_to,) = sql.execute("SELECT paced_to FROM source WHERE name = ?", (source,)).fetchone()
    return max(int(paced_to), microseconds(now))


def _school(row: sqlite3.Row) -> SourceSchool:
    school = School(Urn(row["urn"]), Laestab(row["la"], row["establishment"]), row["name"], Phase(row["phase"]))
    return SourceSchool(row["key"], school, SchoolState(row["state"]), row["system"])


def _claim(row: sqlite3.Row, until: datetime) -> Claim:
    return Claim(_school(row), row["round"], row["claim"] + 1, row["tries"] + 1, bool(row["anew"]), until)


def _line(row: sqlite3.Row, now: int) -> Line:
    held = row["turn"] == Turn.CLAIMED and row["ready"] > now
    waits = row["turn"] == Turn.CLAIMED and not held
    return Line(
        source=_school(row),
        listed=bool(row["listed"]),
        barred=row["barred"],
        round_id=row["round"],
        due=moment(row["due"]),
        turn=Turn.WAITING if waits else Turn(row["turn"]),
        tries=row["tries"],
        holder=row["holder"] if held else "",
        home=row["home"],
        kept_at=None if row["kept"] is None else moment(row["kept"]),
        missed=row["missed"],
        failures=row["failures"],
        failing_since=None if row["failing"] is None else moment(row["failing"]),
        reason=row["reason"],
        latest_week=None if row["latest_week"] is None else date.fromisoformat(row["latest_week"]),
    )
