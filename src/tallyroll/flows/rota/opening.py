"""Opens the rota that the settings name: a file of this machine, or a database that many machines share."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from tallyroll.flows.rota.interface import Limits, Rota
from tallyroll.flows.rota.local import LocalRota
from tallyroll.flows.rota.planning import Terms
from tallyroll.flows.rota.postgres import is_postgres, open_postgres
from tallyroll.flows.rota.schedule import Retries, hours_of
from tallyroll.flows.settings import NodeSettings
from tallyroll.vocab.identifiers import Urn


@contextmanager
def open_rota(where: str) -> Iterator[Rota]:
    """The rota at a path or at an address (`postgresql://…`); closed with the block."""
    rota: Rota = open_postgres(where) if is_postgres(where) else LocalRota(Path(where))
    try:
        yield rota
    finally:
        rota.close()


def is_there(where: str) -> bool:
    """Whether there may be a rota: a file that is not there is not made by looking."""
    return is_postgres(where) or Path(where).exists()


def kept_elsewhere(where: str, *, source: str, home: str, now: datetime) -> frozenset[Urn]:
    """The schools whose rolls lie in another collector's store by now: what this one has of them is old."""
    if not is_there(where):
        return frozenset()
    with open_rota(where) as rota:
        return frozenset(line.urn for line in rota.lines(source, now=now) if line.home not in ("", home))


def terms_of(settings: NodeSettings) -> Terms:
    """By what a collector with these settings goes."""
    return Terms(
        hours=hours_of(settings.hours, weekends=settings.weekends),
        retries=Retries(budget=settings.tries),
        limits=Limits(at_once=settings.source_at_once, per_second=settings.schools_a_second),
        days=settings.reach_days,
        schools_at_once=settings.schools_at_once,
    )
