"""The rules: each edit of an assessment without a fault trips its rule, with its requirements, and no other."""

import json
import re
from copy import deepcopy
from datetime import date
from pathlib import Path

import pytest

from tallyroll.governance.manifest import build
from tallyroll.governance.manifest.reading import Tree, tree_of
from tallyroll.governance.manifest.rules import DATED_RULES, RULES, faults

ROOT = Path(__file__).resolve().parents[2]
ON = date(2026, 11, 20)
AUTHORITY, NATION, TRUST, SCHOOL = "authority", "nation", "trust", "school"
FILES = {
    AUTHORITY: "src/tallyroll/flows/data/demo-manifest.toml",
    NATION: "examples/nation-pupil-level.toml",
    TRUST: "examples/trust-local.toml",
    SCHOOL: "examples/tallies-only.toml",
}
TREES = {name: tree_of((ROOT / path).read_text(encoding="utf-8"), where=path) for name, path in FILES.items()}
GONE, ADD = object(), "+"
Edit = tuple[str, object]


def edited(base: str, *edits: Edit) -> Tree:
    """A copy with values set, taken out (GONE) or added to a list (`table/+`); entries go by name or number."""
    tree = deepcopy(TREES[base])
    for path, value in edits:
        *way, last = path.split("/")
        here = tree
        for step in way:
            here = here[step] if isinstance(here, dict) else next(one for one in here if step in _names(one))
        if isinstance(here, list):
            entry = None if last == ADD else next(one for one in here if last in _names(one))
            here.append(deepcopy(value)) if entry is None else here.remove(entry)
        elif value is GONE:
            del here[last]
        else:
            here[last] = value
    return tree


def _names(entry: dict[str, object]) -> set[str]:
    keys = ("id", "name", "store", "right", "option", "use", "of", "part")
    return {str(entry[key]) for key in keys if key in entry} | {" ".join(entry.get("codes", []))}


def found(tree: Tree) -> list[tuple[str, tuple[str, ...]]]:
    made = build(json.loads(json.dumps(tree)), where="edited")
    return [(one.clause, one.rows) for one in faults(made, on=ON)]


AGGREGATOR = {
    "part": "aggregator", "kind": "charity", "contact": "x@y.example", "country": "United Kingdom", "does": "Adds."
}  # fmt: skip
A = {**AGGREGATOR, "name": "Aggregator A", "key_custodian": "Custodian A", "hosting": "Host A"}
B = {**AGGREGATOR, "name": "Aggregator B", "key_custodian": "Custodian B", "hosting": "Host B"}
SHARES = [
    ("retention/+", {"store": "shares", "keep": "P21D", "starts": "the day that is counted",
                     "basis": "An auditor can open them until then.", "method": "Files are deleted."}),
    ("locations/+", {"store": "shares", "place": "With each aggregator", "country": "United Kingdom"}),
    ("screening/triggers", ["children-at-scale", "special-category-at-scale", "invisible", "innovative-technology"]),
]  # fmt: skip
TWO = [("parties/+", A), ("parties/+", B)]
LOST = {"id": "lost", "source": "accident", "text": "Data are lost.", "impact": "None is known.",
        "likelihood": "low", "severity": "low", "residual": "low"}  # fmt: skip
NAMED_ROWS = {"name": "The health service", "receives": "named-rows", "purpose": "attendance-statistics",
              "gateway": "SI 2009/1563, paragraph 3"}  # fmt: skip
HOST = "parties/Invented Hosting Ltd"
ITEM = TREES[AUTHORITY]["items"][0]
LONG = "One sentence that has more than eight different words in it, and yet fewer than those twenty."

CASES: dict[str, tuple[str, list[Edit], str, str]] = {
    # what is wrong: the assessment, the edits, the clause, the rows
    "no need": (AUTHORITY, [("collection/need", "Better data.")], "collection.need", "LAW-25 ACC-A02"),
    "no means": (AUTHORITY, [("collection/means", GONE)], "collection.means", "LAW-25 ACC-A02"),
    "no necessity": (AUTHORITY, [("collection/necessity", " ")], "collection.necessity", "LAW-25 ACC-A02 ACC-A16"),
    "repeated": (AUTHORITY, [("collection/proportionality", "so " * 30)], "collection.proportionality",
                 "LAW-25 ACC-A02 ACC-A16"),
    "a nation named in a sentence": (NATION, [("collection/necessity", LONG)], "collection.necessity",
                                     "LAW-25 ACC-A16"),
    "never absent": (NATION, [("collection/every_child", LONG)], "collection.every_child", "LAW-25 ACC-A19"),
    "a nation without alternatives": (NATION, [("alternatives/aggregates-only/why", LONG)],
                                      "alternatives.aggregates-only", "LAW-26 ACC-A18"),
    "aggregates chosen and names taken": (NATION, [("alternatives/aggregates-only/adopted", True)],
                                          "alternatives.aggregates-only", "LAW-26 ACC-A18"),
    "no sample weighed": (AUTHORITY, [("alternatives/sample", GONE)], "alternatives.sample", "LAW-26 MAN-11 ACC-A16"),
    "aggregates not weighed": (AUTHORITY, [("alternatives/aggregates-only/why", "No.")],
                               "alternatives.aggregates-only", "LAW-26 MAN-11 ACC-A18"),
    "nothing chosen": (AUTHORITY, [("alternatives/no-collection/adopted", True)], "alternatives.no-collection",
                       "LAW-26 MAN-11 ACC-A16"),
    "367 days": (AUTHORITY, [("collection/expires", "2027-09-03")], "collection.expires", "LAW-28 MAN-01"),
    "over": (AUTHORITY, [("collection/valid_from", "2026-08-01"), ("collection/expires", "2026-11-20")],
             "collection.expires", "LAW-28"),
    "screened too late": (AUTHORITY, [("screening/answered_on", "2026-09-02")], "screening.answered_on",
                          "LAW-23 ACC-A01 ACC-B12"),
    "asked too late": (AUTHORITY, [("consultations/pupils/held_on", "2026-09-02")], "consultations.pupils.held_on",
                       "LAW-27 ACC-A01 ACC-B12"),
    "urgent edit": (AUTHORITY, [("collection/supersedes", "0" * 64)], "collection.reason", "LAW-28 ACC-A08"),
    "an earlier one": (AUTHORITY, [("collection/reason", "The assessment of last spring was wrong.")],
                       "collection.supersedes", "LAW-28 ACC-A33"),
    "working closely": (AUTHORITY, [("parties/source/does", "We work closely with the ICO on registers.")],
                        "parties.The synthetic schools of three regions.does", "MAN-14 ACC-A04"),
    "unfilled": (AUTHORITY, [("officers/dpo/contact", "<address>")], "officers.dpo.contact", "LAW-25 ACC-A02"),
    "an item twice": (AUTHORITY, [("items/+", ITEM)], "items.pupil", "MAN-04 LAW-04"),
    "a store twice": (AUTHORITY, [("retention/+", {"store": "ledger", "keep": "P1D", "starts": "today",
                                                   "basis": "No reason that one could name.", "method": "None."})],
                      "retention.ledger", "MAN-09 LAW-07"),
    "one post for two": (AUTHORITY, [("officers/dpo/post", "director ")], "officers.approver",
                         "LAW-24 MAN-02 ACC-B03"),
    "no owner": (AUTHORITY, [("collection/owner", GONE)], "collection.owner", "MAN-01 ACC-B14"),
    "parents not asked": (AUTHORITY, [("consultations/parents", GONE)], "consultations.parents", "LAW-27 MAN-12"),
    "not asked, no reason": (AUTHORITY, [("consultations/parents/held_on", GONE)], "consultations.parents",
                             "LAW-27 MAN-12"),
    "departures untold": (AUTHORITY, [("consultations/parents/departures", GONE)], "consultations.parents",
                          "LAW-27 MAN-12"),
    "asked tomorrow": (AUTHORITY, [("consultations/parents/held_on", "2026-11-21"),
                                   ("collection/valid_from", "2026-12-01")], "consultations.parents.held_on", "LAW-27"),
    "screened tomorrow": (AUTHORITY, [("screening/answered_on", "2026-11-21"),
                                      ("collection/valid_from", "2026-12-01")], "screening.answered_on", "LAW-23"),
    "law made tomorrow": (NATION, [("request/lawmaking/regulator_consulted_on", "2026-11-21")],
                          "request.lawmaking.regulator_consulted_on", "LAW-30"),
    "families not told": (AUTHORITY, [("rights/information", GONE)], "rights.information",
                          "LAW-02 LAW-13 MAN-15 ACC-A12 ACC-A24"),
    "no opt-out": (AUTHORITY, [("rights/objection/applies", False)], "rights.objection.applies",
                   "LAW-16 MAN-15 ACC-A25"),
    "no complaint": (AUTHORITY, [("rights/complaint/applies", False)], "rights.complaint.applies", "LAW-13 MAN-15"),
    "a right in two words": (AUTHORITY, [("rights/access/how", "On request.")], "rights.access.how", "LAW-13 ACC-C05"),
    "equality": (AUTHORITY, [("assessments/equality", "Fine.")], "assessments.equality", "LAW-36"),
    "human rights": (AUTHORITY, [("assessments/human_rights", GONE)], "assessments.human_rights", "LAW-36"),
    "no concerns": (AUTHORITY, [("concerns", GONE)], "concerns", "MAN-18 ACC-A32"),
    "no controller": (AUTHORITY, [("parties/controller", GONE)], "parties", "LAW-19 MAN-02 ACC-B08 ACC-C01"),
    "joint with nobody": (AUTHORITY, [("parties/controller/part", "joint-controller")], "parties",
                          "LAW-19 MAN-02 ACC-B08 ACC-C01"),
    "no contact": (AUTHORITY, [("parties/source/contact", "")], "parties.The synthetic schools of three regions",
                   "LAW-19 ACC-B08"),
    "abroad": (AUTHORITY, [("parties/source/country", "Iceland")],
               "parties.The synthetic schools of three regions.country", "LAW-31"),
    "no contract": (TRUST, [(f"{HOST}/contract", GONE)], "parties.Invented Hosting Ltd.contract",
                    "LAW-19 ACC-B09 ACC-C08"),
    "contract ended": (TRUST, [(f"{HOST}/contract/ends", "2026-11-19")], "parties.Invented Hosting Ltd.contract.ends",
                       "LAW-19 ACC-B09"),
    "contract short of article 28": (TRUST, [(f"{HOST}/contract/article_28_terms", False)],
                                     "parties.Invented Hosting Ltd.contract.article_28_terms", "LAW-19 ACC-C03"),
    "stale diligence": (TRUST, [(f"{HOST}/contract/due_diligence_on", "2025-08-30")],
                        "parties.Invented Hosting Ltd.contract.due_diligence_on", "LAW-19 ACC-C08"),
    "processor of unknown sight": (TRUST, [(f"{HOST}/sees", GONE)], "parties.Invented Hosting Ltd.sees",
                                   "LAW-19 ACC-A26"),
    "middle-man": (TRUST, [(f"{HOST}/sees", "named-rows")], "parties.Invented Hosting Ltd.sees", "LAW-08 ACC-A26"),
    "one aggregator": (SCHOOL, [*SHARES, ("parties/+", A)], "parties", "LAW-19 MAN-02"),
    "one custodian": (SCHOOL, [*SHARES, ("parties/+", A), ("parties/+", {**B, "key_custodian": "custodian a"})],
                      "parties.Aggregator B.key_custodian", "LAW-19 MAN-02"),
    "one host": (SCHOOL, [*SHARES, ("parties/+", A), ("parties/+", {**B, "hosting": ""})],
                 "parties.Aggregator B.hosting", "LAW-19 MAN-02"),
    "shares without a time": (SCHOOL, [*SHARES[2:], *TWO], "retention.shares", "LAW-07 MAN-09 ACC-C06"),
    "shares for 22 days": (SCHOOL, [*SHARES, *TWO, ("retention/shares/keep", "P22D")], "retention.shares.keep",
                           "LAW-07 ACC-A15 ACC-C06"),
    "shares are new": (SCHOOL, [*SHARES[:2], *TWO], "screening.triggers", "LAW-23 ACC-A03"),
    "no basis": (AUTHORITY, [("purposes/attendance-statistics/basis", "public task")],
                 "purposes.attendance-statistics.basis", "LAW-10"),
    "legitimate interests": (AUTHORITY, [("purposes/attendance-statistics/basis", "6(1)(ea)")],
                             "purposes.attendance-statistics.basis", "LAW-10"),
    "consent to compulsion": (NATION, [("purposes/attendance-statistics/basis", "6(1)(a)")],
                              "purposes.attendance-statistics.basis", "LAW-10 ACC-A36"),
    "public task": (AUTHORITY, [("purposes/attendance-statistics/enactment", "Public task")],
                    "purposes.attendance-statistics.enactment", "LAW-10 ACC-A13 ACC-B10"),
    "an act without a section": (AUTHORITY, [("purposes/attendance-statistics/enactment", "Education Act 1996")],
                                 "purposes.attendance-statistics.enactment", "LAW-10 ACC-A13 ACC-B10"),
    "other purposes": (AUTHORITY, [("purposes/attendance-statistics/text", "Attendance and other purposes.")],
                       "purposes.attendance-statistics.text", "ACC-A22 ACC-A23"),
    "replacing the census": (AUTHORITY, [("purposes/attendance-statistics/text", "To replace the termly census.")],
                             "purposes.attendance-statistics.text", "ACC-A22 ACC-A23"),
    "penalties": (AUTHORITY, [("purposes/attendance-statistics/text", "Attendance and penalty notices.")],
                  "purposes.attendance-statistics.text", "LAW-32 ACC-A21"),
    "a nation that helps a child": (NATION, [("purposes/attendance-statistics/kind", "own-duties")],
                                    "purposes.attendance-statistics.kind", "LAW-32 ACC-A21"),
    "immigration": (AUTHORITY, [("forbidden/immigration-enforcement", GONE)], "forbidden.immigration-enforcement",
                    "LAW-03 ACC-A28"),
    "sanctions": (AUTHORITY, [("forbidden/individual-sanction", GONE)], "forbidden.individual-sanction",
                  "LAW-03 ACC-A21 ACC-A29"),
    "commerce": (AUTHORITY, [("forbidden/commercial-reuse", GONE)], "forbidden.commercial-reuse", "LAW-03 ACC-A27"),
    "products": (AUTHORITY, [("forbidden/product-development", GONE)], "forbidden.product-development",
                 "LAW-03 ACC-C02"),
    "training": (AUTHORITY, [("forbidden/ai-training", GONE)], "forbidden.ai-training", "LAW-03 ACC-C02"),
    "linkage": (AUTHORITY, [("forbidden/linkage", GONE)], "forbidden.linkage", "LAW-03 MAN-07"),
    "no power": (AUTHORITY, [("request/legal_gateway", "")], "request.legal_gateway",
                 "MAN-03 LAW-10 ACC-A13 ACC-B11"),
    "beyond the law": (AUTHORITY, [("request/statutory_items", ["pupil", "mark"])], "request.requested_items",
                       "MAN-03 ACC-A35"),
    "beyond the request": (AUTHORITY, [("request/requested_items", ["pupil", "mark"])], "request.requested_items",
                           "MAN-03 ACC-A35"),
    "compulsory by no law": (NATION, [("request/lawmaking", GONE)], "request.lawmaking", "LAW-30 ACC-A36"),
    "nobody named": (AUTHORITY, [("recipients", [])], "recipients", "MAN-08 ACC-A22 ACC-A30"),
    "various partners": (AUTHORITY, [("recipients/The public/name", "Various partners")],
                         "recipients.Various partners", "MAN-08 ACC-A22 ACC-A30"),
    "a recipient for nothing": (AUTHORITY, [("recipients/The public/purpose", "marketing")],
                                "recipients.The public.purpose", "MAN-08 LAW-03"),
    "names for statistics": (AUTHORITY, [("recipients/+", NAMED_ROWS)], "recipients.The health service.receives",
                             "LAW-32 ACC-A21"),
    "names by no law": (TRUST, [("recipients/+", {**NAMED_ROWS, "purpose": "own-pupils", "gateway": ""})],
                        "recipients.The health service.gateway", "MAN-08 ACC-A22 ACC-A30"),
    "names by a vague law": (TRUST, [("recipients/+", {**NAMED_ROWS, "purpose": "own-pupils", "gateway": "Act"})],
                             "recipients.The health service.gateway", "MAN-08 ACC-A22 ACC-A30"),
    "names to a company": (TRUST, [("recipients/+", {**NAMED_ROWS, "purpose": "own-pupils", "kind": "company"})],
                           "recipients.The health service.kind", "LAW-03 ACC-A27"),
    "an item unsaid": (AUTHORITY, [("items/sex/source_field", GONE)], "items.sex", "MAN-04"),
    "an item for nothing": (AUTHORITY, [("items/sex/needed_for", " ")], "items.sex.needed_for",
                            "LAW-25 ACC-A16 ACC-C10"),
    "an item nobody counts by": (NATION, [("counters/characteristics", [
        "year_group", "sex", "fsm", "fsm6", "sen", "ethnicity_major", "looked_after", "previously_looked_after"])],
                                 "items.pupil_premium", "LAW-04 ACC-A16 ACC-C10"),
    "an item of no purpose": (AUTHORITY, [("items/sex/purposes", [])], "items.sex.purposes", "LAW-03 MAN-07"),
    "an item of another purpose": (AUTHORITY, [("items/sex/purposes", ["attendance-statistics", "marketing"])],
                                   "items.sex.purposes", "LAW-03 MAN-07"),
    "care made light of": (TRUST, [("items/looked_after/sensitivity", "C")], "items.looked_after.sensitivity",
                           "MAN-04 LAW-11"),
    "ethnicity demanded": (NATION, [("items/ethnicity_minor/mandatory", True)], "items.ethnicity_minor.mandatory",
                           "LAW-13 LAW-16"),
    "needs undeclared": (AUTHORITY, [("items/sen/reveals", [])], "items.sen.reveals", "LAW-11 ACC-A14"),
    "ethnicity as health": (NATION, [("items/ethnicity_minor/reveals", ["health"])], "items.ethnicity_minor.reveals",
                            "LAW-11 ACC-A14"),
    "item without condition": (AUTHORITY, [("items/sen/condition", "")], "items.sen.condition", "LAW-11 ACC-A14"),
    "item without paragraph": (AUTHORITY, [("items/sen/schedule_1", "yes")], "items.sen.schedule_1", "LAW-11 ACC-A14"),
    "religion undeclared": (AUTHORITY, [("codes/R", GONE)], "codes.R", "LAW-11 ACC-A14"),
    "origin undeclared": (AUTHORITY, [("codes/T", GONE)], "codes.T", "LAW-11 ACC-A14"),
    "illness undeclared": (AUTHORITY, [("codes/I M Y6/codes", ["M", "Y6"])], "codes.I", "LAW-11 ACC-A14"),
    "medical undeclared": (AUTHORITY, [("codes/I M Y6/codes", ["I", "Y6"])], "codes.M", "LAW-11 ACC-A14"),
    "infection undeclared": (AUTHORITY, [("codes/I M Y6/codes", ["I", "M"])], "codes.Y6", "LAW-11 ACC-A14"),
    "detention undeclared": (AUTHORITY, [("codes/Y5 E/codes", ["E"])], "codes.Y5", "LAW-11 ACC-A14"),
    "exclusion undeclared": (AUTHORITY, [("codes/Y5 E/codes", ["Y5"])], "codes.E", "LAW-11 ACC-A14"),
    "offences under article 9": (AUTHORITY, [("codes/Y5 E/condition", "9(2)(j)")], "codes.Y5 E.condition",
                                 "LAW-11 ACC-A14"),
    "a code that is none": (AUTHORITY, [("codes/R/codes", ["R", "Q9"])], "codes.Q9", "LAW-11"),
    "consent to compulsory ethnicity": (NATION, [("items/ethnicity_minor/condition", "9(2)(a)")],
                                        "items.ethnicity_minor.condition", "LAW-10 LAW-11"),
    "no policy document": (TRUST, [("policy_document", GONE)], "policy_document", "LAW-11"),
    "policy review overdue": (TRUST, [("policy_document/review_on", "2026-11-19")], "policy_document.review_on",
                              "LAW-11"),
    "counting by height": (AUTHORITY, [("counters/characteristics", ["height"])], "counters.characteristics",
                           "MAN-05 LAW-04"),
    "tallies for ever": (AUTHORITY, [("retention/tallies", GONE)], "retention.tallies", "LAW-07 MAN-09 ACC-C06"),
    "no reason for a year": (AUTHORITY, [("retention/findings/basis", "")], "retention.findings.basis",
                             "LAW-07 ACC-A15 ACC-C06"),
    "no way to destroy": (AUTHORITY, [("retention/findings/method", "")], "retention.findings.method",
                          "LAW-07 ACC-A15 ACC-C06"),
    "registers over two years": (AUTHORITY, [("retention/registers/keep", "P2Y1D")], "retention.registers.keep",
                                 "LAW-07 ACC-A15 ACC-C06"),
    "a nation's rows by no law": (NATION, [("retention/registers/enactment", "")], "retention.registers.keep",
                                  "LAW-07 ACC-A15 ACC-C06"),
    "66 years": (SCHOOL, [("retention/registers/keep", "P66Y")], "retention.registers.keep", "LAW-07 ACC-A15 ACC-C06"),
    "66 years by law": (NATION, [("retention/registers/keep", "P66Y")], "retention.registers.keep",
                        "LAW-07 ACC-A15 ACC-C06"),
    "from the 25th birthday": (AUTHORITY, [("retention/registers/starts", "the child's 25th birthday")],
                               "retention.registers.starts", "LAW-07 ACC-A15 ACC-C06"),
    "a store nowhere": (AUTHORITY, [("locations/tallies", GONE)], "locations.tallies", "LAW-31 MAN-10"),
    "a store abroad": (AUTHORITY, [("locations/tallies/country", "Iceland")], "locations.tallies", "LAW-31 MAN-10"),
    "three pulls, no reason": (SCHOOL, [("frequency/pulls_a_day", 3)], "frequency.why", "LAW-05 ACC-A20"),
    "every two hours": (AUTHORITY, [("frequency/pulls_a_day", 5)], "frequency.pulls_a_day", "LAW-05 ACC-A20"),
    "children not at scale": (AUTHORITY, [("screening/triggers", ["special-category-at-scale", "invisible"])],
                              "screening.triggers", "LAW-23 ACC-A03"),
    "visible": (AUTHORITY, [("screening/triggers", ["special-category-at-scale", "children-at-scale"])],
                "screening.triggers", "LAW-23 ACC-A03"),
    "nothing special": (AUTHORITY, [("screening/triggers", ["children-at-scale", "invisible"])],
                        "screening.triggers", "LAW-23 ACC-A03"),
    "no matching": (NATION, [("screening/triggers", ["special-category-at-scale", "children-at-scale", "invisible"])],
                    "screening.triggers", "LAW-23 ACC-A03"),
    "rated low": (AUTHORITY, [("screening/level", "low")], "screening.level", "LAW-23 ACC-A03"),
    "no attacker": (AUTHORITY, [("risks/rows-taken", GONE)], "risks", "LAW-25 MAN-13 ACC-A17 ACC-B13"),
    "no design choice": (AUTHORITY, [("risks/one-place", GONE)], "risks", "LAW-25 MAN-13 ACC-A17 ACC-B13"),
    "no impact": (AUTHORITY, [("risks/one-place/impact", "")], "risks.one-place.impact", "LAW-25"),
    "a measure that is none": (AUTHORITY, [("risks/one-place/measures", ["permits", "hope"])],
                               "risks.one-place.measures", "LAW-25 MAN-13 ACC-A17"),
    "a risk that falls by itself": (AUTHORITY, [("risks/one-place/measures", [])], "risks.one-place.residual",
                                    "LAW-25 ACC-A03 ACC-B13"),
    "a risk that rises": (AUTHORITY, [("risks/+", {**LOST, "residual": "high"})], "risks.lost.residual",
                          "LAW-25 ACC-B13"),
    "a nation at low risk": (NATION, [(f"risks/{one}/residual", "low")
                                      for one in ("nation-taken", "turned-to-other-ends", "never-absent")],
                             "risks", "LAW-23 ACC-A03"),
    "a measure unproven": (AUTHORITY, [("measures/permits/tests", [])], "measures.permits.tests",
                           "LAW-25 MAN-13 ACC-A17"),
    "a test that is none": (AUTHORITY, [("measures/permits/tests", ["tests/test_x.py::test_y"])],
                            "measures.permits.tests", "LAW-25 MAN-13 ACC-A17"),
}  # fmt: skip


@pytest.mark.parametrize("base", FILES)
def test_the_assessments_that_are_edited_have_no_fault(base):
    assert found(TREES[base]) == []


@pytest.mark.parametrize("name", CASES)
def test_each_edit_trips_its_rule_and_no_other(name):
    base, edits, clause, rows = CASES[name]
    assert set(found(edited(base, *edits))) == {(clause, tuple(rows.split()))}


def test_every_requirement_that_a_rule_claims_is_tripped_by_some_edit():
    rules = ROOT / "src/tallyroll/governance/manifest/rules"
    source = "".join(path.read_text(encoding="utf-8") for path in rules.glob("*.py") if path.stem != "judging")
    claimed = set(re.findall(r'"((?:LAW|MAN|ACC)-\w+)"', source))
    assert claimed == {row for *_, rows in CASES.values() for row in rows.split()}


def test_every_rule_names_its_requirement_in_its_first_line():
    for rule in (*RULES, *DATED_RULES):
        assert re.search(r"\((LAW|MAN|ACC)-\w+.*\)\.", (rule.__doc__ or "").splitlines()[0]), rule.__name__


ALLOWED: dict[str, tuple[str, list[Edit]]] = {
    "366 days": (AUTHORITY, [("collection/expires", "2027-09-02")]),
    "a duration in months as long as its ceiling": (AUTHORITY, [("retention/registers/keep", "P24M")]),
    "four pulls with a reason": (AUTHORITY, [("frequency/pulls_a_day", 4)]),
    "a store abroad with a safeguard": (
        AUTHORITY,
        [("locations/tallies/country", "Iceland"), ("locations/tallies/safeguard", "Adequacy regulations")],
    ),
    "shares with two aggregators apart": (SCHOOL, [*SHARES, *TWO]),
    "two joint controllers": (
        AUTHORITY,
        [("parties/controller/part", "joint-controller"), ("parties/+", {**A, "part": "joint-controller"})],
    ),
    "a level that is raised": (AUTHORITY, [("screening/triggers", [*TREES[NATION]["screening"]["triggers"]])]),
    "a school that keeps its own register six years": (SCHOOL, [("retention/registers/keep", "P6Y")]),
    "not asked, with a reason": (
        AUTHORITY,
        [
            ("consultations/parents/held_on", GONE),
            ("consultations/parents/not_sought_because", "The synthetic area has no parents to ask."),
        ],
    ),
}


@pytest.mark.parametrize("name", ALLOWED)
def test_what_is_just_allowed_is_allowed(name):
    base, edits = ALLOWED[name]
    assert found(edited(base, *edits)) == []
