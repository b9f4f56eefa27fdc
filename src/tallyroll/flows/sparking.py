"""Counting where the registers lie, once they have outgrown one machine: ask the gate, then let the cluster count."""

from datetime import date

from tallyroll.engines.registry import Lake
from tallyroll.flows.counting import population
from tallyroll.governance import Door, Gate, Permit, Request, in_force, permitted, require
from tallyroll.tally import Areas, Definition
from tallyroll.tally.lakes import count_lake
from tallyroll.vocab.calendars import Calendars
from tallyroll.vocab.errors import InputProblem
from tallyroll.vocab.identifiers import Laestab, Urn
from tallyroll.vocab.schools import Phase, School

_NO_NUMBER = "0000"  # a lake names the authority of a school, and not its number there


def count(gate: Gate, lake: Lake, *, purpose: str, calendars: Calendars, first: date, last: date, out: str) -> Areas:
    """The areas of every school in the lake from first to last, by every breakdown that the assessment names.

    The gate is asked after the list of schools is read, and before any row of a pupil is. Counts are written to the
    new folder `out`, where the cluster writes.
    Raises: Refused by the gate; InputProblem when the lake holds no school.
    """
    listed = lake.schools()
    schools = [_school(**one) for one in listed.to_pylist()]
    if not schools:
        raise InputProblem("There is no school in this lake.", mend="Export registers with `--layout weeks`.")
    permit = _ask(gate, schools, purpose=purpose, first=first, last=last)
    definition = Definition(tuple(permit.request.characteristics), population(calendars, schools))
    now = gate.clock.now()
    return count_lake(permit, lake, listed, definition=definition, first=first, last=last, now=now, out=out)


def _ask(gate: Gate, schools: list[School], *, purpose: str, first: date, last: date) -> Permit:
    request = Request(
        door=Door.COUNT,
        purpose=purpose,
        schools=frozenset(school.urn for school in schools),
        items=permitted(gate, purpose),
        first=first,
        last=last,
        characteristics=frozenset(in_force(gate).manifest.counters.characteristics),
    )
    return require(gate, request, authorities={school.urn: school.laestab.la for school in schools})


def _school(*, urn: int, la: str, phase: str) -> School:
    return School(Urn(urn), Laestab(la, _NO_NUMBER), "", Phase(phase))
