"""Settings of a node: the sample in the docs parses, and what is wrong is named."""

import re
from pathlib import Path

import pytest

from tallyroll.flows.settings import NodeSettings
from tallyroll.vocab.errors import InputProblem, UsageProblem

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "settings.md"


def sample() -> str:
    found = re.search(r"```toml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert found
    return found[1]


def test_the_sample_of_the_docs_parses_with_paths_beside_it(tmp_path):
    file = tmp_path / "node.toml"
    file.write_text(sample(), encoding="utf-8")
    read = NodeSettings.read(file)
    assert read.store == tmp_path / "register.sqlite"
    places = (read.ledger, read.roles, read.log, read.log_key, read.calendars)
    assert {place.parent for place in places} == {tmp_path}
    assert (read.collection, read.tier, read.is_remote) == ("attendance", "trust", False)
    assert (read.connector, read.schools_at_once, read.source) == (
        "wonde",
        8,
        {"token_file": str(tmp_path / "wonde-token")},
    )


def test_a_ledger_at_an_address_stays_one_and_its_copy_lies_beside_the_file(tmp_path):
    address = "https://statistics.example/ledger"
    file = tmp_path / "node.toml"
    file.write_text(re.sub('assessments = "[^"]*"', f'assessments = "{address}"', sample()), encoding="utf-8")
    read = NodeSettings.read(file)
    assert (read.assessments, read.is_remote) == (address, True)
    assert read.ledger == tmp_path / "mirror"


def test_a_machine_stands_at_a_school_where_nothing_else_is_said(tmp_path):
    """The tier at which registers may rest: the least, unless somebody writes another."""
    file = tmp_path / "node.toml"
    file.write_text(re.sub(r"(?m)^tier.*$", "", sample()), encoding="utf-8")
    assert NodeSettings.read(file).tier == "school"


@pytest.mark.parametrize(
    ("connector", "source", "read"),
    [
        ("csv", {"folder": "exports", "name": "folder"}, {"folder": "{}/exports", "name": "folder"}),
        ("ctf", {"file": "one.xml", "schools": "s.csv"}, {"file": "{}/one.xml", "schools": "{}/s.csv"}),
        ("ctf", {"folder": "/data/ctf"}, {"folder": "/data/ctf"}),
        ("wonde", {"token_env": "TOKEN"}, {"token_env": "TOKEN"}),
        ("csv", {"folder": ""}, {"folder": ""}),
        ("plugin", {"folder": "its own affair"}, {"folder": "its own affair"}),
    ],
)
def test_paths_of_the_source_lie_beside_the_settings_file(tmp_path, monkeypatch, connector, source, read):
    top = sample().partition("[source]")[0].replace('connector = "wonde"', f'connector = "{connector}"')
    (tmp_path / "there").mkdir()
    file = tmp_path / "there" / "node.toml"
    file.write_text(
        top + "[source]\n" + "".join(f'{key} = "{value}"\n' for key, value in source.items()), encoding="utf-8"
    )
    monkeypatch.chdir(tmp_path)
    found = NodeSettings.read(Path("there/node.toml"))
    assert found.source == {key: value.format("there") for key, value in read.items()}


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ('colour = "red"', "colour"),
        ("schools_at_once = 0", "schools_at_once"),
        ('schools_at_once = "many"', "schools_at_once"),
    ],
)
def test_a_key_that_is_unknown_or_out_of_bounds_is_named(tmp_path, line, named):
    file = tmp_path / "node.toml"
    file.write_text(line + "\n" + re.sub(r"(?m)^schools_at_once.*$", "", sample()), encoding="utf-8")
    with pytest.raises(InputProblem, match=named):
        NodeSettings.read(file)


def test_a_missing_key_is_named(tmp_path):
    file = tmp_path / "node.toml"
    file.write_text(re.sub(r"(?m)^purpose.*$", "", sample()), encoding="utf-8")
    with pytest.raises(InputProblem, match="purpose"):
        NodeSettings.read(file)


def test_a_missing_file_is_a_matter_of_usage(tmp_path):
    with pytest.raises(UsageProblem, match="no settings file"):
        NodeSettings.read(tmp_path / "node.toml")
