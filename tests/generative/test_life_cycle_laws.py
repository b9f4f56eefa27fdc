"""The life cycle against a second one, written from the requirements as a clerk would keep it with cards and stamps.

Any statements by any signers in any order: both must agree after each, and what must never be never is.
"""

from dataclasses import dataclass, field
from datetime import date

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from tests.lib.lives import APPROVER, DPO, FIRST, HIGH, OWNER, STRANGER, WAYS, Life, follower

from tallyroll.governance.roles import Role
from tallyroll.governance.statements import Kind
from tallyroll.governance.steps import State

SECOND = follower(FIRST, "Attendance, second version")
ORPHAN = follower(SECOND, "Attendance, third version")
MANIFESTS = (FIRST, HIGH, STRANGER, SECOND, ORPHAN)
NAMES = {FIRST.digest: "", HIGH.digest: "", STRANGER.digest: "", SECOND.digest: FIRST.digest}
NAMES |= {ORPHAN.digest: SECOND.digest}
STOPS = ("suspended", "regulator-pause-requested", "withdrawn")


@dataclass
class Card:
    """One version on the clerk's desk."""

    stamps: list[str] = field(default_factory=list)  # what was done, in order
    approval: int = 0
    against: set[str] = field(default_factory=set)  # who advised not to proceed, last
    place: str = "draft"


@dataclass
class Clerk:
    """Keeps the cards. Takes each statement as: what, whose signatures, about which version, and the rest.

    Whoever publishes names here as many entries, as seen by witnesses, as the statement knew of.
    """

    cards: dict[str, Card] = field(default_factory=dict)
    taken: list[object] = field(default_factory=list)
    last: int = -1
    halted: bool = False
    live: str = ""

    def hear(self, index: int, said: dict) -> bool:
        """Whether the statement counts."""
        what, who, about = said["kind"], said["who"], said["of"]
        if what in ("activated", "resumed", "roles-changed") and not said["covered"]:
            return False
        if said["seen"] <= self.last and what not in STOPS:
            return False
        if not self.signed(what, who):
            return False
        card = self.cards.get(about, Card())
        if not self.allowed(what, card, about, said):
            return False
        self.cards[about] = card
        self.note(what, card, about, index, said)
        self.last = index
        return True

    def signed(self, what: str, who: frozenset[Role]) -> bool:
        if what in ("resumed", "roles-changed"):
            return {APPROVER, DPO} <= who
        if what in ("approved", "activated", "withdrawn"):
            return APPROVER in who
        if what in ("screened", "consulted", "published"):
            return OWNER in who
        if what == "advised":
            return DPO in who
        if what in ("suspended", "regulator-pause-requested"):
            return len(who) > 0
        return OWNER in who or DPO in who

    def allowed(self, what: str, card: Card, about: str, said: dict) -> bool:
        place = card.place
        if what == "screened":
            return place == "draft"
        if what == "consulted":
            return place == "screened"
        if what == "advised":
            return place == "consulted"
        if what == "regulator-submitted":
            return place == "dpo-advised"
        if what in ("regulator-advised", "regulator-extended"):
            return place == "prior-consultation"
        if what == "approved":
            heard = "regulator-advised" in card.stamps
            if place not in ("dpo-advised", "prior-consultation"):
                return False
            if (about == HIGH.digest or place == "prior-consultation") and not heard:
                return False
            return not card.against or said["overrules"] != ""
        if what == "published":
            return place == "logged" and said["seen"] > card.approval
        if what == "activated":
            if place != "published":
                return False
            before = NAMES[about]
            if self.live and before != self.live:
                return False
            return not before or before in self.cards
        if what == "withdrawn":
            return place not in ("draft", "superseded", "withdrawn")
        if what == "resumed":
            return self.halted
        return True

    def note(self, what: str, card: Card, about: str, index: int, said: dict) -> None:
        card.stamps.append(what)
        if what in ("suspended", "regulator-pause-requested"):
            self.halted = True
        elif what == "resumed":
            self.halted = False
        elif what in ("advised", "regulator-advised"):
            (card.against.add if said["advice"] == "do-not-proceed" else card.against.discard)(what)
        if what == "approved":
            card.approval, card.place = index, "logged" if said["covered"] else "signed"
        elif what == "activated":
            if self.live:
                self.cards[self.live].place = "superseded"
            self.live, card.place = about, "active"
        elif what == "withdrawn":
            card.place = "withdrawn"
            self.live = "" if self.live == about else self.live
        else:
            moves = {"advised": "dpo-advised", "regulator-submitted": "prior-consultation"}
            moves |= {name: name for name in ("screened", "consulted", "published")}
            card.place = moves.get(what, card.place)


DUE = {
    "draft": ("screened", {OWNER}),
    "screened": ("consulted", {OWNER}),
    "consulted": ("advised", {DPO}),
    "dpo-advised": ("approved", {APPROVER}),
    "prior-consultation": ("regulator-advised", {DPO}),
    "logged": ("published", {OWNER}),
    "published": ("activated", {APPROVER}),
}
signers = st.frozensets(st.sampled_from(Role))
versions = st.sampled_from(MANIFESTS)
advices = st.sampled_from(["proceed", "proceed-with-conditions", "do-not-proceed"])


class Lives(RuleBasedStateMachine):
    """The same statements to both."""

    @initialize()
    def begin(self) -> None:
        self.life = Life(manifests=MANIFESTS)
        self.clerk = Clerk()
        self.spoken: list[tuple] = []

    def tell(self, kind: str, who: frozenset[Role], of, **rest) -> bool:
        said = {
            "kind": kind,
            "who": who,
            "of": of.digest,
            "covered": rest.get("covered", True),
            "seen": self.life.index - rest.get("behind", 0),
            "overrules": rest.get("overrules", ""),
            "advice": rest.get("advice", "proceed"),
        }
        index = self.life.index
        why = self.life.say(
            Kind(kind),
            *who,
            of=of,
            covered=said["covered"],
            seen=said["seen"],
            approvers=sum(role is APPROVER for role in who),
            overrules=said["overrules"],
            advice=said["advice"],
        )
        counts = self.clerk.hear(index, said)
        assert (why == "") is counts, (said, why)
        if counts:
            self.spoken.append((self.life.history.said[-1].statement, who, said))
        return counts

    @rule(
        kind=st.sampled_from(Kind),
        who=signers,
        of=versions,
        covered=st.booleans(),
        behind=st.integers(0, 4),
        overrules=st.sampled_from(["", "A law demands it."]),
        advice=advices,
    )
    def anything(self, kind, who, of, **rest) -> None:
        self.tell(str(kind), who, of, **rest)

    @rule(of=versions, advice=advices, overrules=st.sampled_from(["", "A law demands it."]))
    def what_is_due(self, of, **rest) -> None:
        due = DUE.get(self.clerk.cards.get(of.digest, Card()).place)
        if due:
            kind, who = due
            if of is HIGH and kind == "approved" and rest["advice"] != "proceed":
                kind, who = "regulator-submitted", {OWNER}
            if kind == "regulator-advised" and "regulator-advised" in self.clerk.cards[of.digest].stamps:
                kind, who = "approved", {APPROVER}
            self.tell(kind, frozenset(who), of, **rest)

    @rule(of=versions)
    def the_whole_course(self, of) -> None:
        for kind, role, _ in WAYS[State.ACTIVE]:
            self.tell(str(kind), frozenset({role}), of)

    @rule(who=st.sampled_from(Role))
    def stop(self, who) -> None:
        assert self.tell("suspended", frozenset({who}), FIRST, covered=False, behind=4)

    @rule(who=signers, covered=st.booleans())
    def go_on(self, who, covered) -> None:
        self.tell("resumed", who, FIRST, covered=covered)

    @rule(data=st.data())
    def again(self, data) -> None:
        """A statement that counted is played once more: nothing moves."""
        if self.spoken:
            statement, who, said = data.draw(st.sampled_from(self.spoken))
            before = self.life.history
            assert self.life.play(statement, *who, covered=said["covered"]) != ""
            after = self.life.history
            assert (before.versions, before.said, before.stopped) == (after.versions, after.said, after.stopped)

    @invariant()
    def both_agree(self) -> None:
        if not hasattr(self, "life"):
            return
        history = self.life.history
        assert (history.stopped is not None) is self.clerk.halted
        assert (history.active.digest if history.active else "") == self.clerk.live
        for manifest in MANIFESTS:
            assert str(self.life.state(manifest)) == self.clerk.cards.get(manifest.digest, Card()).place

    @invariant()
    def what_must_never_be_never_is(self) -> None:
        if not hasattr(self, "life"):
            return
        active = [one for one in self.life.history.versions if one.state is State.ACTIVE]
        assert len(active) <= 1
        numbers = [one.number for one in self.life.history.versions if one.number]
        assert len(numbers) == len(set(numbers))
        for version in active:
            kinds = [one.statement.kind for one in version.steps]
            order = [kinds.index(kind) for kind, _, _ in WAYS[State.ACTIVE]]
            assert order == sorted(order)  # every step was taken, in its turn
            approved = version.step(Kind.APPROVED)
            assert Role.APPROVER in approved.by
            if version.digest == HIGH.digest:
                assert kinds.index(Kind.REGULATOR_ADVISED) < kinds.index(Kind.APPROVED)
            for kind in (Kind.ADVISED, Kind.REGULATOR_ADVISED):
                advice = version.step(kind)
                if advice and advice.statement.facts["advice"] == "do-not-proceed":
                    assert approved.statement.facts["overrules"]
            expires = version.manifest.collection.expires
            assert self.life.history.state(version, on=expires) is State.EXPIRED
            assert self.life.history.state(version, on=date(2026, 9, 1)) in {State.ACTIVE, State.SUSPENDED}


TestLives = Lives.TestCase
TestLives.settings = settings(
    max_examples=60, stateful_step_count=40, deadline=None, derandomize=True, suppress_health_check=[*HealthCheck]
)
