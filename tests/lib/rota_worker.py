"""A process that claims turns of a rota and ends them, to be killed."""

from contextlib import closing
from multiprocessing.connection import Connection
from pathlib import Path

from tallyroll.flows.rota.interface import Collector, Limits, Pull
from tallyroll.flows.rota.local import LocalRota


def work(path: Path, name: str, minutes: float, *, source: str, pull: Pull, limits: Limits, told: Connection) -> None:
    """Claim four at a time and end each as kept, until none is left; tells when it begins and which it ended."""
    now = pull.opens + minutes * (pull.closes - pull.opens) / 420  # the pull lasts seven hours
    with closing(LocalRota(path)) as rota:
        told.send("ready")
        while claims := rota.claim(source, pull, Collector("here", name), at_most=4, limits=limits, now=now):
            for claim in claims:
                if rota.done(source, claim, latest_week=None, now=now):
                    told.send(claim.urn.number)
