"""The steps of an assessment's life, as a table: who must sign each, after which state, and what it must say."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from tallyroll.governance.roles import Role
from tallyroll.governance.statements import Kind


class State(StrEnum):
    """Where a version of an assessment stands."""

    DRAFT = "draft"
    SCREENED = "screened"
    CONSULTED = "consulted"
    DPO_ADVISED = "dpo-advised"
    PRIOR_CONSULTATION = "prior-consultation"
    SIGNED = "signed"
    LOGGED = "logged"
    PUBLISHED = "published"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    SUPERSEDED = "superseded"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


class Advice(StrEnum):
    """What the data-protection officer, or the regulator, advises."""

    PROCEED = "proceed"
    PROCEED_WITH_CONDITIONS = "proceed-with-conditions"
    DO_NOT_PROCEED = "do-not-proceed"


OWNER, DPO, APPROVER = frozenset({Role.ASSET_OWNER}), frozenset({Role.DPO}), frozenset({Role.APPROVER})
ANY = frozenset(Role)
BOTH = APPROVER | DPO
OPEN_STATES = frozenset(State) - {State.SUPERSEDED, State.WITHDRAWN, State.EXPIRED}


@dataclass(frozen=True, slots=True)
class Step:
    """When a statement counts: who must sign (all of `by`, or one of them), after which states, with what said."""

    by: frozenset[Role]
    after: frozenset[State] | None  # None: about the collection, whatever its state
    to: State | None = None
    all_of: bool = False
    needs: tuple[str, ...] = ()
    stops: bool = False  # counts whatever was said meanwhile: a stop need not wait, for witnesses or for others
    trusts: bool = False  # counts only once witnesses have seen it


def _after(*states: State) -> frozenset[State]:
    return frozenset(states)


STEPS: Mapping[Kind, Step] = {
    Kind.SCREENED: Step(OWNER, _after(State.DRAFT), State.SCREENED),
    Kind.CONSULTED: Step(OWNER, _after(State.SCREENED), State.CONSULTED),
    Kind.ADVISED: Step(DPO, _after(State.CONSULTED), State.DPO_ADVISED, needs=("advice", "text")),
    Kind.REGULATOR_SUBMITTED: Step(OWNER | DPO, _after(State.DPO_ADVISED), State.PRIOR_CONSULTATION, needs=("on",)),
    Kind.REGULATOR_ADVISED: Step(OWNER | DPO, _after(State.PRIOR_CONSULTATION), needs=("on", "advice", "text")),
    Kind.REGULATOR_EXTENDED: Step(OWNER | DPO, _after(State.PRIOR_CONSULTATION), needs=("on",)),
    Kind.APPROVED: Step(APPROVER, _after(State.DPO_ADVISED, State.PRIOR_CONSULTATION), State.SIGNED),
    Kind.PUBLISHED: Step(OWNER, _after(State.LOGGED), State.PUBLISHED, needs=("url", "witnessed")),
    Kind.ACTIVATED: Step(APPROVER, _after(State.PUBLISHED), State.ACTIVE, trusts=True),
    Kind.WITHDRAWN: Step(APPROVER, OPEN_STATES - {State.DRAFT}, State.WITHDRAWN, needs=("reason",), stops=True),
    Kind.SUSPENDED: Step(ANY, None, needs=("reason",), stops=True),
    Kind.PAUSE_REQUESTED: Step(ANY, None, needs=("on", "text"), stops=True),
    Kind.RESUMED: Step(BOTH, None, all_of=True, needs=("reason",), trusts=True),
    Kind.ROLES_CHANGED: Step(BOTH, None, all_of=True, needs=("roles", "reason"), trusts=True),
    Kind.REGULATOR_ACKNOWLEDGED: Step(OWNER | DPO, None, needs=("on",)),
    Kind.REGULATOR_LETTER: Step(OWNER | DPO, None, needs=("on", "text")),
    Kind.REGULATOR_CONCERN: Step(OWNER | DPO, None, needs=("on", "concern", "text")),
    Kind.CONCERN_ANSWERED: Step(OWNER | DPO, None, needs=("on", "concern", "text")),
}
"""The whole table. DRAFT needs no statement; SIGNED becomes LOGGED when a quorum of witnesses has seen it; SUPERSEDED
follows from the next version, EXPIRED from the calendar."""
