"""Letters: they follow the ledger, and what they say of the regulator is the ledger's and nobody else's."""

import re
from datetime import date

import pytest
from tests.lib.builders import manifest, manifest_text
from tests.lib.tellings import Telling, enacted, followed, lines

from tallyroll.governance.lifecycle import History
from tallyroll.governance.manifest import Manifest, parse
from tallyroll.governance.records.letters import Letter, files, letter, speaks_of_the_regulator
from tallyroll.governance.statements import Kind
from tallyroll.vocab.errors import Refused

ON = date(2026, 11, 20)
CLAIM = "We have been working closely with the regulator on this assessment."


def changed(old: str, new: str) -> Manifest:
    text = manifest_text()
    assert old in text
    return parse(text.replace(old, new), where="test")


def suspended(**facts: str) -> Telling:
    made = enacted(manifest())
    made.say(Kind.SUSPENDED, manifest(), {"reason": "A key was lost."} | facts)
    return made


def of_the_regulator(text: str) -> list[str]:
    return lines(text.split("THE REGULATOR")[1].split("This is all", maxsplit=1)[0])


def test_an_invitation_names_the_version_in_force_by_its_digest() -> None:
    text = letter(Letter.INVITATION, enacted(manifest()).history, on=ON)
    assert "20 November 2026" in text
    assert "Attendance for tests" in text
    assert manifest().digest in text
    assert "has been in force since 7 September 2026" in text  # the sixth statement, a day each from 1 September
    assert "https://statistics.example/dpia" in text


def test_a_letter_says_that_the_regulator_was_sent_nothing_where_that_is_so() -> None:
    text = letter(Letter.INVITATION, enacted(manifest()).history, on=ON)
    assert of_the_regulator(text) == ["The regulator has not been sent this version of the assessment."]


def test_each_entry_of_the_regulator_is_told_with_its_day_and_place() -> None:
    made = Telling().advised(manifest())
    advised = {"on": "2026-09-10", "advice": "proceed-with-conditions", "text": "x"}
    concern = {"on": "2026-09-12", "concern": "closely-worked-with", "text": CLAIM}
    made.say(Kind.REGULATOR_SUBMITTED, manifest(), {"on": "2026-09-04"}, taken=date(2026, 9, 4))
    made.say(Kind.REGULATOR_ACKNOWLEDGED, manifest(), {"on": "2026-09-07"}, taken=date(2026, 9, 7))
    made.say(Kind.REGULATOR_ADVISED, manifest(), advised, taken=date(2026, 9, 10))
    made.enacted(manifest())
    made.say(Kind.REGULATOR_CONCERN, manifest(), concern, taken=date(2026, 9, 14))
    text = letter(Letter.INVITATION, made.history, on=ON)
    assert of_the_regulator(text) == [
        "On 4 September 2026 version 1 of the assessment was sent to the regulator (ledger entry 4).",
        "On 7 September 2026 the regulator confirmed that it had received a document (ledger entry 5).",
        "On 10 September 2026 the regulator advised to proceed under conditions with version 1 (ledger entry 6).",
        "On 12 September 2026 the regulator raised a concern (ledger entry 10, written down on 14 September 2026).",
    ]
    assert "closely" not in text


def test_what_an_older_version_was_sent_is_not_said_of_the_new_one() -> None:
    old = manifest()
    made = Telling().advised(old)
    made.say(Kind.REGULATOR_SUBMITTED, old, {"on": "2026-09-04"})
    made.say(Kind.REGULATOR_ADVISED, old, {"on": "2026-09-05", "advice": "proceed", "text": "x"})
    made.enacted(old)
    new = changed("mandatory = false\nneed", f'supersedes = "{old.digest}"\nreason = "One item less."\nneed')
    text = letter(Letter.CHANGE, made.advised(new).enacted(new).history, on=ON)
    assert "version 1 of the assessment was sent" in of_the_regulator(text)[0]
    assert of_the_regulator(text)[-1] == "The regulator has not been sent this version of the assessment."
    assert "Reason:       One item less." in text
    assert old.digest in text


def test_a_suspension_is_told_with_its_reason_and_a_resumption_after_it() -> None:
    made = suspended()
    text = letter(Letter.SUSPENSION, made.history, on=ON)
    assert "suspended on 8 September 2026" in text
    assert "Reason:       A key was lost." in text
    made.say(Kind.RESUMED, manifest(), {"reason": "A new key is in use."})
    assert "A new key is in use." in letter(Letter.RESUMPTION, made.history, on=ON)


def test_a_pause_that_the_regulator_asked_for_is_told_from_its_own_entry() -> None:
    made = enacted(manifest())
    made.say(Kind.PAUSE_REQUESTED, manifest(), {"on": "2026-09-08", "text": CLAIM})
    text = letter(Letter.SUSPENSION, made.history, on=ON)
    assert (
        of_the_regulator(text)[0]
        == "On 8 September 2026 the regulator asked that the collection pause (ledger entry 7)."
    )
    assert "Reason:       see entry 7 below" in text
    assert "closely" not in text


@pytest.mark.parametrize(
    ("kind", "made"),
    [
        *((one, History("x")) for one in Letter),
        (Letter.INVITATION, suspended().history),  # nobody is invited to what is suspended (ACC-A07)
        (Letter.CHANGE, suspended().history),
        (Letter.RESUMPTION, suspended().history),
        (Letter.SUSPENSION, enacted(manifest()).history),
        (Letter.RESUMPTION, enacted(manifest()).history),  # it never stopped
        (Letter.CHANGE, enacted(manifest()).history),  # it follows no other version
        (Letter.INVITATION, Telling().advised(manifest()).history),
    ],
)
def test_no_letter_goes_before_the_ledger(kind: Letter, made: History) -> None:
    with pytest.raises(Refused, match="nothing in the ledger to send this letter for"):
        letter(kind, made, on=ON)


def test_each_state_has_the_letters_that_fit_it() -> None:
    made = followed(manifest(), manifest_text(), reason="One item less.")
    assert set(files(made.history, on=ON)) == {"letters/invitation.txt", "letters/change.txt"}
    new = made.history.versions[1].manifest
    made.say(Kind.SUSPENDED, new, {"reason": "A key was lost."})
    assert set(files(made.history, on=ON)) == {"letters/suspension.txt"}
    made.say(Kind.RESUMED, new, {"reason": "A new key is in use."})
    assert set(files(made.history, on=ON)) == {f"letters/{one}.txt" for one in ("invitation", "change", "resumption")}
    assert files(made.history, on=date(2027, 8, 31)) == {}  # it has expired
    titled = enacted(changed('"Attendance for tests"', f'"{CLAIM}"')).history
    assert files(titled, on=ON) == {}  # a title that speaks of the regulator stops every letter


def test_nobody_is_invited_to_what_has_expired() -> None:
    with pytest.raises(Refused):
        letter(Letter.INVITATION, enacted(manifest()).history, on=date(2027, 8, 31))


def test_a_reason_that_speaks_of_the_regulator_is_left_out_with_the_place_where_it_stands() -> None:
    text = letter(Letter.SUSPENSION, suspended(reason=CLAIM).history, on=ON)
    assert "Reason:       not repeated in letters; read it in entry 7 of the ledger" in text
    assert "closely" not in text


def test_an_address_that_speaks_of_the_regulator_is_left_out() -> None:
    made = Telling().advised(manifest()).enacted(manifest(), url="https://x.example/worked-closely-with-ICO")
    assert "closely" not in letter(Letter.INVITATION, made.history, on=ON)


@pytest.mark.parametrize(
    ("old", "clause"),
    [
        ("Attendance for tests", "collection.title"),
        ("The Synthetic Authority", "parties"),
        ("attendance@authority.example", "officers.asset_owner.contact"),
        ("dpo@authority.example", "officers.dpo.contact"),
    ],
)
def test_a_name_that_speaks_of_the_regulator_stops_the_letter(old: str, clause: str) -> None:
    made = changed(f'"{old}"', f'"{CLAIM}"')
    with pytest.raises(Refused) as refusal:
        letter(Letter.INVITATION, enacted(made).history, on=ON)
    assert refusal.value.clause == clause


def test_the_regulators_name_cannot_carry_a_claim_into_a_letter() -> None:
    made = changed('name = "Information Commission"', 'name = "Information Commission, who worked on this closely"')
    assert "closely" not in letter(Letter.INVITATION, enacted(made).history, on=ON)


def test_the_line_of_february_2022_cannot_be_produced_by_any_text_of_a_manifest() -> None:
    fields = re.findall(
        r'^(?:text|why|summary|how|does|need|means|necessity|proportionality|owner|post) = "(.*)"$',
        manifest_text(),
        re.MULTILINE,
    )
    text = manifest_text()
    for one in fields:
        text = text.replace(f'"{one}"', f'"{CLAIM}"')
    made = followed(manifest(), text, reason=CLAIM)
    assert "closely" not in letter(Letter.INVITATION, made.history, on=ON)
    assert "closely" not in letter(Letter.CHANGE, made.history, on=ON)
    made.say(Kind.SUSPENDED, made.history.versions[1].manifest, {"reason": CLAIM})
    assert "closely" not in letter(Letter.SUSPENSION, made.history, on=ON)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "the Regulator",
            "the re-gulator",
            "REGU LATOR",
            "our regulators",
            "regulatory body",
            "I.C.O.",
            "with the ico",
        ),
        *("https://ico.org.uk", "Information Commissioner", "the Commission", "data watchdog", "supervisory authority"),
        *("the ｒｅｇｕｌａｔｏｒ", "the rеgulator", "the regu\u200blator", "the regu\u00adlator", "régulator"),
        *("Data Guardian of Ruritania", "DataGuardian of Ruritania"),
    ],
)
def test_the_regulator_is_recognised_however_it_is_written(text: str) -> None:
    assert speaks_of_the_regulator(text, name="Data Guardian of Ruritania")


@pytest.mark.parametrize(
    "text",
    [
        "A key was lost.",
        "The Regulations of 2013 changed.",
        "Ysgol Gŵyr",
        "Statistics of Picardy and Mexico",
        "",
        "Ofsted",
    ],
)
def test_other_words_stay(text: str) -> None:
    assert not speaks_of_the_regulator(text, name="IC")
