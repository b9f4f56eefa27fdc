"""The life cycle of an assessment: a pure fold of signed statements over the table of steps.

No step can be skipped, for a statement counts only where its row says so: the state it follows, the roles that must
sign it, the particulars it must hold. What does not count is kept with the reason, so that it shows.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from tallyroll.governance.manifest import Manifest
from tallyroll.governance.manifest.words import Level
from tallyroll.governance.statements import Kind, Signed, Statement
from tallyroll.governance.steps import STEPS, Advice, State, Step
from tallyroll.vocab.clock import LONDON

LONGEST_NUMBER = 12  # digits: no ledger grows beyond
SKEW = timedelta(minutes=1)  # how far two honest clocks may differ
REGULATOR_WEEKS, EXTENSION_WEEKS = 8, 6


@dataclass(frozen=True, slots=True)
class Version:
    """One version: its manifest, where it stands, and the statements that brought it there."""

    manifest: Manifest
    state: State = State.DRAFT
    number: int = 0  # given by the order of the ledger once it is signed; 0 before
    steps: tuple[Signed, ...] = ()

    @property
    def digest(self) -> str:
        """The digest of its manifest."""
        return self.manifest.digest

    def step(self, kind: Kind) -> Signed | None:
        """The last statement of this kind about this version."""
        return next((one for one in reversed(self.steps) if one.statement.kind is kind), None)

    @property
    def advice_due(self) -> date | None:
        """By when the regulator's advice is due: eight weeks from receipt, six more where it said so (Art 36(2))."""
        submitted = self.step(Kind.REGULATOR_SUBMITTED)
        if submitted is None:
            return None
        weeks = REGULATOR_WEEKS + (EXTENSION_WEEKS if self.step(Kind.REGULATOR_EXTENDED) else 0)
        return date.fromisoformat(submitted.statement.facts["on"]) + timedelta(weeks=weeks)


@dataclass(frozen=True, slots=True)
class Ignored:
    """A statement in the ledger that has no effect, and why."""

    index: int
    kind: str
    why: str


@dataclass(frozen=True, slots=True)
class History:
    """All that was ever said of one collection, and what follows from it."""

    collection: str
    versions: tuple[Version, ...] = ()
    said: tuple[Signed, ...] = ()
    ignored: tuple[Ignored, ...] = ()
    stopped: Signed | None = None  # the suspension or regulator's request that holds now

    @property
    def active(self) -> Version | None:
        """The version that was activated and not ended, suspended or not."""
        return next((one for one in self.versions if one.state is State.ACTIVE), None)

    def version(self, digest: str) -> Version | None:
        """The version whose manifest has this digest."""
        return next((one for one in self.versions if one.digest == digest), None)

    def state(self, version: Version, *, on: date) -> State:
        """Where a version stands on a day: suspension and expiry included."""
        if version.state is State.ACTIVE and on >= version.manifest.collection.expires:
            return State.EXPIRED
        return State.SUSPENDED if version.state is State.ACTIVE and self.stopped else version.state

    def events(self, *kinds: Kind) -> tuple[Signed, ...]:
        """The statements of these kinds, in the order of the ledger."""
        return tuple(one for one in self.said if one.statement.kind in kinds)

    def open_concerns(self, *, days: int) -> Mapping[str, date]:
        """The regulator's concerns that nobody has answered, each with the day on which the answer is due."""
        due: dict[str, date] = {}
        for one in self.events(Kind.REGULATOR_CONCERN, Kind.CONCERN_ANSWERED):
            facts = one.statement.facts
            if one.statement.kind is Kind.CONCERN_ANSWERED:
                due.pop(facts["concern"], None)  # an answer to what was not yet asked answers nothing
            else:
                due[facts["concern"]] = date.fromisoformat(facts["on"]) + timedelta(days=days)
        return due


@dataclass(frozen=True, slots=True)
class Told:
    """A statement as it stands in the ledger, before it is judged: who signed it, by the roles of that moment."""

    signed: Signed
    taken: datetime  # when the ledger took it
    approvers: int = 0  # how many different approvers signed
    covered: bool = True  # whether a quorum of witnesses has seen the ledger with it

    @property
    def day(self) -> date:
        """The day on which the ledger took it."""
        return self.taken.astimezone(LONDON).date()


Faults = Callable[[Manifest, date], Collection[object]]
"""The rules of manifests: what is wrong with one on a day."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What a statement is judged by besides the table: the manifests it may name, their rules, how many approve."""

    manifests: Mapping[str, Manifest]
    faults: Faults
    approvals: int = 1


def take(history: History, told: Told, rules: Rules) -> History:
    """The history with one statement more: its effect, or why it has none."""
    why = objection(history, told, rules)
    if why:
        ignored = Ignored(told.signed.index, str(told.signed.statement.kind), why)
        return replace(history, ignored=(*history.ignored, ignored))
    return _advance(history, told, rules.manifests)


def objection(history: History, told: Told, rules: Rules) -> str:
    """Why a statement has no effect; blank where it has."""
    signed, statement = told.signed, told.signed.statement
    step = STEPS[statement.kind]
    if step.trusts and not told.covered:
        return "Not enough witnesses have seen it yet."
    if any(one.statement == statement for one in history.said):
        return "It was said before: this is a repetition."
    last = max((one.index for one in history.said), default=-1)
    if not step.stops:
        if statement.seen <= last:
            return f"It was signed before entry {last} was known; sign it again."
        if statement.at > told.taken + SKEW or statement.seen > signed.index:
            return "It is dated after the ledger took it."
    return (
        _unsigned(step, signed)
        or _too_few(step, told, rules)
        or _silent(step, signed, told.day)
        or _out_of_turn(history, signed, rules.manifests)
        or _unready(history, told, rules)
    )


def _unsigned(step: Step, signed: Signed) -> str:
    if step.all_of and not step.by <= signed.by:
        return f"It needs the signatures of {' and '.join(sorted(step.by))}."
    if not step.by & signed.by:
        return f"It needs the signature of {' or '.join(sorted(step.by))}."
    return ""


def _too_few(step: Step, told: Told, rules: Rules) -> str:
    """Where the approver and another role sign together, as many approvers sign as an approval needs."""
    few = step.all_of and told.approvers < rules.approvals
    return f"It needs {rules.approvals} approvers, and {told.approvers} signed." if few else ""


def _silent(step: Step, signed: Signed, day: date) -> str:
    facts = signed.statement.facts
    missing = [name for name in step.needs if not facts.get(name, "").strip()]
    if missing:
        return f"It does not say: {', '.join(missing)}."
    if "advice" in step.needs and facts["advice"] not in list(Advice):
        return f"Advice is one of {', '.join(Advice)}."
    if "on" in step.needs and not _is_day_until(facts["on"], day):
        return "'on' is not a day that has been, as 2026-11-20."
    return ""


def _is_day_until(text: str, last: date) -> bool:
    try:
        return date.fromisoformat(text) <= last
    except ValueError:
        return False


def _out_of_turn(history: History, signed: Signed, manifests: Mapping[str, Manifest]) -> str:
    statement = signed.statement
    after = STEPS[statement.kind].after
    if after is None:
        return _out_of_place(history, statement)
    if statement.manifest not in manifests:
        return "The ledger does not hold the manifest that it names."
    if manifests[statement.manifest].collection.id != history.collection:
        return "It is about another collection."
    version = history.version(statement.manifest)
    state = version.state if version else State.DRAFT
    if state not in after:
        return f"The version is {state}; this step follows {' or '.join(sorted(after))}."
    return ""


def _out_of_place(history: History, statement: Statement) -> str:
    """Why what is said of a collection as a whole, or of the ledger, does not fit."""
    if statement.kind is Kind.RESUMED and history.stopped is None:
        return "Nothing is suspended."
    if statement.kind is Kind.ROLES_CHANGED and statement.collection:
        return "Roles are those of the ledger, not of a collection."
    return ""


def _unready(history: History, told: Told, rules: Rules) -> str:
    """What else stands in the way of the steps that people trust: approval, publication, activation."""
    statement = told.signed.statement
    version = history.version(statement.manifest)
    if version is None or statement.kind not in (Kind.APPROVED, Kind.PUBLISHED, Kind.ACTIVATED):
        return ""
    if statement.kind is Kind.PUBLISHED:
        return _unlogged(version, statement.facts["witnessed"], seen=statement.seen)
    wrong = rules.faults(version.manifest, told.day)
    if wrong:
        return f"The assessment has {len(wrong)} faults; see `tallyroll dpia check`."
    if statement.kind is Kind.ACTIVATED:
        return _unfollowed(history, version.manifest)
    if told.approvers < rules.approvals:
        return f"It needs {rules.approvals} approvers, and {told.approvers} signed."
    return (
        _unconsulted(version) or _overruled(version, statement.facts) or _overdue(history, version.manifest, told.day)
    )


def _unlogged(version: Version, witnessed: str, *, seen: int) -> str:
    """Publication comes after the witnesses: its signer names the size of the ledger that they had seen."""
    approved = version.step(Kind.APPROVED)
    is_number = witnessed.isascii() and witnessed.isdigit() and len(witnessed) <= LONGEST_NUMBER
    late = approved is not None and is_number and approved.index < int(witnessed) <= seen
    return "" if late else "It was published before witnesses had seen the approval."


def _unconsulted(version: Version) -> str:
    advised = version.step(Kind.REGULATOR_ADVISED)
    if version.manifest.residual is Level.HIGH and advised is None:
        return "A high risk remains: the regulator's advice must be recorded first (Art 36)."
    if version.state is State.PRIOR_CONSULTATION and advised is None:
        return "The regulator was consulted and has not advised yet."
    return ""


def _overruled(version: Version, facts: Mapping[str, str]) -> str:
    for kind in (Kind.ADVISED, Kind.REGULATOR_ADVISED):
        advised = version.step(kind)
        against = advised is not None and advised.statement.facts["advice"] == Advice.DO_NOT_PROCEED
        if against and not facts.get("overrules", "").strip():
            return "The advice is not to proceed: overruling it needs a published reason ('overrules')."
    return ""


def _unfollowed(history: History, manifest: Manifest) -> str:
    """A version that follows another names it and says why; one that claims to follow must have something to follow."""
    before, named = history.active, manifest.collection.supersedes
    if before is not None and named != before.digest:
        return f"Version {before.number} is active: the new one must name it in collection.supersedes."
    if named and history.version(named) is None:
        return "It supersedes a version that the ledger does not know."
    return ""


def _overdue(history: History, manifest: Manifest, on: date) -> str:
    if manifest.concerns is None:
        return ""
    due = history.open_concerns(days=manifest.concerns.answer_within_days)
    late = [name for name, day in due.items() if day < on]
    return f"Concerns of the regulator wait for an answer: {', '.join(late)}." if late else ""


def _advance(history: History, told: Told, manifests: Mapping[str, Manifest]) -> History:
    signed, statement = told.signed, told.signed.statement
    history = replace(history, said=(*history.said, signed))
    if statement.kind in (Kind.SUSPENDED, Kind.PAUSE_REQUESTED):
        history = replace(history, stopped=history.stopped or signed)
    if statement.kind is Kind.RESUMED:
        history = replace(history, stopped=None)
    return _step_version(history, told, manifests) if statement.manifest in manifests else history


def _step_version(history: History, told: Told, manifests: Mapping[str, Manifest]) -> History:
    signed, statement = told.signed, told.signed.statement
    to = STEPS[statement.kind].to
    old = history.version(statement.manifest) or Version(manifests[statement.manifest])
    number = old.number
    if to is State.SIGNED:
        number = 1 + max((one.number for one in history.versions), default=0)
        to = State.LOGGED if told.covered else State.SIGNED
    new = replace(old, state=to or old.state, number=number, steps=(*old.steps, signed))
    others = [one for one in history.versions if one.digest != old.digest]
    if to is State.ACTIVE:
        others = [replace(one, state=State.SUPERSEDED) if one.state is State.ACTIVE else one for one in others]
    place = next((i for i, one in enumerate(history.versions) if one.digest == old.digest), len(others))
    return replace(history, versions=(*others[:place], new, *others[place:]))
