"""What a new version changes, in the words of people, with what it opens again (LAW-28)."""

from pathlib import Path

import pytest

from tallyroll.governance.manifest import build
from tallyroll.governance.manifest.comparison import compare
from tallyroll.governance.manifest.reading import Tree, tree_of

ROOT = Path(__file__).resolve().parents[2]
TREE = tree_of((ROOT / "src/tallyroll/flows/data/demo-manifest.toml").read_text(encoding="utf-8"), where="demo")
OLD = build(TREE, where="demo")
ALL = ("new version", "DPO advice", "notices")
ETHNICITY = {"name": "ethnicity_minor", "definition": "Ethnic group."}
COMPANY = {"part": "processor", "name": "St. Mark Ltd.", "kind": "company"}


def within(table: str, **values: object) -> Tree:
    return {**TREE, table: {**TREE[table], **values}}


def entry(table: str, place: int, **values: object) -> Tree:
    entries = list(TREE[table])
    entries[place] = {**entries[place], **values}
    return {**TREE, table: entries}


def more(table: str, new: object) -> Tree:
    return {**TREE, table: [*TREE[table], new]}


def told(tree: Tree) -> list[tuple[str, tuple[str, ...]]]:
    return [(one.what, one.reopens) for one in compare(OLD, build(tree, where="new"))]


def test_a_manifest_does_not_differ_from_itself():
    assert compare(OLD, OLD) == ()


@pytest.mark.parametrize(
    ("tree", "said", "rows"),
    [
        (more("items", ETHNICITY), "Ethnicity is collected now; it was not.", "ACC-A35"),
        (entry("retention", 0, keep="P66Y"), "Registers are kept 66 years instead of 366 days.", "LAW-07"),
        (within("frequency", pulls_a_day=12), "Sources are asked 12 times a day instead of 2.", "ACC-A34"),
        (within("frequency", window_days=366), "A pull reaches back 366 days instead of 100.", "ACC-A34"),
        (within("collection", tier="nation"), "Registers may rest at tier 'nation'; it was 'authority'.", "LAW-28"),
        (within("collection", mandatory=True), "Schools must take part: yes; it was no.", "ACC-A36"),
        (
            within("collection", means="By a company."),
            "The means are different: 'By a company.'; they were:",
            "ACC-A34",
        ),
        (more("parties", COMPANY), "St. Mark Ltd. takes part now; it did not.", "LAW-19"),
        (
            entry("recipients", 0, receives="named-rows"),
            "Under recipients.The public.receives it says 'named-rows'; it said 'published-statistics'.",
            "ACC-A22",
        ),
        (
            {**TREE, "scope": {"authorities": ["201"]}},
            "Local authorities (none means every one): 201 now, not before.",
            "LAW-28",
        ),
        (
            within("counters", characteristics=["year_group", "sex", "sen", "ethnicity_major"]),
            "Breakdowns: ethnicity_major now, not before; fsm before, not now.",
            "MAN-05",
        ),
        (
            within("request", statutory_items=[*TREE["request"]["statutory_items"], "upn"]),
            "Under request.statutory_items it says",
            "ACC-A35",
        ),
        (entry("codes", 1, codes=["R", "C"]), "Code C is declared now; it was not.", "LAW-11"),
        (
            entry("purposes", 0, text="To replace the census."),
            "Under purposes.attendance-statistics.text it says 'To replace the census.';",
            "ACC-A23",
        ),
    ],
)
def test_what_grows_is_told_and_opens_everything_again(tree, said, rows):
    (change,) = compare(OLD, build(tree, where="new"))
    assert change.what.startswith(said)
    assert rows in change.rows
    assert change.reopens == ALL


def test_other_text_makes_a_new_version_and_no_more():
    assert told(within("collection", title="Another title")) == [
        (
            "Under collection.title it says 'Another title'; it said "
            "'Daily attendance statistics of three synthetic regions'.",
            ("new version",),
        )
    ]


def test_a_contract_of_a_processor_whose_name_has_dots_is_told_by_its_field():
    contract = {"reference": "C-1", "ends": "2027-01-01", "due_diligence_on": "2026-06-01"}
    before = build(more("parties", {**COMPANY, "contract": contract}), where="old")
    after = build(more("parties", {**COMPANY, "contract": {**contract, "ends": "2028-01-01"}}), where="new")
    (change,) = compare(before, after)
    assert change.clause == "parties.St. Mark Ltd..contract.ends"
    assert change.what.endswith("it says '2028-01-01'; it said '2027-01-01'.")
