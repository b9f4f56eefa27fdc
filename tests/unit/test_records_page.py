"""The assessment as a page and as a Word document: seven steps, signatures from the ledger, the same bytes again."""

import re
from datetime import date
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest
from docx import Document
from docx.oxml.ns import qn
from tests.lib.builders import manifest
from tests.lib.histories import PROCESSOR, Story, edited, following, story
from tests.lib.pages import check_accessible

from tallyroll.governance.lifecycle import History, Version
from tallyroll.governance.manifest import Manifest, read
from tallyroll.governance.manifest.leaves import leaves
from tallyroll.governance.records import page, word
from tallyroll.governance.records.outline import Table, texts
from tallyroll.governance.roles import Role
from tallyroll.governance.statements import Kind

ON = date(2026, 11, 20)
EXAMPLES = Path(__file__).parents[2] / "examples"
MANIFESTS = {
    "a processor": edited(lambda text: text + PROCESSOR),
    "tests": manifest(),
    **{name: read(EXAMPLES / f"{name}.toml") for name in ("tallies-only", "trust-local", "nation-pupil-level")},
}
STEPS = (
    *("Step 1: Identify the need for an assessment", "Step 2: Describe the processing", "Step 3: Consultation"),
    *("Step 4: Assess necessity and proportionality", "Step 5: Identify and assess risks"),
    *("Step 6: Identify measures to reduce risk", "Step 7: Sign off and record outcomes"),
)


@pytest.fixture
def told(tmp_path: Path) -> Story:
    return story(tmp_path)


def shown(told: Story, version: Version) -> str:
    return page.page(version, told.history, told.entries, on=ON)


def sign_off(version: Version) -> dict[str, tuple[str, ...]]:
    step = page.outline(version)[-1]
    (table,) = [one for one in step.blocks if isinstance(one, Table)]
    return {row[0]: row[1:] for row in table.rows}


def test_the_page_has_the_seven_steps_in_order_and_is_accessible(told: Story) -> None:
    text = shown(told.approve(manifest()).activate(manifest()), told.version(manifest()))
    check_accessible(text)
    places = [text.index(f'">{step}</h2>') for step in STEPS]
    assert places == sorted(places)
    assert "Active, on 20 November 2026" in text
    assert manifest().digest in text


CLOSED = re.compile(  # words that the page says in English, and names that only lead from one table to another
    r"\.(id|kind|part|tier|reveals|receives|use|option|of|right|source|likelihood|severity|residual|measures|level"
    r"|triggers|store|keep|name|purposes|statutory_items|requested_items|characteristics|codes|sees|dpv)$"
)


@pytest.mark.parametrize("written", MANIFESTS.values(), ids=MANIFESTS)
def test_every_word_of_the_author_is_on_the_page(written: Manifest) -> None:
    found = " ".join(text for step in page.outline(Version(written)) for text in texts(step.blocks))
    tree = written.model_dump(mode="json")
    tree["collection"] |= {"title": "", "valid_from": "", "expires": ""}  # these stand at the top
    named = [one.name for one in (*written.parties, *written.recipients)]
    words = [str(value) for clause, value in leaves(tree) if isinstance(value, str) and not CLOSED.search(clause)]
    days = re.compile(r"\d{4}-\d\d-\d\d")
    assert [one for one in (*named, *words) if one not in found and not days.fullmatch(one)] == []


def test_what_an_author_writes_is_text_and_never_markup() -> None:
    written = edited(lambda text: text.replace("and must see absence", "<script>alert(1)</script> and must see"))
    version = Version(written)
    text = page.page(version, History("test-attendance", (version,)), (), on=ON)
    assert "<script>" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text


def test_risk_words_are_those_of_the_template() -> None:
    (risks,) = [one for one in page.outline(Version(manifest()))[4].blocks if isinstance(one, Table)]
    by_source = {row[1]: row[3:] for row in risks.rows}
    assert by_source == {
        "Accident": ("Possible", "Significant", "Medium"),
        "Attack": ("Remote", "Severe", "Medium"),
        "Design choice": ("Possible", "Severe", "High"),
    }


def test_nobody_is_said_to_have_signed_before_somebody_has() -> None:
    rows = sign_off(Version(manifest()))
    assert rows["Measures approved by"][0] == "Nobody yet"
    assert rows["DPO advice provided by"] == ("Nobody yet", "None yet")
    assert rows["DPO advice accepted or overruled by"] == ("Nobody yet", "Not decided")


def test_sign_off_names_the_signers_of_the_ledger(told: Story) -> None:
    rows = sign_off(told.approve(manifest()).version(manifest()))
    approver, dpo = told.holder(Role.APPROVER), told.holder(Role.DPO)
    assert rows["Measures approved by"][0] == f"{approver}, 1 September 2026, ledger entry 4"
    assert rows["DPO advice provided by"] == (f"{dpo}, 1 September 2026, ledger entry 3", "Proceed")
    assert rows["Summary of DPO advice"][1] == "Keep the counts coarse."
    assert rows["DPO advice accepted or overruled by"][1] == "Accepted"
    assert rows["Kept under review by"][0] == "Head of Attendance Statistics, with the Data Protection Officer"


def test_overruled_advice_is_shown_with_its_reason(told: Story) -> None:
    told.approve(manifest(), advice="do-not-proceed", overrules="The law of 2026 leaves no choice.")
    assert sign_off(told.version(manifest()))["DPO advice accepted or overruled by"][1] == (
        "Overruled: The law of 2026 leaves no choice."
    )


def test_the_regulator_is_said_to_have_it_only_when_the_ledger_says_so(told: Story) -> None:
    told.approve(manifest())
    rows = sign_off(told.version(manifest()))
    assert rows["Sent to Information Commission"][0] == "Not sent"
    assert "Advice of the regulator recorded by" not in rows


def test_the_regulators_advice_comes_with_dates_and_entries(told: Story) -> None:
    written = manifest()
    told.say(Kind.SCREENED, Role.ASSET_OWNER, written).say(Kind.CONSULTED, Role.ASSET_OWNER, written)
    told.say(Kind.ADVISED, Role.DPO, written, advice="proceed", text="Ask the regulator.")
    told.say(Kind.REGULATOR_SUBMITTED, Role.DPO, written, on="2026-09-01")
    waiting = sign_off(told.version(written))
    assert waiting["Sent to Information Commission"][1] == "Sent on 1 September 2026; advice is due by 27 October 2026."
    assert waiting["Advice of the regulator recorded by"] == ("Nobody yet", "None yet")
    told.say(Kind.REGULATOR_ADVISED, Role.DPO, written, on="2026-09-01", advice="proceed", text="No objection.")
    advised = sign_off(told.version(written))
    assert advised["Advice of the regulator recorded by"] == (
        f"{told.holder(Role.DPO)}, 1 September 2026, ledger entry 5",
        "Proceed: No objection.",
    )


def test_each_particular_of_a_statement_has_a_line_and_none_can_look_like_another(told: Story) -> None:
    told.approve(manifest()).activate(manifest())
    told.say(Kind.SUSPENDED, Role.DPO, reason="A key was lost.\nadvice: proceed")
    table = page.signatures("Said", told.history.said, told.entries)
    particulars = {row[0]: row[4] for row in table.rows}
    assert particulars["Advised"] == "advice: proceed\ntext: Keep the counts coarse."
    assert particulars["Suspended"] == "reason: A key was lost. advice: proceed"


def test_changes_from_the_version_before_are_told(told: Story) -> None:
    first = manifest()
    told.approve(first).activate(first)
    second = following(first, "pulls_a_day = 2", "pulls_a_day = 3")
    told.approve(second).activate(second)
    text = shown(told, told.version(second))
    check_accessible(text)
    assert "Changes from version 1" in text
    assert "Sources are asked 3 times a day instead of 2." in text
    assert "Superseded, on 20 November 2026" in shown(told, told.version(first))


def test_a_suspension_stands_at_the_top_of_the_page(told: Story) -> None:
    told.approve(manifest()).activate(manifest()).say(Kind.SUSPENDED, Role.DPO, reason="A fault was found.")
    text = shown(told, told.version(manifest()))
    assert text.index("Suspended.") < text.index("What changed")
    assert "Suspended, on 20 November 2026" in text


def test_the_same_version_gives_the_same_word_file(told: Story) -> None:
    version = told.approve(manifest()).version(manifest())
    made = word.word(version)
    assert made == word.word(version)
    with ZipFile(BytesIO(made)) as parts:
        assert {one.date_time for one in parts.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_the_word_file_is_built_of_styles_and_repeats_its_table_headings(told: Story) -> None:
    document = Document(BytesIO(word.word(told.approve(manifest()).version(manifest()))))
    headings = [one.text for one in document.paragraphs if one.style is not None and one.style.name == "Heading 1"]
    assert tuple(headings) == STEPS
    assert all(one.rows[0]._tr.trPr.find(qn("w:tblHeader")) is not None for one in document.tables)
    languages = {one.get(qn("w:val")) for one in document.styles.element.iter(qn("w:lang"))}
    assert languages == {"en-GB"}


def test_the_word_file_and_the_page_say_the_same(told: Story) -> None:
    version = told.approve(manifest()).version(manifest())
    document = Document(BytesIO(word.word(version)))
    found = {one.text for one in document.paragraphs}
    found |= {cell.text for table in document.tables for row in table.rows for cell in row.cells}
    wanted = {text for step in page.outline(version) for text in texts(step.blocks)}
    assert wanted <= found


def test_the_word_file_says_of_itself_only_what_the_manifest_says(told: Story) -> None:
    about = Document(BytesIO(word.word(told.approve(manifest()).version(manifest())))).core_properties
    assert (about.author, about.identifier) == ("The Synthetic Authority", manifest().digest)
    assert about.created is not None
    assert about.created.date() == date(2026, 9, 1)
    assert about.comments == ""
