"""A rota in PostgreSQL, for collectors on many machines: any of them, and the server, may be killed at any moment.

Two clocks. What belongs to the calendar (when a turn is due, when a pull closes, when a school was kept) goes by the
collectors' clocks, as at the gate. What is a span between machines (leases, who was seen, how fast schools are handed
out) goes by the database's, so that a collector whose clock runs fast takes nobody's claim.

Locks are taken in one order, home before source before schools by URN, so that nobody waits in a circle. Claims of a
source take turns at the source's row, for its limits are over all collectors; a claim lasts about a millisecond.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

from psycopg.types.json import Jsonb

from tallyroll.connectors.interface import SchoolState, SourceSchool
from tallyroll.flows.rota import postgres_sql as say
from tallyroll.flows.rota.interface import Claim, Collector, Limits, Line, Listing, Planned, Pull, Turn
from tallyroll.flows.rota.postgres_desk import PATIENCE_S, Desk, Sql
from tallyroll.vocab.identifiers import Laestab, Urn
from tallyroll.vocab.schools import Phase, School

BURST_S = 10.0  # how many seconds' worth of schools may be handed out at once
Row = Mapping[str, Any]  # a column's type is what the schema says


class PostgresRota:
    """A rota in a database that many machines share; see `Rota`."""

    def __init__(self, address: str, *, patience_s: float = PATIENCE_S) -> None:
        """Connect, make the tables or bring them up to date; `patience_s` is how long a call bears a lost server."""
        self._desk = Desk(address, patience_s=patience_s)

    def close(self) -> None:
        """Close it. Claims stay until they run out: give them back first."""
        self._desk.close()

    def enrol(self, source: str, planned: Sequence[Planned], *, pull: Pull, now: datetime) -> None:
        """Bring in the source's whole list for a pull: see `Rota.enrol`."""
        rows = Jsonb([_row(one) for one in sorted(planned, key=lambda one: one.source.school.urn.number)])
        told = {"source": source, "round": pull.round_id(source), "rows": rows, "now": now, **_pull(pull)}

        def work(sql: Sql, _: bool) -> None:
            if sql.execute(say.LISTED, told).rowcount:  # not where a later pull was listed already
                for statement in (say.LOCK_ALL, say.UNLISTED, say.ENROL, say.NEW_TURN, say.NO_TURN):
                    sql.execute(statement, told)

        self._desk.run(work)

    def listing(self, source: str) -> Listing | None:
        """The last enrolment of this source; None before the first."""
        found = self._desk.run(lambda sql, _: sql.execute(say.LISTING, {"source": source}).fetchone())
        return None if found is None else Listing(_pull_of(found), _utc(found["listed_at"]))

    def claim(
        self, source: str, pull: Pull, collector: Collector, *, at_most: int, limits: Limits, now: datetime
    ) -> tuple[Claim, ...]:
        """At most so many turns of this pull, held by this process from now on: see `Rota.claim`.

        Asked again because the answer was lost, it gives the claims that the first asking made.
        """
        told = {"source": source, "now": now, "asked": uuid4().hex, **_who(collector), **_spans(limits)}

        def work(sql: Sql, again: bool) -> Sequence[Row]:
            sql.execute(say.SEEN, told)
            found = sql.execute(say.LOCK, told).fetchone()
            if found is None or _pull_of(found) != pull or now >= pull.closes:
                return ()
            if again and (made := sql.execute(say.MADE, told).fetchall()):
                return made
            free = _allowed(found["paced_to"], sql.execute(say.HELD, told).fetchone() or {}, limits)
            claimed = sql.execute(say.CLAIM, {**told, "at_most": min(at_most, free)}).fetchall()
            if limits.per_second and claimed:
                sql.execute(say.PACE, {**told, "pace": timedelta(seconds=len(claimed) / limits.per_second)})
            return claimed

        rows = sorted(self._desk.run(work), key=lambda row: (row["free_at"], row["urn"]))
        return tuple(_claim(row, now + limits.lease) for row in rows)

    def beat(self, collector: Collector, *, limits: Limits, now: datetime) -> None:
        """This process lives: its claims that have not run out hold for another lease, its home was seen."""
        told = {**_who(collector), **_spans(limits)}

        def work(sql: Sql, _: bool) -> None:
            sql.execute(say.SEEN, told)
            sql.execute(say.BEAT, told)

        self._desk.run(work)

    def done(self, source: str, claim: Claim, *, latest_week: date | None, now: datetime) -> bool:
        """The school was kept: its turn is over, its failures forgotten. False (and nothing changes) by rule 2."""
        return self._end(say.DONE, source, claim, {"now": now, "week": latest_week, "turn": Turn.KEPT})

    def failed(self, source: str, claim: Claim, *, reason: str, retry_at: datetime | None, now: datetime) -> bool:
        """The try failed: the turn waits again until `retry_at`, or is given up where that is None: see `Rota`."""
        turn = Turn.GIVEN_UP if retry_at is None else Turn.WAITING
        return self._end(say.FAILED, source, claim, {"now": now, "reason": reason, "retry_at": retry_at, "turn": turn})

    def released(self, source: str, claims: Sequence[Claim]) -> None:
        """Give claims back as if they had never been made: see `Rota.released`."""
        told = {
            "source": source,
            "rows": Jsonb([{"urn": one.urn.number, "claim": one.number, "round": one.round_id} for one in claims]),
        }
        self._desk.run(lambda sql, _: sql.execute(say.RELEASED, told))

    def _end(self, statement: str, source: str, claim: Claim, told: dict[str, object]) -> bool:
        told |= {"source": source, "urn": claim.urn.number, "claim": claim.number, "round": claim.round_id}

        def work(sql: Sql, again: bool) -> bool:
            if sql.execute(statement, told).rowcount:
                return True
            return again and sql.execute(say.ENDED, told).fetchone() is not None  # it was committed, and nobody told us

        return self._desk.run(work)

    def next_due(
        self, source: str, pull: Pull, collector: Collector, *, limits: Limits, now: datetime
    ) -> datetime | None:
        """The earliest moment from now on at which `claim` may hand out a turn: see `Rota.next_due`."""
        told = {"source": source, "now": now, **_pull(pull), **_who(collector), **_spans(limits)}
        found = self._desk.run(lambda sql, _: sql.execute(say.NEXT_DUE, told).fetchone())
        ready = found["ready"] if found else None
        return None if ready is None or max(now, ready) >= pull.closes else max(now, _utc(ready))

    def lines(self, source: str, *, now: datetime) -> tuple[Line, ...]:
        """Every school that was ever enrolled, in the order of URNs."""
        rows = self._desk.run(lambda sql, _: sql.execute(say.LINES, {"source": source}).fetchall())
        return tuple(map(_line, rows))


def _allowed(paced_to: datetime, held: Row, limits: Limits) -> int:
    """How many schools the limits leave room for."""
    room = limits.at_once - int(held["n"])
    if limits.per_second:
        ahead_s = max(0.0, (paced_to - held["moment"]).total_seconds())
        room = min(room, int((max(BURST_S, 1 / limits.per_second) - ahead_s) * limits.per_second))
    return max(0, room)


def _who(collector: Collector) -> dict[str, object]:
    return {"home": collector.home, "holder": collector.name}


def _spans(limits: Limits) -> dict[str, object]:
    return {"lease": limits.lease, "grace": limits.grace}


def _pull(pull: Pull) -> dict[str, object]:
    return {"day": pull.day, "number": pull.number, "opens": pull.opens, "closes": pull.closes}


def _pull_of(row: Row) -> Pull:
    return Pull(row["day"], row["number"], _utc(row["opens"]), _utc(row["closes"]))


def _utc(moment: datetime) -> datetime:
    """A moment as we write it, whatever time zone the server is set to."""
    return moment.astimezone(UTC)


def _row(planned: Planned) -> dict[str, object]:
    one, school = planned.source, planned.source.school
    pulled = one.state is SchoolState.APPROVED and not planned.barred
    return {
        "urn": school.urn.number,
        "key": one.id,
        "la": school.laestab.la,
        "establishment": school.laestab.establishment,
        "name": school.name,
        "phase": school.phase,
        "state": one.state,
        "system": one.system,
        "barred": planned.barred,
        "due": planned.due.isoformat(),
        "turn": Turn.WAITING if pulled else Turn.NONE,
    }


def _school(row: Row) -> SourceSchool:
    school = School(Urn(row["urn"]), Laestab(row["la"], row["establishment"]), row["name"], Phase(row["phase"]))
    return SourceSchool(row["key"], school, SchoolState(row["state"]), row["system"])


def _claim(row: Row, until: datetime) -> Claim:
    return Claim(_school(row), row["round"], row["claim"], row["tries"], row["anew"], until)


def _line(row: Row) -> Line:
    return Line(
        source=_school(row),
        listed=row["listed"],
        barred=row["barred"],
        round_id=row["round"],
        due=_utc(row["due"]),
        turn=Turn(row["turn_now"]),
        tries=row["tries"],
        holder=row["holder_now"],
        home=row["home"],
        kept_at=row["kept"] and _utc(row["kept"]),
        missed=row["missed"],
        failures=row["failures"],
        failing_since=row["failing"] and _utc(row["failing"]),
        reason=row["reason"],
        latest_week=row["latest_week"],
    )
