"""The examples, the template, the published schema and the evidence: what we hand to authors holds what it says."""

import ast
import json
import re
import tomllib
from datetime import date
from pathlib import Path

import jsonschema
import pytest
import typer
from typer.testing import CliRunner

from tallyroll.cli import assessing
from tallyroll.governance.manifest import document
from tallyroll.governance.manifest.reading import tree_of
from tallyroll.governance.manifest.rules import judge
from tallyroll.governance.manifest.rules.risk import evidence
from tallyroll.governance.manifest.template import explanations, template
from tallyroll.governance.manifest.words import Level, Tier
from tallyroll.vocab.items import Item

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
DEMO = ROOT / "src/tallyroll/flows/data/demo-manifest.toml"
SOUND = [DEMO, *(EXAMPLES / f"{name}.toml" for name in ("tallies-only", "trust-local", "nation-pupil-level"))]
THEN = EXAMPLES / "as-in-2022.toml"
ON = date(2026, 11, 20)
app = typer.Typer()
assessing.join(app)


def text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def run(*words: object) -> tuple[int, str]:
    result = CliRunner().invoke(app, [str(word) for word in words], env={"COLUMNS": "200"})
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout


@pytest.mark.parametrize("path", SOUND, ids=lambda path: path.stem)
def test_the_examples_have_no_fault(path):
    judged = judge(text(path), where=path.name, on=ON)
    assert judged.manifest is not None
    assert judged.faults == ()


def test_the_nation_s_example_holds_every_item_and_a_short_memory():
    manifest = judge(text(EXAMPLES / "nation-pupil-level.toml"), where="nation", on=ON).manifest
    assert manifest is not None
    assert manifest.collection.tier is Tier.NATION
    assert manifest.items_for("attendance-statistics") == frozenset(Item)
    assert manifest.residual is Level.MEDIUM
    assert manifest.retention[0].keep.words == "1 year"


def test_the_collection_as_it_was_is_refused_for_each_of_these_reasons():
    """The rows of acceptance that a manifest can show; the others are matters of the ledger and the gate."""
    rows = {row for one in judge(text(THEN), where="2022", on=ON).faults for row in one.rows}
    shown = [1, 2, 3, 4, 8, 9, *range(12, 31), 32, 33, 35, 36]
    assert {row for row in rows if row.startswith("ACC-A")} == {f"ACC-A{number:02}" for number in shown}
    for item in ("forename", "surname", "date_of_birth"):
        (fault,) = [one for one in judge(text(THEN), where="", on=ON).faults if one.clause == f"items.{item}.name"]
        assert "LAW-04" in fault.rows


@pytest.mark.parametrize("path", SOUND, ids=lambda path: path.stem)
def test_the_published_schema_takes_the_examples(path):
    schema = json.loads(text(ROOT / "docs/reference/manifest.schema.json"))
    validator = jsonschema.Draft202012Validator(schema)
    validator.check_schema(schema)
    validator.validate(tree_of(text(path), where=path.name))


def test_the_published_schema_takes_no_key_that_it_does_not_know():
    validator = jsonschema.Draft202012Validator(document.schema())
    places = {tuple(fault.path)[:2] for fault in validator.iter_errors(tree_of(text(THEN), where="2022"))}
    assert {("collection",), ("items", 0), ("items", 1)} <= places
    closed = [part for part in (document.schema(), *document.schema()["$defs"].values()) if "properties" in part]
    assert all(part["additionalProperties"] is False for part in closed)


def test_the_template_asks_only_for_what_its_author_must_say():
    faults = judge(template(on=ON), where="template", on=ON).faults
    assert {one.what.split(":")[0] for one in faults if one.clause != "screening.answered_on"} == {
        "Still to be filled in"
    }
    assert tomllib.loads(template(on=ON))["collection"]["valid_from"] == ON


def test_the_template_explains_every_field():
    fields = set(re.findall(r"^\| `(\w+)` \|", document.page(), re.MULTILINE))
    assert fields == {name.rpartition(".")[2] for name in explanations()}
    assert all(explanations().values())


def test_every_test_that_may_be_named_as_evidence_is_there():
    assert evidence()
    for one in evidence():
        path, _, name = one.partition("::")
        functions = {node.name for node in ast.walk(ast.parse(text(ROOT / path))) if isinstance(node, ast.FunctionDef)}
        assert name in functions, one


def test_check_says_what_is_allowed_or_leaves_with_the_code_of_a_refusal(tmp_path):
    code, said = run("check", SOUND[1], "--on", ON)
    assert code == 0
    assert "Nothing wrong" in said
    code, said = run("check", THEN, "--on", ON)
    assert code == 3
    assert "66 years" in said
    assert "ACC-A15" in said
    nothing = tmp_path / "nothing.toml"
    nothing.write_text("colour = 1", encoding="utf-8")
    code, said = run("check", nothing, "--json")
    assert code == 4
    assert json.loads(said)["digest"] is None


def test_check_answers_a_program_with_each_fault():
    code, said = run("check", THEN, "--on", ON, "--json")
    facts = json.loads(said)
    assert (code, facts["sound"], facts["digest"]) == (3, False, None)
    assert set(facts["faults"][0]) == {"clause", "what", "mend", "rows"}
    code, said = run("check", DEMO, "--on", ON, "--json")
    manifest = judge(text(DEMO), where="demo", on=ON).manifest
    assert manifest is not None
    assert (code, json.loads(said)) == (0, {"sound": True, "digest": manifest.digest, "faults": []})


def test_new_writes_a_file_that_check_reads_and_never_over_another(tmp_path):
    path = tmp_path / "manifest.toml"
    assert run("new", "--out", path, "--on", ON)[0] == 0
    assert text(path) == template(on=ON) == run("new", "--on", ON)[1]
    assert run("check", path, "--on", ON)[0] == 3
    with pytest.raises(Exception, match="a file already"):
        run("new", "--out", path, "--on", ON)


def test_diff_tells_changes_in_words():
    assert "They are the same." in run("diff", DEMO, DEMO)[1]
    code, said = run("diff", DEMO, SOUND[1], "--json")
    assert code == 0
    assert any("tier 'school'" in one["what"] for one in json.loads(said)["changes"])
    assert "opens again" in run("diff", DEMO, SOUND[1])[1]
