"""Whatever people write, a letter speaks of the regulator only in the fixed sentences of the ledger's entries."""

import re
from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.lib.builders import manifest, manifest_text
from tests.lib.tellings import Telling, enacted, followed

from tallyroll.governance.manifest import parse
from tallyroll.governance.records.letters import Letter, letter
from tallyroll.governance.statements import Kind
from tallyroll.vocab.errors import Refused

ON = date(2026, 11, 20)
FIXED = re.compile(
    r"THE REGULATOR|The regulator has not been sent this version of the assessment\.|"
    r"This is all that the ledger holds\. Nothing in this letter means that the regulator approves\.|"
    r"On \d+ \w+ \d{4} (version 1 of the assessment was sent to the regulator|the regulator raised a concern|"
    r"the regulator confirmed that it had received a document|a concern of the regulator was answered|"
    r"there was a letter to or from the regulator, or about it|the regulator asked that the collection pause) "
    r"\(ledger entry \d+(, written down on \d+ \w+ \d{4})?\)\."
)
WORDS = st.sampled_from(
    ["regulator", "Regulator's", "ICO", "i.c.o", "Commission", "closely", "with", "-", "\n", "é", "ѕ"]
)
TEXT = st.lists(WORDS | st.text(max_size=6), min_size=1, max_size=8).map(" ".join).filter(lambda text: text.strip())
KINDS = [Kind.REGULATOR_CONCERN, Kind.REGULATOR_LETTER, Kind.REGULATOR_ACKNOWLEDGED, Kind.CONCERN_ANSWERED]
EVENTS = st.lists(st.sampled_from(KINDS), max_size=4)
BASE = manifest_text()


def rest_of(text: str) -> str:
    """What is left of a letter without its fixed sentences, digests apart."""
    return re.sub(r"[0-9a-f]{64}", "", FIXED.sub("", text))


def check(text: str) -> None:
    assert not re.search(r"regulator|commission|\bico\b|i\.c\.o", rest_of(text), re.IGNORECASE)


@settings(max_examples=60, deadline=None)
@given(said=TEXT, events=EVENTS)
def test_no_statement_gets_words_about_the_regulator_into_a_letter(said: str, events: list[Kind]) -> None:
    made = Telling().advised(manifest()).enacted(manifest(), url=said)
    for kind in events:
        made.say(kind, manifest(), {"on": "2026-09-01", "concern": said, "text": said})
    check(letter(Letter.INVITATION, made.history, on=ON))
    made.say(Kind.SUSPENDED, manifest(), {"reason": said})
    check(letter(Letter.SUSPENSION, made.history, on=ON))


@settings(max_examples=15, deadline=None)
@given(said=st.lists(WORDS, min_size=1, max_size=4).map(" ".join).filter(lambda text: len(text.strip()) > 2))
def test_no_name_or_reason_of_a_manifest_gets_words_about_the_regulator_into_a_letter(said: str) -> None:
    reason = said.replace("\n", " ")
    check(letter(Letter.CHANGE, followed(manifest(), BASE, reason=reason).history, on=ON))
    titled = parse(BASE.replace("Attendance for tests", reason), where="test")
    try:
        check(letter(Letter.INVITATION, enacted(titled).history, on=ON))
    except Refused as refusal:
        if refusal.clause != "collection.title":
            raise
