"""The manifest in the forms of others: record of processing, the CNIL's software, the Data Privacy Vocabulary."""

import csv
import json
from collections.abc import Iterator
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
from pyld import jsonld
from tests.lib.builders import manifest
from tests.lib.histories import PROCESSOR, START, edited, story

from tallyroll.governance.lifecycle import Version
from tallyroll.governance.manifest import Manifest, read
from tallyroll.governance.records.article30 import article_30
from tallyroll.governance.records.cnil import pia_json
from tallyroll.governance.records.dpv import OURS, json_ld, terms
from tallyroll.governance.records.sharing import DELETED
from tallyroll.governance.roles import Role
from tallyroll.ledger import Entry

FOLDER = Path(__file__).parents[2] / "examples"
EXAMPLES = [one for one in sorted(FOLDER.glob("*.toml")) if one.stem != "as-in-2022"]  # that one cannot be built
MANIFESTS = {"tests": manifest(), **{one.stem: read(one) for one in EXAMPLES}}
DPV, GDPR, RISK = "https://w3id.org/dpv#", "https://w3id.org/dpv/legal/eu/gdpr#", "https://w3id.org/dpv/risk#"


def record(written: Manifest, log: tuple[Entry, ...] | None = ()) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(article_30(Version(written), log), newline="")))


def of(rows: list[dict[str, str]], field: str) -> list[tuple[str, str]]:
    return [(row["name"], row["detail"]) for row in rows if row["field"] == field]


# The record of processing (LAW-21)


@pytest.mark.parametrize("written", MANIFESTS.values(), ids=MANIFESTS)
def test_every_recipient_item_code_party_and_time_limit_is_in_the_record(written: Manifest) -> None:
    clauses = {row["clause"] for row in record(written)}
    wanted = {f"recipients.{one.name}" for one in written.recipients} | {f"items.{one.name}" for one in written.items}
    wanted |= {f"retention.{one.store}" for one in written.retention} | {
        f"parties.{one.name}" for one in written.parties
    }
    wanted |= {f"purposes.{one.id}" for one in written.purposes} | {f"measures.{one.id}" for one in written.measures}
    wanted |= {f"codes.{' '.join(one.codes)}" for one in written.codes}
    assert wanted - clauses == set()


def test_the_record_answers_every_line_of_article_30_and_of_schedule_1() -> None:
    asked = {row["requirement"] for row in record(manifest())}
    assert asked == {
        *("Art 30(1)", "Art 30(1)(a)", "Art 30(1)(b)", "Art 30(1)(c)", "Art 30(1)(d)", "Art 30(1)(e)"),
        *("Art 30(1)(f)", "Art 30(1)(g)", "Sch 1 para 41(a)", "Sch 1 para 41(b)", "Sch 1 para 41(c)"),
    }


def test_the_record_says_what_the_manifest_says() -> None:
    rows = record(manifest())
    assert ("The Synthetic Authority", "Asks") in [
        (name, detail.split("; ")[3][:4]) for name, detail in of(rows, "controller")
    ]
    assert of(rows, "data protection officer") == [("Data Protection Officer", "dpo@authority.example")]
    assert ("The public", "published statistics, for attendance-statistics") in of(rows, "recipient")
    assert ("tallies", "P13M from the day that is counted; Files are deleted.") in of(rows, "erasure time limit")
    assert of(rows, "transfer") == [("none", "everything named stands in the United Kingdom")]
    conditions = {row["name"]: (row["detail"], row["law"]) for row in rows if row["field"] == "condition relied on"}
    assert conditions["I M Y6"] == ("9(2)(j)", "paragraph 4")


@pytest.mark.parametrize(
    ("before", "after", "field", "line"),
    [
        ('name = "The public"', 'name = "The Crown"', "recipient", "The Crown"),
        ('keep = "P13M"', 'keep = "P3M"', "erasure time limit", "P3M from the day that is counted; Files are deleted."),
        (
            'place = "The public site"\ncountry = "United Kingdom"',
            'place = "A mirror"\ncountry = "Ireland"',
            "transfer",
            "Ireland",
        ),
        (
            "Only the owner of",
            "Nobody but the owner of",
            "security measure",
            "Nobody but the owner of the store can read its file.",
        ),
    ],
)
def test_a_change_of_the_manifest_changes_the_record(before: str, after: str, field: str, line: str) -> None:
    changed = of(record(edited(lambda text: text.replace(before, after, 1))), field)
    assert any(line in pair for pair in changed)
    assert changed != of(record(manifest()), field)


def test_a_party_abroad_is_a_transfer_with_its_safeguard() -> None:
    rows = record(edited(lambda text: text + PROCESSOR))
    (transfer,) = [row for row in rows if row["field"] == "transfer"]
    assert (transfer["name"], transfer["detail"]) == ("A Hosting Company Ltd", "Ireland")
    assert transfer["law"] == "Adequacy regulations for the European Economic Area"
    assert of(rows, "processor")[0][0] == "A Hosting Company Ltd"


def test_deletion_records_show_whether_retention_was_followed() -> None:
    gone = Entry(7, START, DELETED, {})
    assert {
        row["detail"]
        for row in record(manifest(), (gone, replace(gone, event="gate")))
        if row["field"] == "retention followed"
    } == {"deletion records in the log: 1; see deletions.csv"}


def test_where_no_log_is_known_nothing_is_said_of_deletions() -> None:
    followed = {row["detail"] for row in record(manifest(), None) if row["field"] == "retention followed"}
    assert followed == {"not known here: deletion records stand in the log of each node"}


# The CNIL's software


def pia(version: Version) -> dict[str, object]:
    return json.loads(pia_json(version))


def answers(version: Version) -> dict[int, dict[str, object]]:
    found = pia(version)["answers"]
    assert isinstance(found, list)
    return {one["reference_to"]: one["data"] for one in found}


def test_the_file_has_the_keys_and_the_question_numbers_of_the_software() -> None:
    assert list(pia(Version(manifest()))) == ["pia", "answers", "measures", "evaluations", "comments"]
    risks = {10 * tens + n for tens in (32, 33, 34) for n in range(1, 7)}
    assert set(answers(Version(manifest()))) == {
        111,
        112,
        113,
        121,
        122,
        123,
        *range(211, 216),
        *range(221, 228),
        *risks,
    }


def test_the_gauges_are_never_lower_than_our_levels() -> None:
    found = answers(Version(manifest()))
    assert {number: found[number]["gauge"] for number in (325, 326, 335, 336)} == {325: 4, 326: 3, 335: 3, 336: 3}


def test_a_risk_names_measures_by_the_titles_of_the_list() -> None:
    version = Version(manifest())
    titles = {one["title"] for one in pia(version)["measures"]}  # type: ignore[attr-defined]  # plain JSON, as it is read
    assert titles == {"screening", "owner only", "permits"}
    assert answers(version)[324]["list"] == ["owner only", "permits"]


def test_a_draft_is_doing_and_an_approved_version_is_signed(tmp_path: Path) -> None:
    told = story(tmp_path)
    draft = pia(Version(manifest()))["pia"]
    signed = pia(told.approve(manifest()).version(manifest()))["pia"]
    assert (draft["status"], draft["dpo_status"], signed["status"], signed["dpo_status"]) == (0, None, 3, 1)
    assert signed["dpo_opinion"] == "Keep the counts coarse."
    assert signed["validator_name"] == told.holder(Role.APPROVER)


def test_words_of_an_author_are_no_markup_there_either() -> None:
    written = edited(lambda text: text.replace("and must see absence", "<img src=x> and must see"))
    assert "<img" not in pia_json(Version(written))


# The Data Privacy Vocabulary


def addresses(tree: object) -> Iterator[str]:
    """Every property, type and node of expanded JSON-LD."""
    if isinstance(tree, list):
        for one in tree:
            yield from addresses(one)
    elif isinstance(tree, dict):
        for key, value in tree.items():
            if key == "@id":
                yield value
            elif key == "@type":
                yield from value if isinstance(value, list) else [value]
            elif key != "@value":
                yield from [] if key.startswith("@") else [key]
                yield from addresses(value)


def expanded(written: Manifest) -> dict[str, object]:
    (root,) = jsonld.expand(json.loads(json_ld(written)))
    return root


def _named(tree: object) -> set[str]:
    """Every key of a manifest's tree and every word in it: what a name of ours may come from."""
    if isinstance(tree, dict):
        return set(tree) | {name for one in tree.values() for name in _named(one)}
    if isinstance(tree, list):
        return {name for one in tree for name in _named(one)}
    return {tree} if isinstance(tree, str) else set()


@pytest.mark.parametrize("written", MANIFESTS.values(), ids=MANIFESTS)
def test_every_address_is_a_pinned_term_or_one_of_ours(written: Manifest) -> None:
    ours = {OURS + name for name in _named(json.loads(written.canonical))}
    nodes = f"urn:tallyroll:{written.digest}/"
    strange = {
        one
        for one in addresses(expanded(written))
        if one not in terms() | ours | {"http://www.w3.org/2001/XMLSchema#duration"} and not one.startswith(nodes)
    }
    assert strange == set()


def test_an_item_may_name_its_term_in_the_vocabulary() -> None:
    mark = 'granularity = "one value for each pupil"'
    root = expanded(edited(lambda text: text.replace(mark, mark + '\ndpv = "pd:Identifier"', 1)))
    kinds = [one["@type"] for one in root[f"{DPV}hasPersonalData"] if "@type" in one]  # type: ignore[attr-defined]  # plain JSON, as it is read
    assert kinds == [["https://w3id.org/dpv/pd#Identifier"]]


def test_nothing_of_the_manifest_is_rewritten() -> None:
    document = json.loads(json_ld(manifest()))
    for added in ("@context", "@type", "dpv:hasDataSubject"):
        del document[added]
    assert document == json.loads(manifest().canonical)


def test_the_vocabulary_says_what_the_manifest_says() -> None:
    root = expanded(manifest())
    assert {f"{DPV}Process", f"{DPV}DPIA"} == set(root["@type"])  # type: ignore[call-overload]  # plain JSON, as it is read
    (purpose,) = root[f"{DPV}hasPurpose"]  # type: ignore[misc]  # plain JSON, as it is read
    assert purpose["@type"] == [f"{DPV}ProvideOfficialStatistics"]
    assert purpose[f"{DPV}hasLegalBasis"] == [{"@id": f"{GDPR}A6-1-e"}]
    risk = root[f"{DPV}hasRisk"][2]  # type: ignore[index]  # plain JSON, as it is read
    assert risk[f"{DPV}hasSeverity"] == [{"@id": f"{RISK}HighSeverity"}]
    assert risk[f"{DPV}hasResidualRisk"] == [{"@id": f"{RISK}ModerateRisk"}]
    (mitigated,) = risk[f"{DPV}isMitigatedByMeasure"]
    measures = [one["@id"] for one in root[f"{DPV}hasTechnicalOrganisationalMeasure"]]  # type: ignore[attr-defined]  # plain JSON, as it is read
    assert mitigated["@id"] in measures
