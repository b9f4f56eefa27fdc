"""The gate: may this be done? A `Permit` or a `Refusal`, each with the clause that decided, each written down."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

from tallyroll import ledger
from tallyroll.governance.manifest import Manifest, Status
from tallyroll.governance.permits import Door, Permit, Refusal, Request, grant
from tallyroll.vocab.clock import LONDON, Clock, today
from tallyroll.vocab.identifiers import Urn
from tallyroll.vocab.items import ESSENTIAL, Item

PERMIT_LIFE = timedelta(hours=4)  # a permit does not outlive one collection round

Fault = tuple[str, str, str]  # clause, reason, mend
Authorities = Mapping[Urn, str]  # each school's old LA code


def decide(
    manifest: Manifest, request: Request, *, clock: Clock, authorities: Authorities, journal: Path
) -> Permit | Refusal:
    """The gate's answer, written to the journal before it is given."""
    now = clock.now()
    fault = explain(manifest, request, clock=clock, authorities=authorities)
    answer: Permit | Refusal
    if fault is None:
        clause = _deciding_clause(manifest, request)
        answer = grant(request, manifest=manifest.digest, clause=clause, granted=now, expires=_expiry(manifest, now))
    else:
        answer = fault
    ledger.append(journal, at=now, event="gate", facts=_facts(answer))
    return answer


def explain(manifest: Manifest, request: Request, *, clock: Clock, authorities: Authorities) -> Refusal | None:
    """What the gate would answer no with; None where it would say yes. A rehearsal: nothing is granted or logged."""
    fault = next(_faults(manifest, request, clock=clock, authorities=authorities), None)
    return None if fault is None else Refusal(request, manifest.digest, *fault)


def require(manifest: Manifest, request: Request, *, clock: Clock, authorities: Authorities, journal: Path) -> Permit:
    """A permit, or the refusal raised."""
    answer = decide(manifest, request, clock=clock, authorities=authorities, journal=journal)
    if isinstance(answer, Refusal):
        raise answer.error()
    return answer


def _faults(manifest: Manifest, request: Request, *, clock: Clock, authorities: Authorities) -> Iterator[Fault]:
    yield from _not_in_force(manifest, clock)
    yield from _outside_purpose(manifest, request)
    yield from _outside_items(manifest, request)
    yield from _outside_scope(manifest, request, authorities)
    yield from _outside_period(manifest, request, clock)


def _not_in_force(manifest: Manifest, clock: Clock) -> Iterator[Fault]:
    c, day = manifest.collection, today(clock)
    if c.status is not Status.ACTIVE:
        reason = f"The assessment '{c.id}' version {c.version} is {c.status}, not active."
        yield "collection.status", reason, "Nothing moves before it is signed, published and active."
    for name, since in (
        ("signed_on", c.signed_on),
        ("published_on", c.published_on),
        ("valid_from", c.valid_from),
    ):
        if since is None or day < since:
            yield (
                f"collection.{name}",
                f"On {day} the assessment is not yet {_done(name)}.",
                f"Wait until {since}.",
            )
    if day >= c.expires:
        yield (
            "collection.expires",
            f"The assessment expired on {c.expires}.",
            "Assess again and publish a new version.",
        )


def _done(name: str) -> str:
    return {"signed_on": "signed", "published_on": "published", "valid_from": "in force"}[name]


def _outside_purpose(manifest: Manifest, request: Request) -> Iterator[Fault]:
    known = [purpose.id for purpose in manifest.purposes]
    if request.purpose not in known:
        yield (
            "purposes",
            f"'{request.purpose}' is not a purpose of this assessment.",
            f"It names {', '.join(known)}.",
        )


def _outside_items(manifest: Manifest, request: Request) -> Iterator[Fault]:
    permitted = {clause.name for clause in manifest.items if request.purpose in clause.purposes}
    beyond = sorted(request.items - permitted)
    if beyond:
        reason = f"The assessment does not permit {', '.join(beyond)} for '{request.purpose}'."
        yield "items", reason, "Ask for less, or assess the items first."
    missing = sorted(ESSENTIAL - request.items) if request.door is not Door.RELEASE else []
    if missing:
        yield "items", f"Without {', '.join(missing)} nothing can be counted rightly.", "Ask for these too."
    unpublished = sorted(request.characteristics - set(manifest.release.characteristics))
    if unpublished:
        reason = f"The assessment does not name the breakdown {', '.join(unpublished)}."
        yield "release.characteristics", reason, "Count less, or assess the breakdown first."


def _outside_scope(manifest: Manifest, request: Request, authorities: Authorities) -> Iterator[Fault]:
    allowed = set(manifest.scope.authorities)
    beyond = sorted({authorities.get(urn, "unknown") for urn in request.schools} - allowed) if allowed else []
    if beyond:
        reason = f"Schools of authority {', '.join(beyond[:5])} are outside the assessment."
        yield "scope.authorities", reason, "Collect only from the authorities it names."


def _outside_period(manifest: Manifest, request: Request, clock: Clock) -> Iterator[Fault]:
    if request.last < request.first:
        yield "frequency.window_days", "The last day lies before the first.", "Turn them round."
    if request.last > today(clock):
        yield "frequency.window_days", f"{request.last} lies in the future.", "Ask for days that have been."
    if request.door is Door.PULL and request.pull > manifest.frequency.pulls_a_day:
        reason = f"The source may be asked {manifest.frequency.pulls_a_day} times a day, not {request.pull}."
        yield "frequency.pulls_a_day", reason, "Wait for the next day."
    if request.door is Door.PULL and (today(clock) - request.first).days > manifest.frequency.window_days:
        reason = f"A pull may reach back {manifest.frequency.window_days} days, not to {request.first}."
        yield "frequency.window_days", reason, "Ask for fewer days."


def _deciding_clause(manifest: Manifest, request: Request) -> str:
    return f"{manifest.collection.id}/{manifest.collection.version} purposes.{request.purpose}"


def _expiry(manifest: Manifest, now: datetime) -> datetime:
    """Four hours on, or the first moment of the day (in London) on which the assessment has expired."""
    return min(now + PERMIT_LIFE, datetime.combine(manifest.collection.expires, time(), LONDON).astimezone(UTC))


def _facts(answer: Permit | Refusal) -> dict[str, object]:
    """What the journal keeps of an answer: who, what, which days and why; no pupil, and schools as a number."""
    request = answer.request
    facts: dict[str, object] = {
        "answer": "permit" if isinstance(answer, Permit) else "refusal",
        "manifest": answer.manifest,
        "clause": answer.clause,
        "door": str(request.door),
        "purpose": request.purpose,
        "pull": request.pull,
        "schools": len(request.schools),
        "characteristics": sorted(request.characteristics),
        "items": sorted(str(item) for item in request.items),
        "first": request.first.isoformat(),
        "last": request.last.isoformat(),
    }
    if isinstance(answer, Refusal):
        facts["reason"] = answer.reason
    else:
        facts["expires"] = answer.expires.isoformat()
    return facts


def items_of(manifest: Manifest, purpose: str) -> frozenset[Item]:
    """Every item the manifest permits for a purpose."""
    return frozenset(clause.name for clause in manifest.items if purpose in clause.purposes)
