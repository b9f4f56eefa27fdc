"""The office: what may enter a public ledger, and what is refused before a byte of it is written."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from tests.lib.assessed import enact, house
from tests.lib.builders import CLOCK, NOW, manifest

from tallyroll.flows.office import say
from tallyroll.governance import Door, Refusal, Request, decide
from tallyroll.governance.roles import Role
from tallyroll.governance.statements import Kind
from tallyroll.vocab.clock import FixedClock
from tallyroll.vocab.errors import Refused

COLLECTION = "test-attendance"
UPN = "A801200001001"


@pytest.fixture
def held(tmp_path):
    made = house(tmp_path / "ledger")
    enact(made, manifest())
    return made


def files(held):
    return {path.relative_to(held.folder): path.read_bytes() for path in held.folder.rglob("*") if path.is_file()}


def suspend(held, collection=COLLECTION, *, reason="We must look at this.", clock=CLOCK, by=Role.DPO):
    return say(
        held.office(clock), Kind.SUSPENDED, collection=collection, keys=[held.keys[by]], facts={"reason": reason}
    )


@pytest.mark.parametrize("name", ["test-atendance", "TEST-ATTENDANCE", "test-attendance ", ""])
def test_a_stop_of_a_collection_that_is_not_there_is_no_success(held, name):
    before = files(held)
    with pytest.raises(Refused, match="it knows test-attendance"):
        suspend(held, name)
    assert files(held) == before


@pytest.mark.parametrize(
    ("reason", "looks"),
    [
        (f"A complaint about {UPN}.", "UPN"),
        ("See NHS 943 476 5919.", "NHS number"),
        ("A family in M1 1AA has asked.", "postcode"),
    ],
)
def test_what_names_a_child_does_not_enter_a_public_ledger(held, reason, looks):
    before = files(held)
    with pytest.raises(Refused, match=looks) as problem:
        suspend(held, reason=reason)
    assert files(held) == before
    assert UPN not in str(problem.value)


def test_a_reason_in_plain_words_and_an_address_that_ends_in_a_digest_do(held):
    digest = "1234567890123456" * 4
    entry = suspend(held, reason=f"On 20 November 2026 the page https://a.example/{digest} was not ours.")
    assert entry.facts["kind"] == "suspended"


def test_a_letter_that_is_refused_is_not_published(held):
    before = files(held)
    with pytest.raises(Refused):
        say(
            held.office(CLOCK),
            Kind.REGULATOR_LETTER,
            collection=COLLECTION,
            keys=[held.keys[Role.APPROVER]],  # who may not write letters down
            facts={"on": "2026-11-20", "text": "A letter."},
            documents={"letter": b"Dear all"},
        )
    assert files(held) == before


def test_an_officer_whose_training_has_lapsed_can_stop_and_not_resume(held):
    later = FixedClock(datetime(2028, 1, 3, 9, tzinfo=UTC))
    assert max(one.trained_until for one in held.roles.keys) < date(2028, 1, 3)
    suspend(held, clock=later)
    both = [held.keys[Role.APPROVER], held.keys[Role.DPO]]
    with pytest.raises(Refused, match="signatures of approver and dpo"):
        say(held.office(later), Kind.RESUMED, collection=COLLECTION, keys=both, facts={"reason": "Go on."})


def test_a_word_that_no_assessment_names_is_not_repeated_in_the_log(held):
    gate = held.gate(COLLECTION, clock=FixedClock(NOW + timedelta(minutes=1)))
    asked = Request(
        door=Door.SEND,
        purpose="attendance-statistics",
        schools=frozenset(),
        items=frozenset(),
        first=NOW.date(),
        last=NOW.date(),
        recipient="Jane Smith of M1 1AA",
    )
    for request in (asked, replace(asked, purpose="jane-smith-of-form-9b")):
        assert isinstance(decide(gate, request, authorities={}), Refusal)
        told = gate.own.refresh()[-1].facts
        assert "jane" not in str(told).lower()
        assert told["recipient"] == "unknown"


def test_a_document_that_no_mirror_would_take_is_refused(held):
    before = files(held)
    with pytest.raises(Refused, match="16 MB"):
        say(
            held.office(CLOCK),
            Kind.REGULATOR_LETTER,
            collection=COLLECTION,
            keys=[held.keys[Role.DPO]],
            facts={"on": "2026-11-20", "text": "A letter."},
            documents={"letter": bytes(16 * 2**20 + 1)},
        )
    assert files(held) == before
