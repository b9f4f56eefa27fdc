"""What a rota is told of a source's schools: the moment of each one's turn, and why some get none."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from tallyroll.connectors.interface import SourceSchool
from tallyroll.flows.node import Node
from tallyroll.flows.rota.interface import Limits, Planned, Pull
from tallyroll.flows.rota.schedule import Hours, Retries, moment_of
from tallyroll.governance import Gate, Manifest
from tallyroll.governance.notices import NOTICES_ISSUED, notice_digest

UNTOLD = "Its families were not told."
OUTSIDE = "Its authority is outside the assessment."


@dataclass(frozen=True, slots=True)
class Terms:
    """By what a collector goes: the hours, how it tries again, its limits, how many days each pull reaches back."""

    hours: Hours = field(default_factory=Hours)
    retries: Retries = field(default_factory=Retries)
    limits: Limits = field(default_factory=Limits)
    days: int = 7
    schools_at_once: int = 8


def plan(node: Node, sources: Sequence[SourceSchool], *, pull: Pull) -> Iterator[Planned]:
    """Every school with its moment. A school that the gate would refuse is barred, so that it holds up no other.

    It saves the gate a question, and answers none: whoever pulls asks for exactly the schools that are pulled.
    """
    manifest = node.manifest
    told, authorities = _told(node.gate, manifest), set(manifest.scope.authorities)
    for source in sources:
        school = source.school
        outside = OUTSIDE if authorities and school.laestab.la not in authorities else ""
        untold = UNTOLD if school.urn.number not in told else ""
        yield Planned(source, moment_of(school.urn, pull), outside or untold)


def _told(gate: Gate, manifest: Manifest) -> frozenset[int]:
    """The schools whose families were told what the assessment in force says."""
    digest = notice_digest(manifest)
    issued = (one.facts for one in gate.own.refresh() if one.event == NOTICES_ISSUED)
    lists = (facts.get("schools") for facts in issued if facts.get("notice") == digest)
    return frozenset(urn for schools in lists if isinstance(schools, list) for urn in schools)
