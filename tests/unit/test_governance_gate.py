"""The gate: each clause that refuses, to the day and the minute; what it answers, and that it is written down."""

import base64
import shutil
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from tests.lib.builders import NOW
from tests.lib.siege import REQUEST, SECTORS, TEXT, A, B, Siege, besiege, version_after

from tallyroll.governance import (
    Door,
    Manifest,
    Permit,
    Refusal,
    Request,
    Standing,
    decide,
    explain,
    in_force,
    permitted,
    require,
)
from tallyroll.governance.gate import not_in_force
from tallyroll.governance.lifecycle import History, Version
from tallyroll.governance.limits import beyond_the_assessment
from tallyroll.governance.manifest import parse
from tallyroll.governance.manifest.words import Tier
from tallyroll.governance.notices import notice_digest
from tallyroll.governance.roles import Role, RoleKey, Roles, WitnessKey
from tallyroll.governance.statements import Kind, Signed, Statement
from tallyroll.governance.steps import State
from tallyroll.ledger import Log, Reader
from tallyroll.vocab.errors import Problem, Refused
from tallyroll.vocab.identifiers import Urn
from tallyroll.vocab.items import ESSENTIAL, Item

TODAY = date(2026, 11, 20)
C = Urn(100003)
AUTHORITIES = {A: "201", B: "202"}


@pytest.fixture
def place(tmp_path: Path) -> Siege:
    return besiege(tmp_path)


def changed(*swaps: tuple[str, str]) -> Manifest:
    text = TEXT
    for old, new in swaps:
        assert old in text
        text = text.replace(old, new, 1)
    return parse(text, where="test")


PLAIN = changed()


# Beyond the assessment: what a request may not ask


def beyond(manifest: Manifest = PLAIN, *, on: date = TODAY, **change: object) -> list[str]:
    request = replace(REQUEST, **change)  # type: ignore[arg-type]  # fields of a request
    faults = list(beyond_the_assessment(manifest, request, on=on, authorities=AUTHORITIES))
    assert all(reason and mend for _, reason, mend in faults)
    return [clause for clause, _, _ in faults]


SCOPED = changed(("[frequency]", '[scope]\nauthorities = ["201"]\n[frequency]'))
WINDOW = changed(("window_days = 300", "window_days = 18"))
OWN = changed(
    ("[[purposes]]", '[[purposes]]\nid = "own-work"\nkind = "own-duties"\ntext = "Help a child."\n[[purposes]]'),
    ('purposes = ["attendance-statistics"]', 'purposes = ["attendance-statistics", "own-work"]'),
    ('purposes = ["attendance-statistics"]', 'purposes = ["attendance-statistics", "own-work"]'),
    (
        '[[recipients]]\nname = "The public"',
        '[[recipients]]\nname = "The court"\nreceives = "named-rows"\npurpose = "own-work"\n\n'
        '[[recipients]]\nname = "The centre"\nreceives = "tallies"\npurpose = "attendance-statistics"\n\n'
        '[[recipients]]\nname = "The aggregator"\nreceives = "shares"\npurpose = "attendance-statistics"\n\n'
        '[[recipients]]\nname = "The public"',
    ),
)

CASES = {
    "as it was assessed": (PLAIN, {}, []),
    "another purpose": (PLAIN, {"purpose": "league-tables"}, ["purposes", "items"]),
    "a forbidden use": (PLAIN, {"purpose": "ai-training"}, ["forbidden.ai-training", "purposes", "items"]),
    "an item too many": (PLAIN, {"items": REQUEST.items | {Item.UPN}}, ["items"]),
    "no mark": (PLAIN, {"items": REQUEST.items - {Item.MARK}}, ["items"]),
    "no item": (PLAIN, {"items": frozenset()}, ["items"]),
    "only what is essential": (PLAIN, {"items": ESSENTIAL}, []),
    "a breakdown too many": (PLAIN, {"characteristics": frozenset({"sex", "sen"})}, ["counters.characteristics"]),
    "no breakdown": (PLAIN, {"characteristics": frozenset()}, []),
    "a school in scope": (SCOPED, {}, []),
    "a school out of scope": (SCOPED, {"schools": frozenset({A, B})}, ["scope.authorities"]),
    "a school that nobody can place": (SCOPED, {"schools": frozenset({C})}, ["scope.authorities"]),
    "any school where no scope is set": (PLAIN, {"schools": frozenset({A, B, C})}, []),
    "no school": (SCOPED, {"schools": frozenset()}, []),
    "one day": (PLAIN, {"first": TODAY, "last": TODAY}, []),
    "days turned round": (PLAIN, {"first": TODAY, "last": date(2026, 11, 19)}, ["frequency.window_days"]),
    "tomorrow": (PLAIN, {"last": date(2026, 11, 21)}, ["frequency.window_days"]),
    "the first day of the window": (WINDOW, {}, []),
    "the day before the window": (WINDOW, {"first": date(2026, 11, 1)}, ["frequency.window_days"]),
    "counting what is kept, from before": (WINDOW, {"first": date(2026, 11, 1), "door": Door.COUNT}, []),
    "the second pull": (PLAIN, {"pull": 2}, []),
    "the third pull": (PLAIN, {"pull": 3}, ["frequency.pulls_a_day"]),
    "no pull": (PLAIN, {"pull": 0}, ["frequency.pulls_a_day"]),
    "a third count": (PLAIN, {"pull": 3, "door": Door.COUNT}, []),
    "tomorrow, counted": (PLAIN, {"last": date(2026, 11, 21), "door": Door.COUNT}, ["frequency.window_days"]),
    "counts sent to a centre that is named": (OWN, {"door": Door.SEND, "recipient": "The centre"}, []),
    "shares sent to an aggregator that is named": (OWN, {"door": Door.SEND, "recipient": "The aggregator"}, []),
    "counts sent to the public": (OWN, {"door": Door.SEND, "recipient": "The public"}, ["recipients"]),
    "counts sent to who gets rows": (OWN, {"door": Door.SEND, "recipient": "The court"}, ["recipients"]),
    "counts sent to nobody": (OWN, {"door": Door.SEND}, ["recipients"]),
    "statistics looked at by name": (PLAIN, {"door": Door.READ}, ["purposes.attendance-statistics.kind"]),
    "statistics handed out by name": (
        OWN,
        {"door": Door.EXPORT, "recipient": "The court"},
        ["purposes.attendance-statistics.kind", "recipients"],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_what_a_request_may_ask(name: str) -> None:
    manifest, change, clauses = CASES[name]
    assert beyond(manifest, **change) == clauses


@pytest.mark.parametrize("door", [Door.ENROL, Door.SEND, Door.RECEIVE, Door.OPEN, Door.RELEASE])
def test_where_no_row_goes_no_item_need_be_named(door: Door) -> None:
    assert beyond(OWN, door=door, items=frozenset(), recipient="The centre") == []


@pytest.mark.parametrize("door", [Door.PULL, Door.COUNT, Door.READ, Door.EXPORT])
def test_where_rows_go_the_essential_items_must_be_named(door: Door) -> None:
    assert "items" in beyond(OWN, door=door, items=frozenset({Item.SEX}), recipient="The centre")


def own_work(**change: object) -> list[str]:
    items = frozenset(list(ESSENTIAL)) & OWN.items_for("own-work")
    return beyond(OWN, purpose="own-work", items=items, characteristics=frozenset(), **change)


def test_rows_are_looked_at_and_handed_out_for_a_body_s_own_duties_only() -> None:
    """Two of the essential items serve the second purpose here; that the others are missing is another fault."""
    assert own_work(door=Door.READ) == ["items"]
    assert own_work(door=Door.EXPORT, recipient="The court") == ["items"]
    assert own_work(door=Door.EXPORT, recipient="The centre") == ["items", "recipients"]


def test_an_item_for_one_purpose_is_not_for_another() -> None:
    served = OWN.items_for("own-work")
    assert len(served) == 2
    request = replace(REQUEST, purpose="own-work")
    reasons = [reason for _, reason, _ in beyond_the_assessment(OWN, request, on=TODAY, authorities=AUTHORITIES)]
    assert all(str(item) in reasons[0] for item in REQUEST.items - served)


# In force, or why not


def standing(
    manifest: Manifest = PLAIN,
    *,
    state: State = State.ACTIVE,
    stopped: bool = False,
    quorum: int = 0,
    minutes: int = 15,
    seen: datetime | None = None,
) -> Standing:
    said = Statement(Kind.SUSPENDED, "test-attendance", "", NOW, 7, {"reason": "Wait."})
    halt = Signed(said, frozenset({Role.DPO}), ("Ann (dpo)", "Bea (approver)"), 7, "0" * 64) if stopped else None
    version = Version(manifest, state, 1)
    history = History("test-attendance", (version,), stopped=halt)
    keys = tuple(
        RoleKey(role=role, holder=f"Holder {role}", public=f"{at:064x}", trained_until=TODAY)
        for at, role in enumerate(Role)
    )
    witnesses = tuple(WitnessKey(name=name, key=f"{name}+key", sector=sector) for name, sector in SECTORS.items())
    roles = Roles.model_construct(
        log_key="k", keys=keys, witnesses=witnesses, quorum=quorum, fresh_minutes=minutes, approvals=1
    )
    return Standing({"test-attendance": history}, roles, 8, 8, seen, ())


def why_not(given: Standing, *, tier: Tier = Tier.TRUST, now: datetime = NOW, of: str = "test-attendance") -> list[str]:
    faults = list(not_in_force(given, of, tier=tier, now=now))
    assert all(reason and mend for _, reason, mend in faults)
    return [clause for clause, _, _ in faults]


AUTHORITY = changed(('tier = "trust"', 'tier = "authority"'))
NATION = changed(('tier = "trust"', 'tier = "nation"'))
SCHOOL = changed(('tier = "trust"', 'tier = "school"'))


def test_an_active_version_is_in_force() -> None:
    assert why_not(standing()) == []


@pytest.mark.parametrize("state", [state for state in State if state is not State.ACTIVE])
def test_no_other_state_is(state: State) -> None:
    ((clause, reason, _),) = not_in_force(standing(state=state), "test-attendance", tier=Tier.TRUST, now=NOW)
    assert (clause, reason) == ("life-cycle", f"The assessment 'test-attendance' is {state}, not active.")


def test_a_collection_that_nobody_knows_is_a_draft() -> None:
    (fault,) = not_in_force(standing(), "unheard-of", tier=Tier.TRUST, now=NOW)
    assert fault[:2] == ("life-cycle", "The assessment 'unheard-of' is draft, not active.")


def test_a_suspension_is_said_first_and_by_whom() -> None:
    (fault,) = not_in_force(standing(stopped=True), "test-attendance", tier=Tier.TRUST, now=NOW)
    assert fault[0] == "suspended"
    assert fault[1] == "Suspended on 2026-11-20 at 16:00 UTC by Ann (dpo) and Bea (approver)."
    assert why_not(standing(stopped=True, state=State.WITHDRAWN)) == ["suspended", "life-cycle"]


def test_it_holds_from_its_first_day_to_the_eve_of_its_last_in_london() -> None:
    summer = timedelta(hours=1)  # both days are summer time
    first, last = datetime(2026, 9, 1, tzinfo=UTC) - summer, datetime(2027, 8, 31, tzinfo=UTC) - summer
    second = timedelta(seconds=1)
    assert why_not(standing(), now=first - second) == ["collection.valid_from"]
    assert why_not(standing(), now=first) == []
    assert why_not(standing(), now=last - second) == []
    assert why_not(standing(), now=last) == ["collection.expires"]


@pytest.mark.parametrize(
    ("tier", "manifest", "clauses"),
    [
        (Tier.SCHOOL, SCHOOL, []),
        (Tier.TRUST, SCHOOL, ["collection.tier"]),
        (Tier.SCHOOL, PLAIN, []),
        (Tier.TRUST, PLAIN, []),
        (Tier.AUTHORITY, PLAIN, ["collection.tier"]),
        (Tier.NATION, PLAIN, ["collection.tier"]),
    ],
)
def test_rows_rest_no_higher_than_was_assessed(tier: Tier, manifest: Manifest, clauses: list[str]) -> None:
    assert why_not(standing(manifest), tier=tier) == clauses


@pytest.mark.parametrize("manifest", [AUTHORITY, NATION])
def test_above_a_trust_two_witnesses_are_needed(manifest: Manifest) -> None:
    for quorum, clauses in ((0, ["roles.quorum"]), (1, ["roles.quorum"]), (2, []), (3, [])):
        assert why_not(standing(manifest, quorum=quorum, seen=NOW)) == clauses


@pytest.mark.parametrize("manifest", [SCHOOL, PLAIN])
def test_up_to_a_trust_none_is(manifest: Manifest) -> None:
    assert why_not(standing(manifest), tier=Tier.SCHOOL) == []


@pytest.mark.parametrize("minutes", [1, 15, 1440])
def test_what_witnesses_saw_is_fresh_to_the_second(minutes: int) -> None:
    second, oldest = timedelta(seconds=1), timedelta(minutes=minutes)
    for age, clauses in (
        (oldest, []),
        (oldest + second, ["roles.fresh_minutes"]),
        (timedelta(0), []),
        (-timedelta(minutes=1), []),
        (-timedelta(minutes=1) - second, ["roles.fresh_minutes"]),
    ):
        assert why_not(standing(quorum=1, minutes=minutes, seen=NOW - age)) == clauses
    assert why_not(standing(quorum=1, minutes=minutes)) == ["roles.fresh_minutes"]


def test_how_old_is_too_old_is_said_in_minutes() -> None:
    ((_, reason, _),) = not_in_force(standing(quorum=1), "test-attendance", tier=Tier.TRUST, now=NOW)
    assert reason == "No 1 witnesses have seen this ledger in the last 15 minutes."


def test_a_whole_day_is_said_in_minutes() -> None:
    ((_, reason, _),) = not_in_force(standing(quorum=1, minutes=1440), "test-attendance", tier=Tier.TRUST, now=NOW)
    assert "in the last 1440 minutes" in reason


def test_where_no_witness_is_asked_nothing_grows_old() -> None:
    assert why_not(standing(seen=NOW - timedelta(days=30))) == []


def test_the_policy_document_holds_on_the_day_of_its_review() -> None:
    manifest = changed(("[frequency]", '[policy_document]\nreference = "P 1"\nreview_on = 2026-11-20\n[frequency]'))
    assert why_not(standing(manifest)) == []
    assert why_not(standing(manifest), now=datetime(2026, 11, 21, 0, 0, tzinfo=UTC)) == ["policy_document.review_on"]


def test_a_contract_holds_on_its_last_day() -> None:
    contract = 'contract = {reference = "C 1", ends = 2026-11-20, due_diligence_on = 2026-08-01}\n\n[[parties]]\n'
    manifest = changed(('[[parties]]\npart = "source"', f'{contract}part = "source"'))
    assert manifest.parties[0].contract is not None
    assert why_not(standing(manifest)) == []
    assert why_not(standing(manifest), now=datetime(2026, 11, 21, 0, 0, tzinfo=UTC)) == ["parties.contract"]


# Answers


def test_what_the_assessment_permits_is_granted_by_the_purpose(place: Siege) -> None:
    permit = place.answer()
    assert isinstance(permit, Permit)
    assert permit.clause == "test-attendance/1 purposes.attendance-statistics"
    assert permit.manifest == place.manifest.digest
    assert (permit.request, permit.granted, permit.expires) == (REQUEST, NOW, NOW + timedelta(hours=4))


def test_a_permit_does_not_outlive_the_assessment(place: Siege) -> None:
    place.clock.moment = datetime(2027, 8, 30, 22, 30, 15, 123, tzinfo=UTC)
    permit = place.answer(first=date(2027, 8, 1), last=date(2027, 8, 30))
    assert permit.expires == datetime(2027, 8, 30, 23, 0, tzinfo=UTC)  # midnight in London


def test_every_answer_is_written_down_without_a_school_or_a_word_of_its_own(place: Siege) -> None:
    permit, refusal = place.answer(), place.answer(purpose="league-tables")
    assert isinstance(permit, Permit)
    assert isinstance(refusal, Refusal)
    told, first, second = Reader(place.own, key=place.node.vkey).refresh()
    assert told.event == "notices-issued"
    assert first.event == second.event == "gate"
    root = (place.ledger / "checkpoint").read_text().splitlines()[2]
    common = {
        "collection": "test-attendance",
        "manifest": place.manifest.digest,
        "door": "pull",
        "ledger": {"size": 7, "root": base64.b64decode(root).hex()},  # the founding and six steps
        "recipient": "",
        "pull": 1,
        "schools": 1,
        "characteristics": ["sex"],
        "items": ["admission_date", "leaving_date", "mark", "pupil", "sex"],
        "first": "2026-11-02",
        "last": "2026-11-20",
    }
    assert first.at == second.at == NOW
    assert first.facts == common | {
        "answer": "permit",
        "clause": permit.clause,
        "purpose": "attendance-statistics",
        "expires": "2026-11-20T20:00:00+00:00",
    }
    assert second.facts == common | {
        "answer": "refusal",
        "clause": "purposes",
        "purpose": "unknown",  # a word that no assessment names
        "reason": refusal.reason,
    }


def test_words_that_an_assessment_names_are_written_down(place: Siege) -> None:
    place.answer(purpose="ai-training", recipient="The public")
    place.answer(recipient="Ann Example")
    _, first, second = Reader(place.own, key=place.node.vkey).refresh()
    assert (first.facts["purpose"], first.facts["recipient"]) == ("ai-training", "The public")
    assert (second.facts["purpose"], second.facts["recipient"]) == ("attendance-statistics", "unknown")


def test_require_raises_what_decide_answers_and_a_rehearsal_is_not_written_down(place: Siege) -> None:
    gate, request = place.gate(), replace(REQUEST, pull=3)
    refusal = decide(gate, request, authorities=AUTHORITIES)
    assert isinstance(refusal, Refusal)
    with pytest.raises(Refused) as caught:
        require(gate, request, authorities=AUTHORITIES)
    assert (caught.value.clause, caught.value.what, caught.value.mend) == (
        refusal.clause,
        refusal.reason,
        refusal.mend,
    )
    assert caught.value.exit_code == 3
    size = len(gate.own.refresh())
    assert explain(gate, request, authorities=AUTHORITIES) == refusal
    assert explain(gate, REQUEST, authorities=AUTHORITIES) is None
    assert len(gate.own.refresh()) == size
    assert isinstance(require(gate, REQUEST, authorities=AUTHORITIES), Permit)


def test_a_refusal_names_the_version_where_there_is_one(place: Siege) -> None:
    assert place.answer(pull=3).manifest == place.manifest.digest
    place.say(Kind.SUSPENDED, Role.DPO, reason="Wait.")
    assert place.answer().manifest == ""


def test_a_ledger_that_does_not_hold_is_said(place: Siege) -> None:
    (place.ledger / "checkpoint").write_text("nothing")
    refusal = place.answer()
    assert (refusal.clause, refusal.mend) == ("ledger", "Nothing moves until it can be verified.")
    with pytest.raises(Refused) as caught:
        in_force(place.gate())
    assert caught.value.clause == "ledger"


def test_a_log_of_answers_that_does_not_hold_is_said(place: Siege) -> None:
    gate = place.gate()
    (place.own / "checkpoint").write_text("nothing")
    refusal = explain(gate, REQUEST, authorities=AUTHORITIES)
    assert refusal is not None
    assert (refusal.clause, refusal.mend) == ("ledger", "Nothing moves until it can be verified.")


def test_a_clock_may_be_a_minute_behind_the_log_and_no_more(place: Siege) -> None:
    place.answer()
    gate = place.gate()
    place.clock.moment = NOW - timedelta(minutes=1)
    assert explain(gate, replace(REQUEST, last=TODAY), authorities=AUTHORITIES) is None
    place.clock.moment = NOW - timedelta(minutes=1, seconds=1)
    refusal = explain(gate, REQUEST, authorities=AUTHORITIES)
    assert refusal is not None
    assert refusal.clause == "clock"
    with pytest.raises(Problem, match="set back"):
        decide(gate, REQUEST, authorities=AUTHORITIES)


def test_a_clock_may_be_a_minute_behind_the_public_ledger_and_no_more(place: Siege) -> None:
    place.say(Kind.REGULATOR_LETTER, Role.DPO, on="2026-11-20", text="Sent.")
    gate = place.gate()
    for behind, clause in ((60, None), (61, "clock")):
        place.clock.moment = NOW - timedelta(seconds=behind)
        refusal = explain(gate, REQUEST, authorities=AUTHORITIES)
        assert (refusal.clause if refusal else None) == clause


def test_a_public_ledger_shorter_than_at_the_last_answer_is_said(place: Siege) -> None:
    before = shutil.copytree(place.ledger, place.folder / "before")
    place.say(Kind.REGULATOR_LETTER, Role.DPO, on="2026-11-20", text="Sent.")
    place.answer()
    for entry in ("collected", "released"):  # what else stands in the log says nothing of it
        Log.open(place.own, place.node).append(at=NOW, event=entry, facts={"ledger": 1})
    shutil.rmtree(place.ledger)
    before.rename(place.ledger)
    refusal = explain(place.gate(), REQUEST, authorities=AUTHORITIES)
    assert refusal is not None
    assert refusal.clause == "ledger"
    assert "8 entries" in refusal.reason
    assert "7 now" in refusal.reason
    assert refusal.mend


def test_an_empty_log_holds_no_clock_back(place: Siege) -> None:
    shutil.rmtree(place.own)
    Log.found(place.own, place.node)
    assert explain(place.gate(), replace(REQUEST, door=Door.COUNT), authorities=AUTHORITIES) is None


def test_the_version_in_force_is_given(place: Siege) -> None:
    gate = place.gate()
    assert in_force(gate).digest == place.manifest.digest
    assert in_force(gate).number == 1
    assert permitted(gate, "attendance-statistics") == ESSENTIAL | {Item.SEX}
    assert permitted(gate, "league-tables") == ESSENTIAL
    place.say(Kind.SUSPENDED, Role.DPO, reason="Wait.")
    with pytest.raises(Refused) as caught:
        in_force(gate)
    assert (caught.value.clause, caught.value.mend != "") == ("suspended", True)
    assert permitted(gate, "attendance-statistics") == ESSENTIAL


def test_only_a_pull_waits_for_the_notices(place: Siege) -> None:
    gate, schools = place.gate(), frozenset({A, C})
    refusal = place.answer(gate, schools=schools)
    assert refusal.clause == "notices"
    assert refusal.reason == "1 schools have not recorded that families got this notice, as 100003."
    assert refusal.mend
    for door in (Door.ENROL, Door.COUNT, Door.RECEIVE, Door.OPEN, Door.RELEASE):
        assert isinstance(place.answer(gate, schools=schools, door=door), Permit)
    place.tell(C)
    assert isinstance(place.answer(gate, schools=schools), Permit)


def test_what_stands_in_the_log_otherwise_is_no_notice(place: Siege) -> None:
    log, notice = Log.open(place.own, place.node), notice_digest(place.manifest)
    for event, facts in (
        ("collected", {"notice": notice, "schools": [C.number]}),
        ("notices-issued", {"notice": "0" * 64, "schools": [C.number]}),
        ("notices-issued", {"notice": notice, "schools": C.number}),
        ("notices-issued", {"notice": notice}),
    ):
        log.append(at=NOW, event=event, facts=facts)
    assert place.answer(schools=frozenset({C})).clause == "notices"


def test_a_permit_of_a_version_that_was_followed_says_so(place: Siege) -> None:
    permit = place.answer()
    place.enact(version_after(place.manifest, TEXT), at=NOW)
    with pytest.raises(Refused, match="Another version") as caught:
        permit.check(Door.PULL, now=NOW)
    assert caught.value.clause == permit.clause


def test_a_permit_of_a_suspended_assessment_says_so(place: Siege) -> None:
    permit = place.answer()
    place.say(Kind.SUSPENDED, Role.DPO, reason="Wait.")
    with pytest.raises(Refused, match="Suspended on") as caught:
        permit.check(Door.PULL, now=NOW)
    assert (caught.value.clause, caught.value.mend != "") == ("suspended", True)


# What a permit covers


@pytest.fixture(scope="module")
def permit(tmp_path_factory: pytest.TempPathFactory) -> Permit:
    made = besiege(tmp_path_factory.mktemp("permit")).answer()
    assert isinstance(made, Permit)
    return made


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"door": Door.COUNT}, "opens the door 'pull', not 'count'"),
        ({"schools": [A, B]}, "does not cover school 100002"),
        ({"items": [Item.UPN]}, "does not cover item upn"),
        ({"characteristics": ["sen"]}, "does not cover breakdown sen"),
        ({"days": [date(2026, 11, 1)]}, "covers 2026-11-02 to 2026-11-20 only"),
        ({"days": [TODAY, date(2026, 11, 21)]}, "covers 2026-11-02 to 2026-11-20 only"),
        ({"now": NOW - timedelta(seconds=1)}, "not in force now"),
        ({"now": NOW + timedelta(hours=4)}, "not in force now"),
    ],
)
def test_beyond_a_permit_is_refused(permit: Permit, wrong: dict[str, object], said: str) -> None:
    with pytest.raises(Refused, match=said):
        permit.check(**{"door": Door.PULL, "now": NOW} | wrong)  # type: ignore[arg-type]  # arguments of check


def test_a_permit_covers_what_it_names_to_its_last_second(permit: Permit) -> None:
    permit.check(
        Door.PULL,
        now=NOW + timedelta(hours=4, seconds=-1),
        schools=REQUEST.schools,
        items=REQUEST.items,
        days=[REQUEST.first, REQUEST.last],
        characteristics=REQUEST.characteristics,
    )


def test_a_permit_does_not_give_its_seal_away(permit: Permit) -> None:
    assert not hasattr(permit, "seal")
    assert "seal" not in repr(permit)


def test_a_request_is_frozen_as_it_is_made() -> None:
    schools = {A}
    request = Request(Door.PULL, "attendance-statistics", schools, [Item.MARK], TODAY, TODAY)  # type: ignore[arg-type]  # on purpose
    schools.add(B)
    assert (request.schools, request.items) == (frozenset({A}), frozenset({Item.MARK}))
