"""The gate: may this be done? A `Permit` or a `Refusal`, each with the clause that decided, each written down.

Whoever stands at a door asks here and takes nobody's word: the ledger is read and verified afresh, the signatures and
the order of steps are judged again, and what witnesses have seen must be recent. What cannot be verified is refused.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from itertools import chain

from tallyroll.governance.assessments import Assessments, Standing
from tallyroll.governance.lifecycle import SKEW, History, Version
from tallyroll.governance.limits import Authorities, Fault, beyond_the_assessment
from tallyroll.governance.manifest import Manifest
from tallyroll.governance.manifest.words import ForbiddenUse, Tier
from tallyroll.governance.memory import finished_round, set_back
from tallyroll.governance.notices import NOTICES_ISSUED, notice_digest
from tallyroll.governance.permits import Door, Permit, Refusal, Request, StillStands, grant
from tallyroll.governance.steps import State
from tallyroll.ledger import Entry, Log, Reader
from tallyroll.vocab.clock import LONDON, Clock
from tallyroll.vocab.errors import Refused, VerificationProblem
from tallyroll.vocab.items import ESSENTIAL, Item

UNKNOWN = "unknown"  # a word that no assessment names is not repeated: it could be anybody's name
UNTRUSTED = frozenset({"ledger", "clock"})  # clauses of a ledger that was not believed: it is not remembered either
PERMIT_LIFE = timedelta(hours=4)  # a permit does not outlive one collection round
QUORUM = {Tier.SCHOOL: 0, Tier.TRUST: 0, Tier.AUTHORITY: 2, Tier.NATION: 2}
"""How many independent witnesses a collection needs, by the tier where registers rest (LOG-05)."""


@dataclass(frozen=True, slots=True)
class Gate:
    """Where questions are asked: which collection, by which ledger, at which tier, and where answers are written."""

    assessments: Assessments
    collection: str
    tier: Tier
    log: Log
    own: Reader  # follows `log`
    clock: Clock


def decide(gate: Gate, request: Request, *, authorities: Authorities) -> Permit | Refusal:
    """The gate's answer, written to the log before it is given."""
    now, request = gate.clock.now(), request.plain()
    judged = _judge(gate, request, now, authorities)
    answer: Permit | Refusal
    if isinstance(judged, Version):
        answer = grant(
            request,
            manifest=judged.digest,
            clause=f"{gate.collection}/{judged.number} purposes.{request.purpose}",
            granted=now,
            expires=_expiry(judged.manifest, now),
            still_stands=_asker(gate),
        )
    else:
        answer = judged
    facts = _facts(gate, answer)
    if answer.clause not in UNTRUSTED:
        facts["ledger"] = gate.assessments.head
    gate.log.append(at=now, event="gate", facts=facts)
    return answer


def explain(gate: Gate, request: Request, *, authorities: Authorities) -> Refusal | None:
    """What the gate would answer no with; None where it would say yes. A rehearsal: nothing is granted or logged."""
    judged = _judge(gate, request.plain(), gate.clock.now(), authorities)
    return judged if isinstance(judged, Refusal) else None


def require(gate: Gate, request: Request, *, authorities: Authorities) -> Permit:
    """A permit, or the refusal raised."""
    answer = decide(gate, request, authorities=authorities)
    if isinstance(answer, Refusal):
        raise answer.error()
    return answer


def in_force(gate: Gate) -> Version:
    """The version in force now; Refused when there is none."""
    judged = _stands(gate, gate.clock.now())
    if isinstance(judged, Version):
        return judged
    clause, reason, mend = judged
    raise Refused(reason, clause=clause, mend=mend)


def permitted(gate: Gate, purpose: str) -> frozenset[Item]:
    """Every item that the version in force permits for a purpose.

    Where none is in force, the essential ones: whoever then asks with them gets the refusal, and it is logged.
    """
    judged = _stands(gate, gate.clock.now())
    return (judged.manifest.items_for(purpose) if isinstance(judged, Version) else None) or ESSENTIAL


def _judge(gate: Gate, request: Request, now: datetime, authorities: Authorities) -> Version | Refusal:
    """The version that permits this, or the first reason why none does."""
    try:
        own = gate.own.refresh()
        version = next(set_back(own, gate.assessments, now), None) or _stands(gate, now)
    except VerificationProblem as problem:
        version = _broken(problem)
    if not isinstance(version, Version):
        return Refusal(request, "", *version)
    day = now.astimezone(LONDON).date()
    faults = chain(
        beyond_the_assessment(version.manifest, request, on=day, authorities=authorities),
        chain(finished_round(own, request, now), _unnotified(own, version, request))
        if request.door is Door.PULL
        else (),
    )
    fault = next(faults, None)
    return version if fault is None else Refusal(request, version.digest, *fault)


def _stands(gate: Gate, now: datetime) -> Version | Fault:
    """The version in force by the ledger as it is at this moment, or why there is none."""
    try:
        standing = gate.assessments.standing()
        fault = next(not_in_force(standing, gate.collection, tier=gate.tier, now=now), None)
    except VerificationProblem as problem:
        return _broken(problem)
    version = standing.history(gate.collection).active
    return fault or version or _inactive(standing.history(gate.collection))


def _broken(problem: VerificationProblem) -> Fault:
    return "ledger", f"The ledger does not hold: {problem}", "Nothing moves until it can be verified."


def _asker(gate: Gate) -> StillStands:
    """How a permit asks again: is the version under which it was granted still the one in force?"""

    def still_stands(permit: Permit, now: datetime) -> None:
        judged = _stands(gate, now)
        if not isinstance(judged, Version):
            clause, reason, mend = judged
            raise Refused(reason, clause=clause, mend=mend)
        if judged.digest != permit.manifest:
            raise Refused("Another version of the assessment is in force now.", clause=permit.clause)

    return still_stands


def not_in_force(standing: Standing, collection: str, *, tier: Tier, now: datetime) -> Iterator[Fault]:
    """Why nothing may move now, whatever is asked: no active version, suspended, unwitnessed, expired."""
    history, day = standing.history(collection), now.astimezone(LONDON).date()
    version = history.active
    if history.stopped is not None:
        said = history.stopped.statement
        reason = f"Suspended on {said.at:%Y-%m-%d at %H:%M} UTC by {' and '.join(history.stopped.holders)}."
        yield "suspended", reason, "Wait until the approver and the data-protection officer resume it."
    if version is None:
        yield _inactive(history)
        return
    c = version.manifest.collection
    if day < c.valid_from:
        yield "collection.valid_from", f"The assessment holds from {c.valid_from}.", "Wait until then."
    if day >= c.expires:
        yield "collection.expires", f"The assessment expired on {c.expires}.", "Assess again, as a new version."
    if list(Tier).index(tier) > list(Tier).index(c.tier):
        yield "collection.tier", f"Registers may rest at the {c.tier}, not at the {tier}.", "Leave them where they are."
    yield from _lapsed(version.manifest, now)
    yield from _unwitnessed(standing, c.tier, now)


def _inactive(history: History) -> Fault:
    last = history.versions[-1] if history.versions else None
    state = last.state if last else State.DRAFT
    reason = f"The assessment '{history.collection}' is {state}, not active."
    return "life-cycle", reason, "Nothing moves before it is signed, published and active."


def _lapsed(manifest: Manifest, now: datetime) -> Iterator[Fault]:
    day = now.astimezone(LONDON).date()
    document = manifest.policy_document
    if document is not None and day > document.review_on:
        reason = f"The policy document '{document.reference}' was due for review on {document.review_on}."
        yield "policy_document.review_on", reason, "Review it, as a new version."
    for party in manifest.parties:
        if party.contract is not None and day > party.contract.ends:
            yield "parties.contract", f"The contract of {party.name} ended on {party.contract.ends}.", "Renew it."


def _unwitnessed(standing: Standing, tier: Tier, now: datetime) -> Iterator[Fault]:
    needed = QUORUM[tier]
    if standing.roles.quorum < needed:
        reason = f"Where registers rest at the {tier}, {needed} witnesses must see the ledger."
        yield "roles.quorum", reason, "Name witnesses in the roles."
    if standing.roles.quorum:
        oldest = timedelta(minutes=standing.roles.fresh_minutes)
        seen = standing.witnessed_at
        if seen is None or not -SKEW <= now - seen <= oldest:
            minutes = standing.roles.fresh_minutes
            reason = f"No {standing.roles.quorum} witnesses have seen this ledger in the last {minutes} minutes."
            yield "roles.fresh_minutes", reason, "Fetch the ledger again; what is old may hide a suspension."


def _unnotified(own: Sequence[Entry], version: Version, request: Request) -> Iterator[Fault]:
    """Families are told before a school goes live, and again when what they were told has changed (LAW-02)."""
    notice = notice_digest(version.manifest)
    told: set[int] = set()
    for entry in own:
        if entry.event == NOTICES_ISSUED and entry.facts.get("notice") == notice:
            schools = entry.facts.get("schools")
            told.update(schools if isinstance(schools, list) else [])
    untold = sorted(urn.number for urn in request.schools if urn.number not in told)
    if untold:
        reason = f"{len(untold)} schools have not recorded that families got this notice, as {untold[0]}."
        yield "notices", reason, "Send the notices, then `tallyroll dpia notices-issued`."


def _expiry(manifest: Manifest, now: datetime) -> datetime:
    """Four hours on, or the first moment of the day (in London) on which the assessment has expired."""
    return min(now + PERMIT_LIFE, datetime.combine(manifest.collection.expires, time(), LONDON).astimezone(UTC))


def _known(gate: Gate) -> frozenset[str]:
    """The words that may be logged: every purpose and recipient that a version names, and the forbidden uses."""
    try:
        versions = gate.assessments.standing().history(gate.collection).versions
    except VerificationProblem:
        versions = ()
    named = {one.id for version in versions for one in version.manifest.purposes}
    named |= {one.name for version in versions for one in version.manifest.recipients}
    return frozenset(named) | frozenset(ForbiddenUse) | {""}


def _facts(gate: Gate, answer: Permit | Refusal) -> dict[str, object]:
    """What the log keeps of an answer: who, what, which days and why; no pupil, no free text, schools as a number."""
    request, known = answer.request, _known(gate)
    facts: dict[str, object] = {
        "answer": "permit" if isinstance(answer, Permit) else "refusal",
        "collection": gate.collection,
        "manifest": answer.manifest,
        "clause": answer.clause,
        "door": str(request.door),
        "purpose": request.purpose if request.purpose in known else UNKNOWN,
        "recipient": request.recipient if request.recipient in known else UNKNOWN,
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
