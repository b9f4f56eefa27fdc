"""Rotas for tests, in both homes, whose time is what the test says; schools that are due a minute after another."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import psycopg

from tallyroll.connectors.interface import SchoolState, SourceSchool
from tallyroll.flows.rota.interface import Claim, Collector, Limits, Line, Planned, Pull, Rota
from tallyroll.flows.rota.local import LocalRota
from tallyroll.flows.rota.postgres import open_postgres
from tests.lib.builders import school
from tests.lib.postgres import server

HOMES = ("sqlite", "postgres")
SOURCE = "wonde"
DAY = date(2026, 11, 20)
OPENS = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)
FIRST = Pull(DAY, 1, OPENS, OPENS + timedelta(hours=7))
SECOND = Pull(DAY, 2, FIRST.closes, FIRST.closes + timedelta(hours=7))
LIMITS = Limits(lease=timedelta(minutes=5), grace=timedelta(minutes=30))
A1, A2, B1 = Collector("store A", "A one"), Collector("store A", "A two"), Collector("store B", "B one")


def at(minutes: float, *, pull: Pull = FIRST) -> datetime:
    """So many minutes after a pull opened."""
    return pull.opens + timedelta(minutes=minutes)


def planned(
    urn: int, *, due: float = 0, pull: Pull = FIRST, state: SchoolState = SchoolState.APPROVED, barred: str = ""
) -> Planned:
    """A school whose turn comes so many minutes after the pull opened."""
    return Planned(SourceSchool(f"A{urn}", school(urn), state, "SIMS"), at(due, pull=pull), barred)


def enrolled(rota: Rota, *urns: int, pull: Pull = FIRST) -> Rota:
    """The rota with these schools, one due each minute from the pull's first."""
    rota.enrol(SOURCE, [planned(urn, due=n, pull=pull) for n, urn in enumerate(urns)], pull=pull, now=at(0, pull=pull))
    return rota


def claim(
    rota: Rota, who: Collector, minutes: float, *, most: int = 9, pull: Pull = FIRST, limits: Limits = LIMITS
) -> tuple[Claim, ...]:
    """What this collector is given at that minute."""
    return rota.claim(SOURCE, pull, who, at_most=most, limits=limits, now=at(minutes, pull=pull))


def numbers(claims: Sequence[Claim]) -> list[int]:
    """Their URNs, in order."""
    return [one.urn.number for one in claims]


def line(rota: Rota, urn: int, minutes: float = 0, *, pull: Pull = FIRST) -> Line:
    """What the rota knows of one school."""
    return next(one for one in rota.lines(SOURCE, now=at(minutes, pull=pull)) if one.urn.number == urn)


class HandTimed:
    """A rota in PostgreSQL whose database has the time that the caller has: each call sets it first."""

    def __init__(self, address: str) -> None:
        self._rota = open_postgres(address)
        self._sql = psycopg.connect(address, autocommit=True)
        self._sql.execute("CREATE TABLE public.hand AS SELECT clock_timestamp() AS moment")
        self._sql.execute(
            "CREATE OR REPLACE FUNCTION rota.moment() RETURNS timestamptz LANGUAGE sql VOLATILE"
            " AS 'SELECT moment FROM public.hand'"
        )

    def __getattr__(self, name: str) -> Any:
        """The rota's method of that name."""
        method = getattr(self._rota, name)

        def called(*given: Any, **named: Any) -> Any:
            if "now" in named:
                self._sql.execute("UPDATE public.hand SET moment = %s", (named["now"],))
            return method(*given, **named)

        return called

    def close(self) -> None:
        """Close it, and the connection by which its time was set."""
        self._rota.close()
        self._sql.close()


@contextmanager
def opened(home: str, folder: Path) -> Iterator[Rota]:
    """An empty rota in that home."""
    rota = LocalRota(folder / "rota.sqlite") if home == "sqlite" else cast("Rota", HandTimed(server().database()))
    try:
        yield rota
    finally:
        rota.close()
