"""The gate: each clause that refuses, what a permit covers, that neither can be got round, and that all is written."""

import copy
import dataclasses
import gc
import pickle
from datetime import UTC, date, datetime, timedelta

import pytest
from tests.lib.builders import CLOCK, NOW, manifest_text

from tallyroll import ledger
from tallyroll.governance import Door, Permit, Refusal, Request, decide, explain, items_of, require
from tallyroll.governance.manifest import parse
from tallyroll.governance.permits import grant
from tallyroll.vocab.clock import LONDON, FixedClock
from tallyroll.vocab.errors import Refused, UsageProblem
from tallyroll.vocab.identifiers import Urn
from tallyroll.vocab.items import ESSENTIAL, Item

A, B, STRANGER = Urn(100001), Urn(100002), Urn(100003)
AUTHORITIES = {A: "201", B: "202"}
TEXT = manifest_text(items=[*ESSENTIAL, Item.SEX], characteristics=["sex"])
REQUEST = Request(
    door=Door.PULL,
    purpose="attendance-statistics",
    schools=frozenset({A}),
    items=ESSENTIAL | {Item.SEX},
    first=date(2026, 11, 2),
    last=date(2026, 11, 20),
    characteristics=frozenset({"sex"}),
)


@pytest.fixture
def journal(tmp_path):
    return tmp_path / "journal.jsonl"


@pytest.fixture
def ask(journal):
    def _ask(*swaps, clock=CLOCK, **change):
        text = TEXT
        for old, new in swaps:
            assert old in text
            text = text.replace(old, new, 1)
        request = dataclasses.replace(REQUEST, **change)
        return decide(parse(text, where="test"), request, clock=clock, authorities=AUTHORITIES, journal=journal)

    return _ask


def at(day: date, hour: int = 12) -> FixedClock:
    return FixedClock(datetime(day.year, day.month, day.day, hour, tzinfo=LONDON))


# What the gate says


def test_what_the_assessment_permits_is_granted_by_the_purpose(ask):
    permit = ask()
    assert isinstance(permit, Permit)
    assert permit.clause == "test-attendance/1 purposes.attendance-statistics"
    assert (permit.request, permit.granted, permit.expires) == (REQUEST, NOW, NOW + timedelta(hours=4))


REFUSALS = {
    "draft": ([('status = "active"', 'status = "draft"')], {}, "collection.status"),
    "signed only": ([('status = "active"', 'status = "signed"')], {}, "collection.status"),
    "published only": ([('status = "active"', 'status = "published"')], {}, "collection.status"),
    "suspended": ([('status = "active"', 'status = "suspended"')], {}, "collection.status"),
    "withdrawn": ([('status = "active"', 'status = "withdrawn"')], {}, "collection.status"),
    "signed tomorrow": (
        [
            ("signed_on = 2026-08-20", "signed_on = 2026-11-21"),
            ("published_on = 2026-08-25", "published_on = 2026-11-21"),
        ],
        {},
        "collection.signed_on",
    ),
    "published tomorrow": ([("published_on = 2026-08-25", "published_on = 2026-11-21")], {}, "collection.published_on"),
    "in force tomorrow": ([("valid_from = 2026-09-01", "valid_from = 2026-11-21")], {}, "collection.valid_from"),
    "expires today": ([("expires = 2027-08-31", "expires = 2026-11-20")], {}, "collection.expires"),
    "another purpose": ([], {"purpose": "league-tables"}, "purposes"),
    "no purpose": ([], {"purpose": ""}, "purposes"),
    "an item too many": ([], {"items": REQUEST.items | {Item.UPN}}, "items"),
    "no mark": ([], {"items": REQUEST.items - {Item.MARK}}, "items"),
    "no items": ([], {"items": frozenset()}, "items"),
    "a breakdown too many": ([], {"characteristics": frozenset({"sex", "sen"})}, "release.characteristics"),
    "an authority outside": (
        [("[frequency]", '[scope]\nauthorities = ["201"]\n[frequency]')],
        {"schools": frozenset({A, B})},
        "scope.authorities",
    ),
    "a school nobody knows": (
        [("[frequency]", '[scope]\nauthorities = ["201"]\n[frequency]')],
        {"schools": frozenset({STRANGER})},
        "scope.authorities",
    ),
    "too far back": ([("window_days = 300", "window_days = 17")], {}, "frequency.window_days"),
    "turned round": ([], {"first": date(2026, 11, 20), "last": date(2026, 11, 2)}, "frequency.window_days"),
    "tomorrow": ([], {"last": date(2026, 11, 21)}, "frequency.window_days"),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_each_clause_refuses(ask, journal, name):
    swaps, change, clause = REFUSALS[name]
    answer = ask(*swaps, **change)
    assert isinstance(answer, Refusal)
    assert answer.clause == clause
    assert answer.reason
    assert answer.mend
    assert answer.error().exit_code == 3
    (entry,) = ledger.entries(journal)
    assert (entry.facts["answer"], entry.facts["clause"], entry.facts["reason"]) == ("refusal", clause, answer.reason)


@pytest.mark.parametrize("name", REFUSALS)
def test_require_raises_what_decide_answers(journal, name):
    swaps, change, clause = REFUSALS[name]
    text = TEXT
    for old, new in swaps:
        text = text.replace(old, new, 1)
    request = dataclasses.replace(REQUEST, **change)
    given = {"clock": CLOCK, "authorities": AUTHORITIES}
    with pytest.raises(Refused) as caught:
        require(parse(text, where="test"), request, journal=journal, **given)
    assert caught.value.clause == clause
    assert ledger.verify(journal) == 1
    rehearsed = explain(parse(text, where="test"), request, **given)
    assert rehearsed is not None
    assert rehearsed.clause == clause
    assert ledger.verify(journal) == 1  # a rehearsal is not written down


def test_the_window_is_counted_to_the_day(ask):
    assert isinstance(ask(("window_days = 300", "window_days = 18")), Permit)
    assert isinstance(ask(("window_days = 300", "window_days = 17")), Refusal)


def test_the_window_binds_pulls_and_not_the_counting_of_what_is_kept(ask):
    assert isinstance(ask(("window_days = 300", "window_days = 1"), door=Door.COUNT), Permit)


def test_a_release_needs_no_items(ask):
    assert isinstance(ask(door=Door.RELEASE, items=frozenset(), schools=frozenset()), Permit)


def test_dates_are_london_dates(ask):
    expires = ("expires = 2027-08-31", "expires = 2027-06-15")
    late = datetime(2027, 6, 14, 22, 30, tzinfo=UTC)  # half past eleven in the evening of the 14th, London
    later = datetime(2027, 6, 14, 23, 30, tzinfo=UTC)  # half past midnight on the 15th
    day = date(2027, 6, 1)
    assert isinstance(ask(expires, clock=FixedClock(late), first=day, last=day), Permit)
    assert isinstance(ask(expires, clock=FixedClock(later), first=day, last=day), Refusal)


def test_a_permit_does_not_outlive_the_assessment(ask):
    evening = datetime(2027, 6, 14, 22, 30, 15, 123, tzinfo=UTC)
    day = date(2027, 6, 1)
    permit = ask(("expires = 2027-08-31", "expires = 2027-06-15"), clock=FixedClock(evening), first=day, last=day)
    assert permit.expires == datetime(2027, 6, 14, 23, 0, tzinfo=UTC)  # midnight in London


def test_without_a_limit_of_scope_every_school_is_in_scope(ask):
    assert isinstance(ask(schools=frozenset({A, B, STRANGER})), Permit)


def test_the_items_of_a_purpose_are_those_whose_clause_names_it():
    manifest = parse(TEXT, where="test")
    assert items_of(manifest, "attendance-statistics") == ESSENTIAL | {Item.SEX}
    assert items_of(manifest, "league-tables") == frozenset()


SECOND_PURPOSE = (
    "[frequency]",
    """[[purposes]]
id = "school-support"
text = "A second purpose, which needs less."
legal_basis = "A second clause"

[frequency]""",
)


def test_an_item_permitted_for_one_purpose_is_not_permitted_for_another(ask):
    essential = 'purposes = ["attendance-statistics"]', 'purposes = ["attendance-statistics", "school-support"]'
    swaps = [essential] * len(ESSENTIAL)  # the clause of sex, the fifth, keeps its one purpose
    assert isinstance(ask(SECOND_PURPOSE, *swaps, purpose="school-support", items=ESSENTIAL), Permit)
    refusal = ask(SECOND_PURPOSE, *swaps, purpose="school-support")
    assert isinstance(refusal, Refusal)
    assert refusal.reason == "The assessment does not permit sex for 'school-support'."


# What is written down


def test_every_decision_is_in_the_journal_without_a_pupil_or_a_school(ask, journal):
    permit = ask()
    ask(purpose="league-tables")
    first, second = ledger.entries(journal)
    assert first.event == second.event == "gate"
    assert first.facts == {
        "answer": "permit",
        "manifest": permit.manifest,
        "clause": permit.clause,
        "door": "pull",
        "purpose": "attendance-statistics",
        "pull": 1,
        "schools": 1,
        "characteristics": sorted(permit.request.characteristics),
        "expires": permit.expires.isoformat(),
        "items": ["admission_date", "leaving_date", "mark", "pupil", "sex"],
        "first": "2026-11-02",
        "last": "2026-11-20",
    }
    assert (second.facts["answer"], second.facts["purpose"]) == ("refusal", "league-tables")
    assert "100001" not in journal.read_text(encoding="utf-8")


def test_no_permit_without_a_journal(ask, journal):
    journal.mkdir()
    with pytest.raises(UsageProblem, match="journal cannot be written"):
        ask()


# What a permit covers


def test_a_permit_covers_exactly_what_was_asked(ask):
    ask().check(
        Door.PULL,
        now=NOW,
        schools=[A],
        items=[Item.MARK, Item.SEX],
        days=[REQUEST.first, REQUEST.last],
        characteristics=["sex"],
    )


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"door": Door.COUNT}, "opens the door 'pull', not 'count'"),
        ({"schools": [A, B]}, "does not cover school 100002"),
        ({"items": [Item.UPN]}, "does not cover item upn"),
        ({"characteristics": ["sen"]}, "does not cover breakdown sen"),
        ({"days": [date(2026, 11, 1)]}, "covers 2026-11-02 to 2026-11-20 only"),
        ({"days": [date(2026, 11, 20), date(2026, 11, 21)]}, "covers 2026-11-02 to 2026-11-20 only"),
        ({"now": NOW - timedelta(seconds=1)}, "not in force now"),
        ({"now": NOW + timedelta(hours=4)}, "not in force now"),
    ],
)
def test_beyond_a_permit_is_refused(ask, wrong, said):
    permit = ask()
    with pytest.raises(Refused, match=said):
        permit.check(**{"door": Door.PULL, "now": NOW} | wrong)


def test_a_permit_holds_to_its_last_second(ask):
    ask().check(Door.PULL, now=NOW + timedelta(hours=4, seconds=-1), schools=[A])


# What an attacker tries


WIDER = dataclasses.replace(REQUEST, schools=frozenset({A, B, STRANGER}), items=frozenset(Item))


def refused_everywhere(permit: object) -> None:
    with pytest.raises(Refused):
        permit.check(Door.PULL, now=NOW, schools=[B], items=[Item.UPN])
    with pytest.raises(Refused):
        permit.check(Door.PULL, now=NOW)


@pytest.mark.parametrize("seal", [None, object(), True, "seal"])
def test_a_permit_made_outside_the_gate_fails(seal):
    with pytest.raises(Refused, match="Only the gate grants"):
        Permit(WIDER, "0" * 64, "none", NOW, NOW + timedelta(days=1), seal)


def test_a_permit_does_not_give_its_seal_away(ask):
    assert not hasattr(ask(), "seal")
    assert "seal" not in repr(ask())


def test_a_permit_cannot_be_widened_by_replace(ask):
    for change in ({"request": WIDER}, {"expires": NOW + timedelta(days=1)}, {}):
        with pytest.raises((ValueError, Refused)):
            dataclasses.replace(ask(), **change)
        with pytest.raises(Refused):
            dataclasses.replace(ask(), seal=object(), **change)


def test_a_permit_cannot_be_copied_or_sent(ask):
    for duplicate in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(Refused, match="not copied or sent"):
            duplicate(ask())


def test_a_permit_forged_without_its_constructor_opens_nothing(ask):
    forged = Permit.__new__(Permit)
    genuine = ask()
    for name in ("manifest", "clause", "granted", "expires"):
        object.__setattr__(forged, name, getattr(genuine, name))
    object.__setattr__(forged, "request", WIDER)
    refused_everywhere(forged)


def test_a_permit_overwritten_from_behind_opens_nothing(ask):
    permit = ask()
    object.__setattr__(permit, "request", WIDER)
    refused_everywhere(permit)
    permit = ask()
    object.__setattr__(permit.request, "schools", WIDER.schools)
    refused_everywhere(permit)
    permit = ask()
    object.__setattr__(permit, "expires", NOW + timedelta(days=1))
    refused_everywhere(permit)


def test_a_set_that_grows_after_the_gate_looked_changes_nothing(ask):
    schools = {A}
    permit = ask(schools=schools)
    schools.add(B)
    with pytest.raises(Refused, match="does not cover school 100002"):
        permit.check(Door.PULL, now=NOW, schools=[B])


def test_a_set_that_claims_to_hold_everything_is_taken_at_its_contents(ask):
    class Everything(frozenset):
        def __contains__(self, one: object) -> bool:
            return True

    permit = ask(schools=Everything({A}))
    with pytest.raises(Refused, match="does not cover school 100002"):
        permit.check(Door.PULL, now=NOW, schools=[B])


def test_two_equal_permits_live_and_die_apart(ask):
    first, second = ask(), ask()
    del first
    gc.collect()
    second.check(Door.PULL, now=NOW, schools=[A])


def test_the_maker_of_permits_is_known_to_the_gate_only(journal):
    """`grant` cannot be hidden in Python: that nobody else imports it is a test of the repository."""
    permit = grant(REQUEST, manifest="0" * 64, clause="none", granted=NOW, expires=NOW + timedelta(hours=1))
    assert isinstance(permit, Permit)
    assert not journal.exists()
