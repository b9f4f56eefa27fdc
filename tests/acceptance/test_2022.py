"""The events of 2022, in their order, played against Tallyroll with a clock at each date.

The assessment as it was cannot be entered at all; where an event needs a collection in force, it is that of
`corrected`: the same collection done properly. So this is what would have happened, and not what did. Each fixture is
an act that later events build on; each test is an event and what the system made of it.
"""

import asyncio
import csv
import io
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path

import pytest
from tests.lib.events_2022 import AS_IT_WAS, COLLECTION, PURPOSE, TRIAL, URNS, House, corrected, following, house

from tallyroll import ledger
from tallyroll.connectors.interface import SchoolState
from tallyroll.flows import node
from tallyroll.flows.exporting import export
from tallyroll.flows.mirroring import mirror
from tallyroll.flows.office import check_published
from tallyroll.governance import Door, Manifest, Permit, Refusal, in_force
from tallyroll.governance.assessments import STATEMENT, entry_of
from tallyroll.governance.manifest import parse
from tallyroll.governance.manifest.comparison import compare
from tallyroll.governance.manifest.rules import Fault, judge
from tallyroll.governance.manifest.words import ForbiddenUse
from tallyroll.governance.records import correspondence, sharing
from tallyroll.governance.records.letters import Letter, letter
from tallyroll.governance.roles import Role
from tallyroll.governance.statements import Kind, Statement, sign
from tallyroll.governance.steps import State
from tallyroll.vocab.errors import InputProblem, Refused, VerificationProblem
from tallyroll.vocab.items import ESSENTIAL, Item

APPROVER, DPO, OWNER = Role.APPROVER, Role.DPO, Role.ASSET_OWNER
LINE = "We have been working closely with the regulator on this assessment."
CONCERNS = ("risk", "legislation", "necessity", "retention", "special-category")


def faults_of(text: str, *, on: date) -> tuple[Fault, ...]:
    """Everything that `dpia check` finds."""
    return judge(text, where="2022", on=on).faults


def rows(at: House, name: str) -> list[dict[str, str]]:
    """A table of the public correspondence, as it stands on the day of the clock."""
    made = correspondence.files(at.history(), at.entries, on=at.clock.moment.date())
    return list(csv.DictReader(io.StringIO(made[f"{name}.csv"])))


def of_the_regulator(text: str) -> list[str]:
    """What a letter says of the regulator."""
    said = text.split("THE REGULATOR")[1].split("This is all", maxsplit=1)[0]
    return [line.strip() for line in said.splitlines() if line.strip()]


# ---- the acts on which later events build ----


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """24 January: a ledger with its roles and witnesses, a node, and no assessment."""
    with house(tmp_path_factory.mktemp("2022")) as made:
        yield made


@pytest.fixture(scope="module")
def first() -> Manifest:
    """The first version, done properly."""
    return parse(corrected(), where="2022")


@pytest.fixture(scope="module")
def second(first: Manifest) -> Manifest:
    """The urgent edit of 15 February, as the version that it is."""
    swap = ("Rows are deleted and the key", "Rows are deleted at once and the key")
    reason = "The way in which rows are destroyed was not told in full."
    return following(first, swap, reason=reason, first="2022-02-16", expires="2023-02-17")


@pytest.fixture(scope="module")
def wrote(founded: House) -> House:
    """1 February: the letter of a civil-society group to the regulator enters the ledger."""
    founded.on(2, 1)
    text = "A civil-society group wrote to the regulator with concerns."
    founded.say(Kind.REGULATOR_LETTER, DPO, letter=b"To the regulator: our concerns.", on="2022-02-01", text=text)
    return founded


@pytest.fixture(scope="module")
def enacted(wrote: House, first: Manifest) -> House:
    """8 February: the first version is approved, published and in force, each step in its turn."""
    wrote.on(2, 8, 8)
    wrote.rehearsal.enact(first)
    return wrote


@pytest.fixture(scope="module")
def told(enacted: House) -> House:
    """9 February: schools have given families the notices."""
    enacted.on(2, 9, 8)
    node.record_notices(enacted.gate, URNS)
    return enacted


@pytest.fixture(scope="module")
def paused(told: House) -> tuple[House, Refused]:
    """10 February: while a round is under way, the regulator asks for a pause, and it is written down."""
    told.on(2, 10, 15)

    def after(done: int, total: int) -> None:
        if done == 1 < total:
            told.say(
                Kind.PAUSE_REQUESTED, OWNER, on="2022-02-10", text="Pause collection and sign-up until it is signed."
            )

    with pytest.raises(Refused) as ended:
        told.collect(advance=after)
    return told, ended.value


@pytest.fixture(scope="module")
def resumed(paused: tuple[House, Refused]) -> House:
    """11 February: the approver and the protection officer both sign that it goes on, with a reason."""
    at, _ = paused
    at.on(2, 11, 15)
    at.say(Kind.RESUMED, APPROVER, DPO, reason="The regulator has read the assessment and lifted its request.")
    at.on(2, 11, 16)
    return at


@pytest.fixture(scope="module")
def withdrawn(resumed: House, first: Manifest) -> House:
    """15 February: version 1 is withdrawn, with a reason."""
    resumed.on(2, 15, 14)
    resumed.say(Kind.WITHDRAWN, APPROVER, about=first, reason="How rows are destroyed was not told in full.")
    return resumed


@pytest.fixture(scope="module")
def replaced(withdrawn: House, second: Manifest) -> House:
    """15 and 16 February: version 2 is sent to the regulator, which advises; then it is approved and in force.

    That the regulator advises the next day is the play's; in life it has eight weeks.
    """
    withdrawn.on(2, 15, 15)
    withdrawn.say(Kind.SCREENED, OWNER, about=second)
    withdrawn.say(Kind.CONSULTED, OWNER, about=second)
    withdrawn.say(Kind.ADVISED, DPO, about=second, advice="proceed", text="The change is small and right.")
    withdrawn.say(Kind.REGULATOR_SUBMITTED, DPO, about=second, on="2022-02-15")
    withdrawn.on(2, 16, 8)
    withdrawn.say(Kind.REGULATOR_ADVISED, DPO, about=second, on="2022-02-16", advice="proceed", text="No objection.")
    withdrawn.say(Kind.APPROVED, APPROVER, about=second)
    withdrawn.rehearsal.witness()
    withdrawn.rehearsal.put_in_force(second)
    return withdrawn


@pytest.fixture(scope="module")
def raised(replaced: House, second: Manifest) -> House:
    """15 March: the ten pages of concerns enter the ledger, a concern an entry."""
    replaced.on(3, 15)
    for one in CONCERNS:
        text = f"Page of the letter about: {one}."
        replaced.say(Kind.REGULATOR_CONCERN, DPO, about=second, on="2022-03-15", concern=one, text=text)
    return replaced


@pytest.fixture(scope="module")
def renewed(raised: House, second: Manifest) -> tuple[House, Manifest]:
    """September: a third version, screened, consulted and advised; the concerns have no answer yet."""
    reason = "The year is nearly over and all of it was assessed again."
    looked_at = ("due_diligence_on = 2021-06-01", "due_diligence_on = 2022-06-01")
    third = following(second, looked_at, reason=reason, first="2022-09-12", expires="2023-09-12")
    raised.on(9, 5)
    raised.say(Kind.SCREENED, OWNER, about=third)
    raised.say(Kind.CONSULTED, OWNER, about=third)
    raised.say(Kind.ADVISED, DPO, about=third, advice="proceed", text="As before.")
    return raised, third


# ---- 25 January: schools are asked to sign up ----


def test_25_january_no_school_is_asked_to_sign_up_before_there_is_an_assessment(founded: House) -> None:
    """Sign-up is refused, the source is not spoken to at all, and the refusal is in the node's log."""
    founded.on(1, 25)
    with pytest.raises(Refused) as refusal:
        founded.sign_up(URNS[0])
    assert refusal.value.clause == "life-cycle"
    assert not founded.world.asked
    last = founded.gate.own.refresh()[-1].facts
    assert (last["answer"], last["door"], last["clause"]) == ("refusal", "enrol", "life-cycle")


# ---- 1 February: a letter to the regulator ----


def test_1_february_the_letter_to_the_regulator_is_public_the_day_it_is_entered(wrote: House) -> None:
    """It stands in the public correspondence with its date, and its very bytes can be fetched and verified."""
    wrote.on(2, 1, 13)
    row = rows(wrote, "correspondence")[0]
    assert (row["What"], row["Date"], row["Recorded"], row["Late"]) == ("Letter", "2022-02-01", "2022-02-01", "no")
    said = wrote.history().events(Kind.REGULATOR_LETTER)[0]
    content = wrote.rehearsal.office.assessments.document(said.statement.facts["letter"])
    assert content == b"To the regulator: our concerns."
    assert said.statement.facts["letter"] in row["Documents"]


# ---- 7 February: collection begins ----


def test_7_february_collection_does_not_begin_without_an_assessment(wrote: House) -> None:
    """A real round is refused before the service is spoken to; nothing is kept, and the refusal is in the log."""
    wrote.on(2, 7)
    before = len(wrote.world.asked)
    for collect in (wrote.collect_from_service, wrote.collect):
        with pytest.raises(Refused) as refusal:
            collect()
        assert refusal.value.clause == "life-cycle"
    assert len(wrote.world.asked) == before
    assert not wrote.store.schools()
    assert wrote.gate.own.refresh()[-1].facts["answer"] == "refusal"


def test_7_february_no_letter_invites_schools_to_what_is_not_in_force(wrote: House) -> None:
    """There is no letter either: a letter follows the ledger and never goes before it."""
    wrote.on(2, 7, 13)
    for kind in Letter:
        with pytest.raises(Refused, match="nothing in the ledger to send this letter for"):
            letter(kind, wrote.history(), on=date(2022, 2, 7))


# ---- 8 February: "working closely with the regulator" ----


def test_8_february_the_letter_to_schools_says_that_the_regulator_was_sent_nothing(enacted: House) -> None:
    """What a letter says of the regulator comes from the ledger: a letter of a group, and no assessment sent."""
    enacted.on(2, 8, 13)
    text = letter(Letter.INVITATION, enacted.history(), on=date(2022, 2, 8))
    assert "closely" not in text
    assert of_the_regulator(text)[-1] == "The regulator has not been sent this version of the assessment."
    assert not [line for line in of_the_regulator(text) if "was sent to the regulator" in line or "advised" in line]


def test_8_february_the_line_cannot_be_written_into_an_assessment(enacted: House) -> None:
    """In a text of the assessment it is a fault that stops the approval; in its title it stops the letter."""
    on = enacted.on(2, 8, 14)
    text = corrected(("The department's node asks", f"{LINE} The department's node asks"))
    assert [one.clause for one in faults_of(text, on=on) if "ACC-A04" in one.rows] == ["collection.means"]
    assert "ACC-A04" in {row for one in faults_of(AS_IT_WAS, on=on) for row in one.rows}


def test_8_february_schools_may_sign_up_once_the_assessment_is_in_force(enacted: House) -> None:
    """The same door as on 25 January, open now: the school is asked, and that is written down."""
    enacted.on(2, 8, 15)
    assert enacted.sign_up(URNS[0]).state is SchoolState.PENDING
    assert enacted.gate.own.refresh()[-1].event == "invited"


def test_8_february_nothing_is_read_before_families_are_told(enacted: House) -> None:
    """Families were not told in 2022; here the gate refuses the pull by the clause `notices`."""
    enacted.on(2, 8, 16)
    with pytest.raises(Refused) as refusal:
        enacted.collect()
    assert refusal.value.clause == "notices"
    assert not enacted.store.schools()


# ---- 9 February: the regulator asks for the line to be removed ----


def test_9_february_the_regulator_s_request_is_on_the_public_record_with_its_date(told: House) -> None:
    """No freedom-of-information request is needed: the page shows it the same day."""
    told.on(2, 9, 9)
    text = "Asks that a line in letters be removed, and when the assessment will be signed."
    told.say(Kind.REGULATOR_LETTER, DPO, letter=b"From the regulator.", on="2022-02-09", text=text)
    row = rows(told, "correspondence")[-1]
    assert (row["Date"], row["Recorded"], row["It says"]) == ("2022-02-09", "2022-02-09", text)


def test_9_february_a_source_is_asked_twice_a_day_and_not_every_two_hours(told: House) -> None:
    """The third round of a day is refused; an assessment that says twelve is faulty, whatever its reason."""
    on = told.on(2, 9, 16)
    with pytest.raises(Refused) as refusal:
        told.collect(pull=3)
    assert refusal.value.clause == "frequency.pulls_a_day"
    often = corrected(("pulls_a_day = 2", "pulls_a_day = 12"))
    assert [one.rows for one in faults_of(often, on=on)] == [("LAW-05", "ACC-A20")]


def test_9_february_no_item_is_added_while_it_runs(told: House, first: Manifest) -> None:
    """What the version in force does not name is refused; with it, the text is a new version that says so."""
    told.on(2, 9, 17)
    refused = told.answer(Door.PULL, items=ESSENTIAL | {Item.PREVIOUSLY_LOOKED_AFTER})
    assert isinstance(refused, Refusal)
    assert refused.clause == "items"
    named = '[[codes]]\ncodes = ["I"'
    item = (
        '[[items]]\nname = "previously_looked_after"\ndefinition = "Looked after before."\nsource_field = "care"\n'
        'granularity = "yes or no"\nneeded_for = "A table."\npurposes = ["attendance-statistics"]\n'
        'sensitivity = "A"\nidentifiability = 4\n\n'
    )
    more = parse(corrected((named, item + named)), where="2022")
    (change,) = compare(first, more)
    assert change.what.startswith("Previously looked after is collected now; it was not.")
    assert "DPO advice" in change.reopens
    assert told.history().version(more.digest) is None


def test_9_february_a_date_of_birth_or_a_name_cannot_even_be_asked_for(told: House) -> None:
    """There is no such item in the vocabulary: an assessment that names one is not read, and no request can."""
    told.on(2, 9, 18)
    for name in ("forename", "surname", "date_of_birth", "child_in_need", "child_protection_plan"):
        assert name not in list(Item)
        with pytest.raises(InputProblem, match=f"items.{name}.name"):
            parse(corrected(('name = "looked_after"', f'name = "{name}"')), where="2022")


@pytest.mark.parametrize("use", ForbiddenUse)
def test_9_february_no_door_opens_for_a_forbidden_use(told: House, use: ForbiddenUse) -> None:
    """Immigration enforcement, prosecution, companies: whatever the door, the purpose itself is refused."""
    told.on(2, 9, 19)
    answers = [told.answer(door, purpose=str(use)) for door in Door]
    assert {one.clause for one in answers} == {f"forbidden.{use}"}


def test_9_february_nobody_can_be_handed_named_rows(told: House) -> None:
    """Police, the Home Office, a company: not for statistics, not as recipient; the register says so in public."""
    told.on(2, 9, 20)
    for who in ("The Home Office", "A police force", "A company"):
        rows_out, counts_out = (told.answer(door, recipient=who) for door in (Door.EXPORT, Door.SEND))
        assert rows_out.clause == f"purposes.{PURPOSE}.kind"
        assert counts_out.clause == "recipients"
    sheet = sharing.watched(told.history(), told.gate.own.refresh())
    assert {row[1] for row in sheet.rows} == {"0, not possible"}
    assert [row[0] for row in sheet.rows] == ["Home Office", "Police", "Courts", "Companies"]


# ---- 10 February: the regulator asks for a pause. "Not possible." ----


def test_10_february_the_pause_stops_the_round_that_is_under_way(paused: tuple[House, Refused]) -> None:
    """The school that was being read is kept; the next one is not read, though its permit was granted before."""
    at, ended = paused
    assert ended.clause == "suspended"
    assert [one.urn for one in at.store.schools()] == [URNS[0]]


def test_10_february_the_pause_closes_every_door_and_sign_up_too(paused: tuple[House, Refused]) -> None:
    """One entry, signed by any one role, and no door is open in the same minute."""
    at, _ = paused
    at.on(2, 10, 16)
    assert {one.clause for one in map(at.answer, Door)} == {"suspended"}
    with pytest.raises(Refused, match="Suspended on 2022-02-10"):
        at.sign_up(URNS[1])
    assert not at.is_open()


def test_10_february_schools_are_told_of_the_pause_from_the_regulator_s_own_entry(
    paused: tuple[House, Refused],
) -> None:
    """The letter of suspension says that the regulator asked, on which day, and in which entry."""
    at, _ = paused
    on = at.on(2, 10, 17)
    (asked,) = at.history().events(Kind.PAUSE_REQUESTED)
    sentence = f"On 10 February 2022 the regulator asked that the collection pause (ledger entry {asked.index})."
    assert sentence in of_the_regulator(letter(Letter.SUSPENSION, at.history(), on=on))
    with pytest.raises(Refused):
        letter(Letter.INVITATION, at.history(), on=on)


def test_10_february_not_possible_is_no_answer_that_opens_anything(paused: tuple[House, Refused]) -> None:
    """It can be written down, for everybody to read; one signature, or no reason, resumes nothing."""
    at, _ = paused
    at.on(2, 11, 10)
    at.say(Kind.REGULATOR_LETTER, OWNER, on="2022-02-11", text="We answered that a pause is not possible.")
    for by, reason, why in (
        ([APPROVER], "It is not possible.", "signatures of approver and dpo"),
        ([APPROVER, OWNER], "It is not possible.", "signatures of approver and dpo"),
        ([APPROVER, DPO], "", "does not say: reason"),
    ):
        with pytest.raises(Refused, match=why):
            at.say(Kind.RESUMED, *by, reason=reason)
    assert not at.is_open()
    assert "not-possible" not in list(State)


def test_11_february_two_roles_and_a_reason_resume_it(resumed: House) -> None:
    """The next round reads every school, those too that the pause had kept from being read."""
    assert resumed.collect().collected == 3
    assert [one.urn for one in resumed.store.schools()] == list(URNS)
    (said,) = resumed.history().events(Kind.RESUMED)
    assert said.by == {APPROVER, DPO}


# ---- 14 February: version 1 is signed and sent ----


def test_14_february_the_assessment_as_it_was_is_not_read_and_not_approved(resumed: House) -> None:
    """Its text is refused; what can be read of it gets as far as advice, and the approval is refused for its faults."""
    on = resumed.on(2, 14)
    with pytest.raises(InputProblem, match="The ledger says this, not the manifest"):
        parse(AS_IT_WAS, where="2022")
    rest = judge(AS_IT_WAS, where="2022", on=on).manifest
    assert rest is not None
    resumed.say(Kind.SCREENED, OWNER, about=rest, collection=TRIAL)
    resumed.say(Kind.CONSULTED, OWNER, about=rest, collection=TRIAL)
    resumed.say(Kind.ADVISED, DPO, about=rest, collection=TRIAL, advice="proceed", text="We need the data.")
    with pytest.raises(Refused, match=r"The assessment has \d+ faults"):
        resumed.say(Kind.APPROVED, APPROVER, about=rest, collection=TRIAL)
    assert resumed.history(TRIAL).active is None


def test_14_february_each_fault_names_the_row_of_what_went_wrong() -> None:
    """The rows of acceptance that a text can show by itself, by number; the others are the ledger's and the gate's."""
    found = {row for one in faults_of(AS_IT_WAS, on=date(2022, 2, 14)) for row in one.rows}
    by_text = [1, 2, 3, 4, 8, 9, *range(12, 31), 32, 33, 35, 36]
    assert {row for row in found if row.startswith("ACC-A")} == {f"ACC-A{number:02}" for number in by_text}


# ---- 15 February: version 1 is withdrawn and replaced by a changed version 1 ----


def test_15_february_a_withdrawal_without_a_reason_has_no_effect(resumed: House, first: Manifest) -> None:
    """The office refuses it; smuggled past the office it stays in the ledger, marked, and counts for nothing."""
    resumed.on(2, 15, 9)
    with pytest.raises(Refused, match="does not say: reason"):
        resumed.say(Kind.WITHDRAWN, APPROVER, about=first)
    office = resumed.rehearsal.office
    said = Statement(Kind.WITHDRAWN, COLLECTION, first.digest, resumed.clock.moment, len(resumed.entries), {})
    envelope = sign(said, [resumed.rehearsal.keys[APPROVER]])
    office.log.keep_document(envelope)
    office.log.append(at=resumed.clock.moment, event=STATEMENT, facts=entry_of(envelope, said))
    resumed.rehearsal.witness()
    assert resumed.history().ignored[-1].why == "It does not say: reason."
    assert resumed.is_open()


def test_15_february_a_changed_text_is_another_version_whatever_it_calls_itself(
    resumed: House, first: Manifest, second: Manifest
) -> None:
    """No text says its own number, and the approval of one text is not that of another."""
    resumed.on(2, 15, 10)
    with pytest.raises(InputProblem, match=r"collection\.version: The ledger says this, not the manifest"):
        parse(corrected(("mandatory = true", 'mandatory = true\nversion = "1.1"')), where="2022")
    assert first.digest != second.digest
    with pytest.raises(Refused, match="The version is draft; this step follows"):
        resumed.say(Kind.APPROVED, APPROVER, about=second)
    active = resumed.history().active
    assert active is not None
    assert active.digest == first.digest


def test_15_february_a_withdrawn_version_stays_on_the_page_and_in_the_ledger(
    withdrawn: House, first: Manifest, tmp_path: Path
) -> None:
    """With its number, its reason and every file; nothing is collected under it any more."""
    on = withdrawn.on(2, 15, 14)
    assert not withdrawn.is_open()
    version = withdrawn.history().version(first.digest)
    assert version is not None
    assert (version.number, version.state) == (1, State.WITHDRAWN)
    export(COLLECTION, tmp_path, ledger=withdrawn.ledger, roles=withdrawn.rehearsal.office.roles, on=on)
    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert first.digest in page
    assert "reason: How rows are destroyed was not told in full." in page
    assert (tmp_path / first.digest / "manifest.json").read_bytes() == first.canonical


def test_16_february_the_ledger_numbers_the_versions_and_tells_what_changed(
    replaced: House, first: Manifest, second: Manifest
) -> None:
    """Not 1, 1.1 and 6: 1 and 2, by digest, with the reason and a difference in plain words."""
    numbers = {one.digest: one.number for one in replaced.history().versions}
    assert numbers == {first.digest: 1, second.digest: 2}
    (kept,) = [one for one in compare(first, second) if one.clause.startswith("retention")]
    assert "at once" in kept.what
    assert second.collection.supersedes == first.digest


# ---- 16 February: "formally engaged the day before" ----


def test_16_february_that_the_regulator_was_engaged_is_said_from_its_entry_only(replaced: House) -> None:
    """With the entry of 15 February the letter says what was sent, and when; on 8 February it could not."""
    on = replaced.on(2, 16, 12)
    (sent,) = replaced.history().events(Kind.REGULATOR_SUBMITTED)
    text = letter(Letter.CHANGE, replaced.history(), on=on)
    sentence = f"On 15 February 2022 version 2 of the assessment was sent to the regulator (ledger entry {sent.index})."
    assert sentence in of_the_regulator(text)
    assert "engaged" not in text
    taken = next(one.at for one in replaced.entries if one.index == sent.index)
    assert taken.date() == date(2022, 2, 15)


def test_16_february_families_are_told_again_when_what_they_were_told_has_changed(replaced: House) -> None:
    """The notices of version 1 do not do for version 2, which says something else of how rows are destroyed."""
    replaced.on(2, 16, 13)
    refused = replaced.answer(Door.PULL)
    assert isinstance(refused, Refusal)
    assert refused.clause == "notices"
    node.record_notices(replaced.gate, URNS)
    assert isinstance(replaced.answer(Door.PULL), Permit)


# ---- 17 to 21 February: only through a link to a shared drive ----


def test_17_february_every_version_is_public_from_the_moment_of_its_first_signature(
    replaced: House, first: Manifest, second: Manifest, tmp_path: Path
) -> None:
    """The page has both with all their files, and anybody may fetch the very bytes that were signed."""
    on = replaced.on(2, 17)
    export(COLLECTION, tmp_path, ledger=replaced.ledger, roles=replaced.rehearsal.office.roles, on=on)
    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    for one in (first, second):
        assert one.digest in page
        names = {path.name for path in (tmp_path / one.digest).iterdir()}
        assert {"assessment.html", "assessment.docx", "manifest.json", "notice-child.html"} <= names
        asyncio.run(check_published(replaced.rehearsal.address_of(one), one))


def test_17_february_a_version_cannot_be_in_force_before_it_is_published(replaced: House, second: Manifest) -> None:
    """The order of the entries shows it: approved, then published, then activated."""
    version = replaced.history().version(second.digest)
    assert version is not None
    places = [one.index for kind in (Kind.APPROVED, Kind.PUBLISHED, Kind.ACTIVATED) if (one := version.step(kind))]
    assert places == sorted(places)
    assert len(places) == 3


# ---- 1 March: the file behind the link will be swapped ----


@pytest.fixture
def swapped(replaced: House, second: Manifest) -> Iterator[Path]:
    """1 March: other bytes behind the address of the assessment; put back after the test."""
    file = replaced.ledger / "documents" / second.digest
    before = file.read_bytes()
    replaced.on(3, 1)
    file.chmod(0o644)
    file.write_bytes(before.replace(b"at once", b"in time"))
    yield file
    file.write_bytes(before)


def test_1_march_a_swapped_file_is_seen_by_whoever_looks(
    replaced: House, second: Manifest, swapped: Path, tmp_path: Path
) -> None:
    """At its address, in a copy, in the ledger's folder: each check refuses, and says which file it is."""
    address = replaced.rehearsal.address_of(second)
    with pytest.raises(VerificationProblem) as published:
        asyncio.run(check_published(address, second))
    assert published.value.where == address
    key = replaced.rehearsal.office.roles.log_key
    with pytest.raises(VerificationProblem) as copied:
        asyncio.run(mirror(replaced.rehearsal.public, tmp_path / "mirror", key=key))
    assert second.digest in copied.value.where
    with pytest.raises(VerificationProblem) as verified:
        ledger.verify(replaced.ledger, key=key, witnesses=replaced.rehearsal.office.roles.witness_keys)
    assert swapped.name in verified.value.where


def test_1_march_a_node_does_not_work_by_a_swapped_file(replaced: House, swapped: Path) -> None:
    """The digest that was signed is the one it works by: a process that starts now finds the ledger broken."""
    assert swapped.exists()
    with pytest.raises(Refused) as refusal:
        in_force(replaced.new_gate())
    assert refusal.value.clause == "ledger"


# ---- 15 March: ten pages of concerns ----


def test_15_march_every_concern_has_a_day_by_which_it_is_answered(raised: House) -> None:
    """Twenty days by this assessment: 4 April, on the public page."""
    raised.on(3, 15, 13)
    found = rows(raised, "concerns")
    assert [one["Concern"] for one in found] == list(CONCERNS)
    assert {(one["Answer due"], one["Status"]) for one in found} == {("2022-04-04", "open")}


CONCERN_FAULTS: Mapping[str, tuple[str, str]] = {
    "screening.level": ("ACC-A03", "The risk is rated low"),
    "purposes.attendance-data.enactment": ("ACC-A13", "not named by its section"),
    "collection.necessity": ("ACC-A16", "too little to show anything"),
    "alternatives.aggregates-only": ("ACC-A18", "was not weighed"),
    "retention.registers.keep": ("ACC-A15", "66 years is over the 6 years"),
    "items.ethnicity_minor.reveals": ("ACC-A14", "reveals ethnicity"),
    "codes.I": ("ACC-A14", "reveals health"),
}
"""The regulator's concerns, each as the clause of the assessment as it was at which the check finds it."""


@pytest.mark.parametrize("clause", CONCERN_FAULTS)
def test_15_march_each_concern_that_a_text_can_show_is_a_fault_before_anything_is_signed(clause: str) -> None:
    """What took the regulator ten pages after the fact, `dpia check` says before."""
    row, words = CONCERN_FAULTS[clause]
    found = [one for one in faults_of(AS_IT_WAS, on=date(2022, 2, 7)) if one.clause == clause and row in one.rows]
    assert found
    assert words in found[0].what


# ---- July: the correspondence becomes public ----


def test_july_the_correspondence_was_public_all_along(raised: House) -> None:
    """Every entry was recorded on its own day: none is late, and nobody had to ask."""
    raised.on(7, 4)
    found = rows(raised, "correspondence")
    assert {one["Late"] for one in found} == {"no"}
    assert all(one["Recorded"] == one["Date"] for one in found)
    assert len([one for one in found if one["What"].startswith("Concern")]) == len(CONCERNS)


def test_july_what_is_recorded_after_ten_working_days_is_marked_late(raised: House) -> None:
    """A letter of 1 June that is entered on 4 July: due on 15 June, and everybody sees it."""
    raised.on(7, 4, 13)
    raised.say(Kind.REGULATOR_LETTER, DPO, on="2022-06-01", text="A reminder.")
    row = rows(raised, "correspondence")[-1]
    assert (row["Date"], row["Due"], row["Recorded"], row["Late"]) == ("2022-06-01", "2022-06-15", "2022-07-04", "late")


# ---- September: no answer to the concerns ----


def test_september_overdue_concerns_show_and_block_the_next_version(renewed: tuple[House, Manifest]) -> None:
    """Each is overdue on the public page, and the approval is refused by name until it is answered."""
    at, third = renewed
    assert {one["Status"] for one in rows(at, "concerns")} == {"overdue"}
    with pytest.raises(Refused, match="Concerns of the regulator wait for an answer: risk, legislation, necessity"):
        at.say(Kind.APPROVED, APPROVER, about=third)
    for one in CONCERNS:
        at.say(Kind.CONCERN_ANSWERED, DPO, on="2022-09-05", concern=one, text="Answered in the third version.")
    assert {one["Status"] for one in rows(at, "concerns")} == {"answered late"}
    at.say(Kind.APPROVED, APPROVER, about=third)
    version = at.history().version(third.digest)
    assert version is not None
    assert version.number == 3


# ---- December 2023: the concerns stand ----


def test_the_366th_day_is_the_last_and_in_december_2023_nothing_runs(renewed: tuple[House, Manifest]) -> None:
    """Version 2 held from 16 February 2022; a text that would hold for longer than 366 days is faulty."""
    at, _ = renewed
    at.on(2, 16, year=2023)
    assert at.is_open()
    at.on(2, 17, year=2023)
    assert {one.clause for one in map(at.answer, Door)} == {"collection.expires"}
    on = at.on(12, 1, year=2023)
    assert not at.is_open()
    longer = corrected(first="2022-02-16", expires="2023-02-18")
    assert [one.clause for one in faults_of(longer, on=date(2022, 2, 16))] == ["collection.expires"]
    with pytest.raises(Refused):
        letter(Letter.INVITATION, at.history(), on=on)
