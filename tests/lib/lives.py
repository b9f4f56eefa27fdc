"""Lives of assessments, told statement by statement, for tests of the life cycle: no file, no key, no clock."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from tallyroll.governance import Manifest
from tallyroll.governance.lifecycle import History, Rules, Told, take
from tallyroll.governance.manifest import parse
from tallyroll.governance.roles import Role
from tallyroll.governance.statements import Kind, Signed, Statement
from tallyroll.governance.steps import State
from tallyroll.vocab.clock import LONDON
from tests.lib.builders import manifest_text

APPROVER, DPO, OWNER = Role.APPROVER, Role.DPO, Role.ASSET_OWNER
START = datetime(2026, 9, 1, 8, 0, tzinfo=UTC)
COLLECTION = "test-attendance"
TEXT = manifest_text()
FIRST = parse(TEXT, where="first")
HIGH = parse(TEXT.replace('residual = "medium"', 'residual = "high"', 1), where="high")


def follower(before: Manifest, title: str) -> Manifest:
    """A version that names the one before it."""
    named = f'title = "{title}"\nsupersedes = "{before.digest}"\nreason = "The items were looked at again."'
    return parse(TEXT.replace('title = "Attendance for tests"', named, 1), where="next")


STRANGER = parse(TEXT.replace('title = "Attendance for tests"', 'title = "Attendance, silently edited"', 1), where="x")
"""A version that names none before it."""

SAID = {
    "advice": "proceed",
    "text": "What is said in full.",
    "on": "2026-09-01",
    "url": "https://a.example",
    "reason": "A reason.",
    "roles": "the digest of the roles",
    "concern": "risk-level",
}
"""Everything that any statement must say, but for `witnessed`, which is filled in."""


@dataclass(slots=True)
class Life:
    """A history and what was said in it."""

    manifests: tuple[Manifest, ...] = (FIRST, HIGH, STRANGER)
    faults: Callable[[Manifest, date], Collection[object]] = lambda _manifest, _on: ()
    approvals: int = 1
    history: History = field(default_factory=lambda: History(COLLECTION))
    index: int = 1  # the founding of the ledger is entry 0

    def say(
        self,
        kind: Kind,
        *by: Role,
        of: Manifest | None = FIRST,
        seen: int | None = None,
        ahead: timedelta = timedelta(),
        covered: bool = True,
        day: date | None = None,
        approvers: int | None = None,
        digest: str | None = None,
        **said: str,
    ) -> str:
        """Why a statement had no effect; blank where it had. `said` overrides what any statement must say.

        `ahead` is how far the signer's clock goes before the ledger's; `day` when the ledger takes it.
        """
        known = self.index if seen is None else seen
        facts = {**SAID, "witnessed": str(known), **said}
        about = digest if digest is not None else of.digest if of else ""
        at = START + timedelta(minutes=self.index)
        collection = "" if kind is Kind.ROLES_CHANGED else COLLECTION
        statement = Statement(kind, collection, about, at + ahead, known, facts)
        taken = datetime.combine(day, time(0, 30), LONDON) if day else at  # in summer, the day before in UTC
        return self.play(statement, *by, covered=covered, taken=taken, approvers=approvers)

    def play(
        self,
        statement: Statement,
        *by: Role,
        covered: bool = True,
        taken: datetime | None = None,
        approvers: int | None = None,
    ) -> str:
        """The same for a statement as it is."""
        number = sum(role is APPROVER for role in by) if approvers is None else approvers
        signed = Signed(statement, frozenset(by), tuple(map(str, by)), self.index, f"{self.index:064x}")
        known = {one.digest: one for one in self.manifests}
        before = len(self.history.ignored)
        told = Told(signed, taken or statement.at, number, covered)
        self.history = take(self.history, told, Rules(known, self.faults, self.approvals))
        self.index += 1
        ignored = self.history.ignored
        return ignored[-1].why if len(ignored) > before else ""

    def reach(self, state: State, *, of: Manifest = FIRST) -> None:
        """Take every step in its turn until a version stands there."""
        for kind, role, covered in WAYS[state]:
            why = self.say(kind, role, of=of, covered=covered)
            assert why == "", why

    def state(self, of: Manifest = FIRST) -> State:
        """Where a version stands, as the statements say; suspension and expiry left out."""
        version = self.history.version(of.digest)
        return version.state if version else State.DRAFT


_FIVE = ((Kind.SCREENED, OWNER, True), (Kind.CONSULTED, OWNER, True), (Kind.ADVISED, DPO, True))
_LOGGED = (*_FIVE, (Kind.APPROVED, APPROVER, True))
_PUBLISHED = (*_LOGGED, (Kind.PUBLISHED, OWNER, True))
_ACTIVE = (*_PUBLISHED, (Kind.ACTIVATED, APPROVER, True))
WAYS = {
    State.DRAFT: (),
    State.SCREENED: _FIVE[:1],
    State.CONSULTED: _FIVE[:2],
    State.DPO_ADVISED: _FIVE,
    State.PRIOR_CONSULTATION: (*_FIVE, (Kind.REGULATOR_SUBMITTED, OWNER, True)),
    State.SIGNED: (*_FIVE, (Kind.APPROVED, APPROVER, False)),
    State.LOGGED: _LOGGED,
    State.PUBLISHED: _PUBLISHED,
    State.ACTIVE: _ACTIVE,
    State.SUSPENDED: (*_ACTIVE, (Kind.SUSPENDED, DPO, True)),
    State.WITHDRAWN: (*_ACTIVE, (Kind.WITHDRAWN, APPROVER, True)),
}
"""The statements that bring a version to a state, who signs each, and whether witnesses saw it."""
