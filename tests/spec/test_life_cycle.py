"""The life of an assessment, as a table that a data-protection officer can read.

A row is a statement, with who must sign it. A column is where the version stands. A cell says what happens:
a state = the version moves there, `yes` = it is recorded and nothing moves, `STOP` = everything stops, `.` = nothing.
"""

import shutil
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import combinations

import pytest
from tests.lib.builders import NOW
from tests.lib.lives import APPROVER, COLLECTION, DPO, FIRST, HIGH, OWNER, SAID, STRANGER, TEXT, WAYS, Life, follower
from tests.lib.siege import ENACTED, REQUEST, A, B, Siege, besiege, version_after
from tests.lib.siege import TEXT as SIEGE_TEXT

from tallyroll.flows.office import found
from tallyroll.governance import Door, explain
from tallyroll.governance.manifest import parse
from tallyroll.governance.roles import Role
from tallyroll.governance.statements import Kind
from tallyroll.governance.steps import State
from tallyroll.ledger import Reader

TABLE = """
statement                  signed by     draft     screened   consulted    advised             prior   signed  logged     published  active     superseded withdrawn
screened                   owner         screened  .          .            .                   .       .       .          .          .          .          .
consulted                  owner         .         consulted  .            .                   .       .       .          .          .          .          .
advised                    dpo           .         .          dpo-advised  .                   .       .       .          .          .          .          .
regulator-submitted        owner/dpo     .         .          .            prior-consultation  .       .       .          .          .          .          .
regulator-advised          owner/dpo     .         .          .            .                   yes     .       .          .          .          .          .
regulator-extended         owner/dpo     .         .          .            .                   yes     .       .          .          .          .          .
approved                   approver      .         .          .            logged              .       .       .          .          .          .          .
published                  owner         .         .          .            .                   .       .       published  .          .          .          .
activated                  approver      .         .          .            .                   .       .       .          active     .          .          .
withdrawn                  approver      .         withdrawn  withdrawn    withdrawn           withdrawn withdrawn withdrawn withdrawn withdrawn .         .
suspended                  any           STOP      STOP       STOP         STOP                STOP    STOP    STOP       STOP       STOP       STOP       STOP
regulator-pause-requested  any           STOP      STOP       STOP         STOP                STOP    STOP    STOP       STOP       STOP       STOP       STOP
resumed                    approver+dpo  .         .          .            .                   .       .       .          .          .          .          .
roles-changed              approver+dpo  yes       yes        yes          yes                 yes     yes     yes        yes        yes        yes        yes
regulator-acknowledged     owner/dpo     yes       yes        yes          yes                 yes     yes     yes        yes        yes        yes        yes
regulator-letter           owner/dpo     yes       yes        yes          yes                 yes     yes     yes        yes        yes        yes        yes
regulator-concern          owner/dpo     yes       yes        yes          yes                 yes     yes     yes        yes        yes        yes        yes
concern-answered           owner/dpo     yes       yes        yes          yes                 yes     yes     yes        yes        yes        yes        yes
"""  # noqa: E501 - a table is read across
HEAD, *ROWS = [line.split() for line in TABLE.strip().splitlines()]
STATES = dict(zip(HEAD[3:], [*WAYS][:9], strict=False)) | {"superseded": State.SUPERSEDED, "withdrawn": State.WITHDRAWN}
WHO = {"owner": [{OWNER}], "dpo": [{DPO}], "approver": [{APPROVER}], "owner/dpo": [{OWNER}, {DPO}]}
WHO |= {"any": [{OWNER}, {DPO}, {APPROVER}], "approver+dpo": [{APPROVER, DPO}]}
SUBSETS = [set(some) for n in range(4) for some in combinations(Role, n)]


def life_at(state: State) -> Life:
    life = Life()
    if state is State.SUPERSEDED:
        new = follower(FIRST, "Attendance, second version")
        life.manifests = (FIRST, new)
        life.reach(State.ACTIVE)
        life.reach(State.ACTIVE, of=new)
    else:
        life.reach(state)
    assert life.state() is (State.ACTIVE if state is State.SUSPENDED else state)
    return life


def test_the_table_names_every_statement_and_every_state_that_statements_reach() -> None:
    assert {row[0] for row in ROWS} == set(Kind)
    assert set(STATES.values()) == set(State) - {State.SUSPENDED, State.EXPIRED}


@pytest.mark.parametrize("column", STATES)
@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_each_cell_of_the_table(row: list[str], column: str) -> None:
    kind, cell = Kind(row[0]), row[2 + [*STATES].index(column)]
    for signers in WHO[row[1]]:
        life = life_at(STATES[column])
        before = life.state()
        why = life.say(kind, *signers)
        assert (why == "") is (cell != "."), why
        assert life.state() == (before if cell in {".", "yes", "STOP"} else cell)
        assert (life.history.stopped is not None) is (cell == "STOP")


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_who_must_sign(row: list[str]) -> None:
    """Whoever else signs besides; and without the one who must, nobody's signature is enough."""
    kind = Kind(row[0])
    column = next((at for at, cell in enumerate(row[2:]) if cell != "."), None)
    for signers in SUBSETS:
        life = life_at([*STATES.values()][column] if column is not None else State.SUSPENDED)
        counts = life.say(kind, *signers) == ""
        assert counts is any(needed <= signers for needed in WHO[row[1]]), signers


# What each statement must say

NEEDS = """
advised                    advice text
regulator-submitted        on
regulator-advised          on advice text
regulator-extended         on
published                  url witnessed
withdrawn                  reason
suspended                  reason
regulator-pause-requested  on text
resumed                    reason
roles-changed              roles reason
regulator-acknowledged     on
regulator-letter           on text
regulator-concern          on concern text
concern-answered           on concern text
"""


@pytest.mark.parametrize("line", NEEDS.strip().splitlines())
def test_what_each_statement_must_say(line: str) -> None:
    kind, *words = line.split()
    (row,) = [row for row in ROWS if row[0] == kind]
    column = next((at for at, cell in enumerate(row[2:]) if cell != "."), None)
    for word in words:
        for said in ("", "   "):
            life = life_at([*STATES.values()][column] if column is not None else State.SUSPENDED)
            assert life.say(Kind(kind), *Role, **{word: said}) == f"It does not say: {word}."
    assert life.say(Kind(kind), *Role) == ""


def test_what_no_line_names_need_not_be_said() -> None:
    named = {line.split()[0] for line in NEEDS.strip().splitlines()}
    assert {str(kind) for kind in Kind} - named == {"screened", "consulted", "approved", "activated"}


@pytest.mark.parametrize("day", ["soon", "20/11/2026", "2026-02-30", "2026-09-02", "9999-12-31"])
def test_a_day_is_a_day_that_has_been(day: str) -> None:
    assert Life().say(Kind.REGULATOR_LETTER, DPO, on=day) == "'on' is not a day that has been, as 2026-11-20."


def test_advice_is_one_of_three() -> None:
    life = life_at(State.CONSULTED)
    assert "Advice is one of" in life.say(Kind.ADVISED, DPO, advice="fine by me")
    for advice in ("proceed", "proceed-with-conditions", "do-not-proceed"):
        assert life_at(State.CONSULTED).say(Kind.ADVISED, DPO, advice=advice) == ""


# Approval


def test_the_officer_s_key_never_approves() -> None:
    for state in WAYS:
        for signers in ({DPO}, {OWNER}, {DPO, OWNER}, set()):
            life = life_at(state)
            assert life.say(Kind.APPROVED, *signers) != ""
            assert life.state() is life_at(state).state()


def test_a_high_risk_waits_for_the_regulator() -> None:
    life = Life()
    life.reach(State.DPO_ADVISED, of=HIGH)
    assert "high risk remains" in life.say(Kind.APPROVED, APPROVER, of=HIGH)
    assert life.say(Kind.REGULATOR_SUBMITTED, OWNER, of=HIGH) == ""
    assert "high risk remains" in life.say(Kind.APPROVED, APPROVER, of=HIGH)
    assert life.say(Kind.REGULATOR_ADVISED, OWNER, of=HIGH) == ""
    assert life.say(Kind.APPROVED, APPROVER, of=HIGH) == ""


def test_whoever_consults_the_regulator_waits_for_the_answer_at_any_risk() -> None:
    life = life_at(State.PRIOR_CONSULTATION)
    assert "has not advised yet" in life.say(Kind.APPROVED, APPROVER)
    assert life.say(Kind.REGULATOR_EXTENDED, DPO) == ""
    assert "has not advised yet" in life.say(Kind.APPROVED, APPROVER)
    assert life.say(Kind.REGULATOR_ADVISED, DPO) == ""
    assert life.say(Kind.APPROVED, APPROVER) == ""


def test_overruling_the_officer_needs_a_reason() -> None:
    life = life_at(State.CONSULTED)
    life.say(Kind.ADVISED, DPO, advice="do-not-proceed")
    for said in ({}, {"overrules": ""}, {"overrules": "  "}):
        assert "needs a published reason" in life.say(Kind.APPROVED, APPROVER, **said)
    assert life.state() is State.DPO_ADVISED
    assert life.say(Kind.APPROVED, APPROVER, overrules="The duty of section 1 leaves no choice.") == ""


def test_overruling_the_regulator_needs_a_reason() -> None:
    life = life_at(State.PRIOR_CONSULTATION)
    life.say(Kind.REGULATOR_ADVISED, DPO, advice="do-not-proceed")
    assert "needs a published reason" in life.say(Kind.APPROVED, APPROVER)
    assert life.say(Kind.APPROVED, APPROVER, overrules="A law demands it.") == ""


def test_conditions_are_no_refusal() -> None:
    life = life_at(State.CONSULTED)
    life.say(Kind.ADVISED, DPO, advice="proceed-with-conditions")
    assert life.say(Kind.APPROVED, APPROVER) == ""


def test_as_many_approvers_sign_as_the_roles_demand() -> None:
    life = life_at(State.DPO_ADVISED)
    life.approvals = 2
    assert life.say(Kind.APPROVED, APPROVER, approvers=1) == "It needs 2 approvers, and 1 signed."
    assert life.say(Kind.APPROVED, APPROVER, approvers=2) == ""


@pytest.mark.parametrize(
    ("state", "kind", "by"), [(State.DPO_ADVISED, Kind.APPROVED, APPROVER), (State.PUBLISHED, Kind.ACTIVATED, APPROVER)]
)
def test_an_assessment_with_a_fault_is_neither_approved_nor_activated(state: State, kind: Kind, by: Role) -> None:
    """On the day on which the ledger takes it: a fault that comes with time counts as well."""
    life = life_at(state)
    life.faults = lambda manifest, on: ["expired"] if on >= manifest.collection.expires else []
    assert "has 1 faults" in life.say(kind, by, day=FIRST.collection.expires)
    assert life.say(kind, by, day=date(2027, 8, 30)) == ""


def test_a_concern_that_waits_too_long_stops_the_next_approval() -> None:
    """The manifest promises an answer in so many days; on the last of them nothing is late."""
    days = FIRST.concerns.answer_within_days
    due = date.fromordinal(date(2026, 9, 1).toordinal() + days)
    late = date.fromordinal(due.toordinal() + 1)
    life = life_at(State.DPO_ADVISED)
    life.say(Kind.REGULATOR_CONCERN, DPO, concern="risk-level", on="2026-09-01")
    life.say(Kind.CONCERN_ANSWERED, DPO, concern="another", on="2026-09-01")
    assert "wait for an answer: risk-level" in life.say(Kind.APPROVED, APPROVER, day=late)
    assert life.say(Kind.APPROVED, APPROVER, day=due) == ""
    life = life_at(State.DPO_ADVISED)
    life.say(Kind.REGULATOR_CONCERN, DPO, concern="risk-level", on="2026-09-01")
    life.say(Kind.CONCERN_ANSWERED, DPO, concern="risk-level", on="2026-09-20", day=date(2026, 9, 20))
    assert life.say(Kind.APPROVED, APPROVER, day=late) == ""
    assert life.history.open_concerns(days=days) == {}


def test_a_concern_is_not_answered_before_it_was_raised() -> None:
    life = life_at(State.DPO_ADVISED)
    life.say(Kind.CONCERN_ANSWERED, DPO, concern="risk-level", on="2026-09-01")
    life.say(Kind.REGULATOR_CONCERN, DPO, concern="risk-level", on="2026-09-01")
    assert [*life.history.open_concerns(days=28)] == ["risk-level"]


def test_where_no_time_is_promised_none_has_run_out() -> None:
    """Such a manifest has a fault by the rules; here they are silent."""
    start = TEXT.index("[concerns]")
    unpromised = parse(TEXT[:start] + TEXT[TEXT.index("\n[", start) :], where="test")
    assert unpromised.concerns is None
    life = Life(manifests=(unpromised,))
    life.reach(State.DPO_ADVISED, of=unpromised)
    life.say(Kind.REGULATOR_CONCERN, DPO, of=unpromised, on="2026-09-01")
    assert life.say(Kind.APPROVED, APPROVER, of=unpromised, day=date(2027, 8, 1)) == ""


def test_the_regulator_has_eight_weeks_and_six_more() -> None:
    """Art 36(2). Reckoned by hand: 56 days after 1 September are 27 October, 98 days are 8 December."""
    life = life_at(State.DPO_ADVISED)
    assert life.history.version(FIRST.digest).advice_due is None
    life.say(Kind.REGULATOR_SUBMITTED, OWNER, on="2026-09-01")
    assert life.history.version(FIRST.digest).advice_due == date(2026, 10, 27)
    life.say(Kind.REGULATOR_EXTENDED, OWNER)
    assert life.history.version(FIRST.digest).advice_due == date(2026, 12, 8)


# The roles


def test_roles_are_of_the_ledger_and_of_no_collection() -> None:
    life = life_at(State.ACTIVE)
    assert life.say(Kind.ROLES_CHANGED, APPROVER, DPO) == ""
    named = replace(life.history.said[-1].statement, collection=COLLECTION, seen=life.index)
    assert "not of a collection" in life.play(named, APPROVER, DPO)


# Witnesses


def test_an_approval_is_logged_once_witnesses_have_seen_it() -> None:
    assert life_at(State.SIGNED).state() is State.SIGNED
    assert life_at(State.LOGGED).state() is State.LOGGED
    assert "follows logged" in life_at(State.SIGNED).say(Kind.PUBLISHED, OWNER)


def test_publication_follows_what_witnesses_saw() -> None:
    """The approval is entry 4 (after the founding, 0): witnesses have seen it when they have seen five entries."""
    for number, counts in (("4", False), ("5", True), ("", False), ("-9", False), ("five", False), ("٥", False)):
        life = life_at(State.LOGGED)
        assert life.index == 5
        assert (life.say(Kind.PUBLISHED, OWNER, witnessed=number) == "") is counts
    life = life_at(State.LOGGED)
    assert life.say(Kind.PUBLISHED, OWNER, witnessed="6") != ""  # more than there are
    assert life.say(Kind.PUBLISHED, OWNER, witnessed="0000000000005") != ""  # longer than any number of entries
    assert life.say(Kind.PUBLISHED, OWNER, witnessed="000000000005") == ""


@pytest.mark.parametrize("kind", [Kind.ACTIVATED, Kind.RESUMED, Kind.ROLES_CHANGED])
def test_what_starts_something_waits_for_witnesses(kind: Kind) -> None:
    life = life_at(State.PUBLISHED if kind is Kind.ACTIVATED else State.SUSPENDED)
    assert life.say(kind, *Role, covered=False) == "Not enough witnesses have seen it yet."
    assert life.say(kind, *Role) == ""


@pytest.mark.parametrize("kind", [Kind.SUSPENDED, Kind.PAUSE_REQUESTED, Kind.WITHDRAWN])
def test_what_stops_something_waits_for_nobody(kind: Kind) -> None:
    """Not for witnesses, and not for what was said meanwhile."""
    life = life_at(State.ACTIVE)
    assert life.say(kind, *Role, covered=False, seen=0) == ""
    assert life.history.stopped is not None or life.state() is State.WITHDRAWN


def test_only_what_stops_may_have_been_signed_long_ago() -> None:
    """Any other statement must have been signed after the last one that counts was known."""
    for row in ROWS:
        kind = Kind(row[0])
        column = next((at for at, cell in enumerate(row[2:]) if cell != "."), None)
        life = life_at([*STATES.values()][column] if column is not None else State.SUSPENDED)
        if not life.history.said:
            life.say(Kind.REGULATOR_LETTER, DPO)
        last = life.history.said[-1].index
        stops = kind in {Kind.SUSPENDED, Kind.PAUSE_REQUESTED, Kind.WITHDRAWN}
        assert (life.say(kind, *Role, seen=last) == "") is stops, kind
        if not stops:
            assert life.say(kind, *Role, seen=last + 1) == ""


def test_only_what_stops_may_be_dated_after_the_ledger_took_it() -> None:
    """Two honest clocks may differ by a minute; and nobody has seen an entry that is not there yet."""
    minute, second = timedelta(minutes=1), timedelta(seconds=1)
    for kind, by, stops in (
        (Kind.SCREENED, OWNER, False),
        (Kind.SUSPENDED, DPO, True),
        (Kind.PAUSE_REQUESTED, DPO, True),
    ):
        assert Life().say(kind, by, ahead=minute) == ""
        for wrong in ({"ahead": minute + second}, {"seen": 2}):
            why = Life().say(kind, by, **wrong)
            assert why == ("" if stops else "It is dated after the ledger took it.")
    assert Life().say(Kind.SCREENED, OWNER, seen=1) == ""


def test_the_very_first_statement_may_know_an_empty_ledger() -> None:
    assert Life().say(Kind.SCREENED, OWNER, seen=0) == ""


# Stopping and going on


def test_any_one_of_three_stops_it_and_two_together_start_it_again() -> None:
    for role in Role:
        life = life_at(State.ACTIVE)
        assert life.say(Kind.SUSPENDED, role) == ""
        version = life.history.active
        assert life.history.state(version, on=date(2026, 11, 20)) is State.SUSPENDED
        for alone in Role:
            assert life.say(Kind.RESUMED, alone) != ""
        assert life.say(Kind.RESUMED, APPROVER, DPO, reason=" ") != ""
        assert life.history.stopped is not None
        assert life.say(Kind.RESUMED, APPROVER, DPO) == ""
        assert life.history.stopped is None
        assert life.history.state(version, on=date(2026, 11, 20)) is State.ACTIVE


@pytest.mark.parametrize("digest", ["", "0" * 64])
def test_a_collection_is_stopped_whatever_version_is_named(digest: str) -> None:
    life = life_at(State.ACTIVE)
    assert life.say(Kind.SUSPENDED, OWNER, digest=digest) == ""
    assert life.history.stopped is not None
    assert [one.digest for one in life.history.versions] == [FIRST.digest]


def test_the_first_who_stopped_it_is_named() -> None:
    life = life_at(State.ACTIVE)
    life.say(Kind.SUSPENDED, OWNER)
    life.say(Kind.PAUSE_REQUESTED, DPO)
    assert life.history.stopped.statement.kind is Kind.SUSPENDED
    assert life.history.stopped.by == {OWNER}


def test_nothing_is_resumed_that_was_not_stopped() -> None:
    assert life_at(State.ACTIVE).say(Kind.RESUMED, APPROVER, DPO) == "Nothing is suspended."


def test_a_repetition_has_no_effect() -> None:
    life = life_at(State.ACTIVE)
    life.say(Kind.SUSPENDED, DPO)
    suspended = life.history.said[-1].statement
    life.say(Kind.RESUMED, APPROVER, DPO)
    assert life.play(suspended, DPO) == "It was said before: this is a repetition."
    assert life.history.stopped is None


def test_a_suspension_outlives_the_version() -> None:
    """A new version does not wake what was stopped."""
    new = follower(FIRST, "Attendance, second version")
    life = life_at(State.ACTIVE)
    life.manifests = (FIRST, new)
    life.say(Kind.SUSPENDED, DPO)
    life.reach(State.ACTIVE, of=new)
    assert life.history.stopped is not None
    assert life.history.state(life.history.active, on=date(2026, 11, 20)) is State.SUSPENDED


def test_it_expires_on_the_day() -> None:
    life = life_at(State.ACTIVE)
    version = life.history.active
    assert life.history.state(version, on=date(2027, 8, 30)) is State.ACTIVE
    assert life.history.state(version, on=date(2027, 8, 31)) is State.EXPIRED
    life.say(Kind.SUSPENDED, DPO)
    assert life.history.state(version, on=date(2027, 8, 31)) is State.EXPIRED
    published = life_at(State.PUBLISHED)
    assert published.history.state(published.history.versions[0], on=date(2027, 8, 31)) is State.PUBLISHED


# Versions


def test_versions_are_numbered_as_they_are_approved() -> None:
    new = follower(FIRST, "Attendance, second version")
    life = Life(manifests=(FIRST, new, STRANGER))
    life.reach(State.SCREENED, of=new)
    life.reach(State.ACTIVE)
    assert [(one.digest, one.number) for one in life.history.versions] == [(new.digest, 0), (FIRST.digest, 1)]
    for kind, role, _ in WAYS[State.ACTIVE][1:]:
        assert life.say(kind, role, of=new) == ""
    assert [(one.number, one.state) for one in life.history.versions] == [(2, State.ACTIVE), (1, State.SUPERSEDED)]
    assert life.history.active.digest == new.digest


def test_a_version_that_follows_must_name_the_one_before() -> None:
    life = life_at(State.ACTIVE)
    life.reach(State.PUBLISHED, of=STRANGER)
    assert "must name it in collection.supersedes" in life.say(Kind.ACTIVATED, APPROVER, of=STRANGER)
    assert life.history.active.digest == FIRST.digest


def test_a_version_cannot_follow_one_that_nobody_knows() -> None:
    new = follower(STRANGER, "Attendance, second version")
    life = Life(manifests=(FIRST, STRANGER, new))
    life.reach(State.PUBLISHED, of=new)
    assert "does not know" in life.say(Kind.ACTIVATED, APPROVER, of=new)
    life.reach(State.SCREENED, of=STRANGER)
    assert life.say(Kind.ACTIVATED, APPROVER, of=new) == ""


def test_what_was_withdrawn_or_superseded_does_not_come_back() -> None:
    for state in (State.WITHDRAWN, State.SUPERSEDED):
        for kind in (Kind.SCREENED, Kind.APPROVED, Kind.PUBLISHED, Kind.ACTIVATED):
            assert life_at(state).say(kind, *Role) != ""


def test_a_withdrawn_version_leaves_none_in_force() -> None:
    life = life_at(State.ACTIVE)
    life.say(Kind.WITHDRAWN, APPROVER)
    assert life.history.active is None


def test_a_version_is_of_this_collection_and_in_the_ledger() -> None:
    other = parse(TEXT.replace('id = "test-attendance"', 'id = "other-attendance"', 1), where="other")
    life = Life(manifests=(FIRST, other))
    assert life.say(Kind.SCREENED, OWNER, of=other) == "It is about another collection."
    assert life.say(Kind.SCREENED, OWNER, digest="0" * 64) == "The ledger does not hold the manifest that it names."
    assert life.say(Kind.SCREENED, OWNER, digest="") == "The ledger does not hold the manifest that it names."


def test_what_has_no_effect_is_kept_with_the_reason() -> None:
    life = Life()
    life.say(Kind.APPROVED, APPROVER)
    (ignored,) = life.history.ignored
    assert (ignored.index, ignored.kind) == (1, "approved")
    assert ignored.why == "The version is draft; this step follows dpo-advised or prior-consultation."
    assert life.history.said == ()


def test_what_counts_is_kept_in_order_with_the_version() -> None:
    life = life_at(State.ACTIVE)
    kinds = [kind for kind, _, _ in WAYS[State.ACTIVE]]
    version = life.history.active
    assert [one.statement.kind for one in version.steps] == kinds
    assert [one.statement.kind for one in life.history.said] == kinds
    assert [one.index for one in life.history.events(Kind.ADVISED, Kind.APPROVED)] == [3, 4]
    assert version.step(Kind.ADVISED).statement.facts["advice"] == SAID["advice"]
    assert version.step(Kind.WITHDRAWN) is None


# No door opens in any state but one (LAW-01)


@pytest.mark.parametrize("state", [*STATES.values(), State.SUSPENDED, State.EXPIRED])
def test_every_door_refuses_in_every_state_but_active(tmp_path, state: State) -> None:
    """A real ledger, a real gate: each door is asked with what would be granted were it active."""
    place = besiege(tmp_path)
    if state in WAYS and state is not State.ACTIVE:
        tell_anew(place, state)
    if state is State.SUPERSEDED:
        old, place.manifest = place.manifest, version_after(place.manifest, SIEGE_TEXT)
        place.enact(place.manifest)
        place.say(Kind.WITHDRAWN, APPROVER, reason="Back to the old one.")
        assert explain(place.gate(), REQUEST, authorities={}).manifest != old.digest
    if state is State.EXPIRED:
        place.clock.moment = datetime(2027, 8, 31, 12, 0, tzinfo=UTC)
    gate = place.gate()
    for door in Door:
        answer = explain(gate, replace(REQUEST, door=door), authorities={A: "201", B: "202"})
        if state is State.ACTIVE and door in OPEN_TO_STATISTICS:
            assert answer is None
        elif state is State.ACTIVE:
            assert answer.clause in {"purposes.attendance-statistics.kind", "recipients"}
        else:
            clause = {State.SUSPENDED: "suspended", State.EXPIRED: "collection.expires"}
            assert answer.clause == clause.get(state, "life-cycle")


OPEN_TO_STATISTICS = {Door.ENROL, Door.PULL, Door.COUNT, Door.RECEIVE, Door.OPEN, Door.RELEASE}


def tell_anew(place: Siege, state: State) -> None:
    """A new ledger in which the statements of this state, and no others, are signed and entered."""
    shutil.rmtree(place.ledger)
    found(place.ledger, key=place.public, roles=place.roles, at=ENACTED)
    for kind, role, covered in WAYS[state]:
        assert covered or state is State.SIGNED
        size = len(Reader(place.ledger, key=place.public.vkey).refresh())
        facts = {name: word for name, word in SAID.items() if name != "roles"} | {"witnessed": str(size)}
        place.smuggle_signed(place.statement(kind, at=NOW, **facts), place.keys[role])
    reached = place.gate().assessments.standing().history("test-attendance")
    version = reached.version(place.manifest.digest)
    expected = State.LOGGED if state is State.SIGNED else state  # where no witness is asked, all is seen at once
    assert (reached.state(version, on=NOW.date()) if version else State.DRAFT) is expected, reached.ignored
