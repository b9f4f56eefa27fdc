"""How far an assessment that is in force goes: purposes, items, breakdowns, schools, days, recipients."""

from collections.abc import Iterator, Mapping
from datetime import date

from tallyroll.governance.manifest import Manifest
from tallyroll.governance.manifest.words import ForbiddenUse, PurposeKind, Receives
from tallyroll.governance.permits import Door, Request
from tallyroll.vocab.identifiers import Urn
from tallyroll.vocab.items import ESSENTIAL

Fault = tuple[str, str, str]  # clause, reason, mend
Authorities = Mapping[Urn, str]  # each school's old LA code

NAMED = frozenset({Door.READ, Door.EXPORT})
"""Doors behind which rows have names: what was collected for statistics never opens them (Art 84C, LAW-32)."""
COUNTS_ONLY = frozenset({Door.ENROL, Door.SEND, Door.RECEIVE, Door.OPEN, Door.RELEASE})
"""Doors through which no pupil's row goes, so that no item need be named."""
LEAVING = {Door.SEND: {Receives.TALLIES, Receives.SHARES}, Door.EXPORT: {Receives.NAMED_ROWS}}
"""Doors through which something leaves, and what the recipient must be named for."""


def beyond_the_assessment(
    manifest: Manifest, request: Request, *, on: date, authorities: Authorities
) -> Iterator[Fault]:
    """Everything in which a request goes beyond the assessment, the weightiest first."""
    yield from _forbidden(request)
    yield from _outside_purpose(manifest, request)
    yield from _outside_items(manifest, request)
    yield from _outside_scope(manifest, request, authorities)
    yield from _outside_period(manifest, request, on)
    yield from _outside_recipients(manifest, request)


def _forbidden(request: Request) -> Iterator[Fault]:
    """Whatever else a manifest says, these uses have no door (LAW-03)."""
    if request.purpose in list(ForbiddenUse):
        yield f"forbidden.{request.purpose}", f"'{request.purpose}' is a forbidden use.", "No permit can allow it."


def _outside_purpose(manifest: Manifest, request: Request) -> Iterator[Fault]:
    found = next((one for one in manifest.purposes if one.id == request.purpose), None)
    if found is None:
        known = ", ".join(one.id for one in manifest.purposes)
        yield "purposes", "This is not a purpose of the assessment.", f"It names {known}."
    elif request.door in NAMED and found.kind is PurposeKind.STATISTICS:
        reason = f"What is collected for statistics cannot be used to {request.door} named rows."
        yield f"purposes.{found.id}.kind", reason, "Statistics never serve a decision about a child."


def _outside_items(manifest: Manifest, request: Request) -> Iterator[Fault]:
    beyond = sorted(request.items - manifest.items_for(request.purpose))
    if beyond:
        reason = f"The assessment does not permit {', '.join(beyond)} for '{request.purpose}'."
        yield "items", reason, "Ask for less, or assess the items first."
    missing = sorted(ESSENTIAL - request.items) if request.door not in COUNTS_ONLY else []
    if missing:
        yield "items", f"Without {', '.join(missing)} nothing can be counted rightly.", "Ask for these too."
    uncounted = sorted(request.characteristics - set(manifest.counters.characteristics))
    if uncounted:
        reason = f"The assessment does not name the breakdown {', '.join(uncounted)}."
        yield "counters.characteristics", reason, "Count less, or assess the breakdown first."


def _outside_scope(manifest: Manifest, request: Request, authorities: Authorities) -> Iterator[Fault]:
    allowed = set(manifest.scope.authorities)
    beyond = sorted({authorities.get(urn, "unknown") for urn in request.schools} - allowed) if allowed else []
    if beyond:
        reason = f"Schools of authority {', '.join(beyond[:5])} are outside the assessment."
        yield "scope.authorities", reason, "Collect only from the authorities it names."


def _outside_period(manifest: Manifest, request: Request, on: date) -> Iterator[Fault]:
    rules = manifest.frequency
    if request.last < request.first:
        yield "frequency.window_days", "The last day lies before the first.", "Turn them round."
    if request.last > on:
        yield "frequency.window_days", f"{request.last} lies in the future.", "Ask for days that have been."
    if request.door is not Door.PULL:
        return
    if not 1 <= request.pull <= rules.pulls_a_day:
        reason = f"The source may be asked {rules.pulls_a_day} times a day, not {request.pull}."
        yield "frequency.pulls_a_day", reason, "Wait for the next day."
    if (on - request.first).days > rules.window_days:
        reason = f"A pull may reach back {rules.window_days} days, not to {request.first}."
        yield "frequency.window_days", reason, "Ask for fewer days."


def _outside_recipients(manifest: Manifest, request: Request) -> Iterator[Fault]:
    """What leaves goes to somebody whom the assessment names, for this purpose, for this kind of thing (MAN-08)."""
    if request.door not in LEAVING:
        return
    named = {
        one.name
        for one in manifest.recipients
        if one.purpose == request.purpose and one.receives in LEAVING[request.door]
    }
    if request.recipient not in named:
        reason = f"The assessment does not name this recipient for '{request.purpose}'."
        yield "recipients", reason, f"It names {', '.join(sorted(named)) or 'none'}."
