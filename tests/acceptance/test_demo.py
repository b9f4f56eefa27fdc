"""The demo as a stranger runs it: what it says, what it leaves behind, and what it never writes down."""

import csv
import json
import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest
import zstandard
from pyarrow import parquet
from tests.acceptance.conftest import SCALE, Demo, Ran, run_apart

from tallyroll import ledger
from tallyroll.register.stretches import COLUMNS


@pytest.fixture(scope="module")
def again(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Ran]:
    """A copy of the demo's folder in which the demo was run a second time, now for a program."""
    place = tmp_path_factory.mktemp("again")
    folder = shutil.copytree(demo.folder, place / "made")
    (folder / "release" / "left-over.csv").write_text("of an earlier demo\n", encoding="utf-8")
    return folder, run_apart(["demo", "--out", str(folder), "--scale", SCALE, "--json"], home=place / "around")


# What it says


def test_the_demo_ends_well_and_says_where_to_look(demo):
    assert demo.ran.code == 0, demo.ran.err
    assert demo.ran.err == ""
    assert str(demo.folder / "release") in demo.ran.out.replace("\n", "")
    assert "Refused by the clause collection.status" in demo.ran.out


def test_the_summary_accounts_for_every_school_and_every_mark(demo):
    told = demo.summary
    assert told["schools_invited"] > told["schools_approved"] == told["schools_collected"] > 0
    assert told["schools_failed"] == []
    assert told["marks_received"] == told["marks_kept"] + told["marks_rejected"] > 0
    assert told["marks_rejected"] == sum(one["rows"] for one in told["findings"] if one["severity"] == "error") > 0
    history = [told[f"marks_history_{what}"] for what in ("received", "kept", "rejected")]
    assert history[0] == history[1] + history[2] > history[1] * 0.9 > 0
    assert told["marks_history"] == history[1]
    assert Path(told["release_dir"]).is_dir()
    assert told["release_passed"] is True


def test_every_rejected_mark_of_the_term_and_of_the_day_is_in_the_list_of_findings(demo):
    with (demo.folder / "findings.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for name, rejected in (("history", "marks_history_rejected"), (f"wonde {demo.summary['day']} 1", "marks_rejected")):
        errors = [int(one["n_rows"]) for one in rows if (one["round"], one["severity"]) == (name, "error")]
        assert sum(errors) == demo.summary[rejected]
    assert len({one["round"] for one in rows}) == 2


def test_the_summary_names_the_clause_that_refused_the_draft(demo):
    assert [one["clause"] for one in demo.summary["refusals"]] == ["collection.status"]
    assert all(one["reason"] and one["mend"] for one in demo.summary["refusals"])


def test_the_summary_says_how_long_each_stage_took(demo):
    seconds = demo.summary["seconds"]
    stages = {"simulate", "refused", "history", "collect", "count", "merge", "release", "verify"}
    assert set(seconds) == {*stages, "total"}
    assert 0 < sum(seconds[stage] for stage in stages) <= seconds["total"] + 0.1


def test_the_journal_holds_the_refusal_before_every_permit(demo):
    journal = demo.folder / "journal.jsonl"
    events = list(ledger.entries(journal))
    answers = [one.facts["answer"] for one in events if one.event == "gate"]
    assert answers[0] == "refusal"
    assert set(answers[1:]) == {"permit"}
    assert len(events) == demo.summary["journal_entries"]


# What it leaves behind


def test_nothing_is_written_outside_its_folder_and_no_process_is_left(demo):
    assert demo.ran.strayed == []
    assert demo.ran.left_running == []


def test_its_folder_holds_what_it_tells_of_and_nothing_half_made(demo):
    names = {path.name for path in demo.folder.iterdir()}
    made = {"england", "tallies", "release"}
    made |= {"headcounts.csv", "manifest.toml", "register.sqlite", "journal.jsonl", "findings.csv", "summary.json"}
    assert names == {*made, ".tallyroll-demo"}
    hidden = [path for path in demo.folder.rglob(".*") if path.name != ".tallyroll-demo"]
    assert hidden == []


def test_a_second_demo_in_the_same_folder_replaces_the_first_byte_for_byte(demo, again):
    folder, ran = again
    assert ran.code == 0, ran.err
    assert {path.relative_to(folder) for path in folder.rglob("*")} == {
        path.relative_to(demo.folder) for path in demo.folder.rglob("*")
    }
    for path in sorted((demo.folder / "release").iterdir()):
        assert (folder / "release" / path.name).read_bytes() == path.read_bytes(), path.name
    assert (ran.strayed, ran.left_running) == ([], [])


def test_for_a_program_the_demo_says_one_json_object_which_is_its_summary(again):
    folder, ran = again
    assert json.loads(ran.out) == json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    assert ran.err == ""


def test_a_folder_that_no_demo_made_is_refused_and_left_as_it_is(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("three years of work", encoding="utf-8")
    ran = run_apart(["demo", "--out", str(tmp_path / "mine"), "--scale", SCALE], home=tmp_path / "around")
    assert ran.code == 2
    assert "No demo made what is here." in ran.err
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["thesis.txt"]
    assert (tmp_path / "mine" / "thesis.txt").read_text(encoding="utf-8") == "three years of work"


# What it never writes down


def children(england: Path) -> dict[str, set[str]]:
    """What could tell who a synthetic child is: names, numbers and days of birth, as text."""
    found: dict[str, set[str]] = {"forename": set(), "surname": set(), "upn": set(), "birth": set()}
    for path in england.rglob("pupils.parquet"):
        rows = parquet.read_table(path, columns=list(found))
        for name in ("forename", "surname", "upn"):
            found[name] |= set(rows[name].to_pylist())
        births: set[date] = set(rows["birth"].to_pylist())
        found["birth"] |= {day.strftime(form) for day in births for form in ("%Y-%m-%d", "%d/%m/%Y", "%Y%m%d")}
    return found


def told(text: str, of: dict[str, set[str]]) -> set[str]:
    """Which of these stand in the text: names where no letter goes on (a school may be called Yarrowbrook)."""
    names = "|".join(map(re.escape, sorted({*of["forename"], *of["surname"]})))
    upns = {one[1] for one in re.finditer(r"(?=([A-Z]\d{11}[0-9A-Z]))", text)} & of["upn"]
    days = set(re.findall(r"\d{4}-\d\d-\d\d|\d\d/\d\d/\d{4}|\b\d{8}\b", text)) & of["birth"]
    return set(re.findall(rf"(?:{names})(?![a-z])", text)) | upns | days


def texts(path: Path) -> Iterator[str]:
    """A file as it lies on disk, and what is packed inside it. UTF-8 where it is; other bytes one for one."""
    whole = path.read_bytes()
    yield whole.decode("latin-1")
    yield whole.decode("utf-8", errors="replace")
    if path.suffix == ".parquet":
        yield from packed_in_parquet(path)
    if path.suffix == ".sqlite":
        yield from packed_in_store(path)


def packed_in_parquet(path: Path) -> Iterator[str]:
    table = parquet.read_table(path)
    for column in table.columns:
        for part in column.unique().cast(pa.string()).to_pylist():
            yield str(part)


def packed_in_store(path: Path) -> Iterator[str]:
    with closing(untouched(path)) as sql:
        for (table,) in sql.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            for row in sql.execute(f'SELECT * FROM "{table}"'):
                for cell in row:
                    yield unpacked(cell) if isinstance(cell, bytes) else str(cell)


def untouched(store: Path) -> sqlite3.Connection:
    """A look at a store that leaves no file beside it."""
    return sqlite3.connect(f"{store.as_uri()}?immutable=1", uri=True)


def unpacked(blob: bytes) -> str:
    is_packed = blob[:4] == zstandard.MAGIC_NUMBER.to_bytes(4, "little")
    return (zstandard.ZstdDecompressor().decompress(blob, 2**24) if is_packed else blob).decode("latin-1")


def test_no_name_number_or_day_of_birth_of_a_child_is_anywhere_but_at_the_school(demo):
    who = children(demo.folder / "england")
    assert all(len(found) > 15 for found in who.values())
    looked_at, leaks = 0, []
    for path in sorted(demo.folder.rglob("*")):
        if path.is_file() and "england" not in path.relative_to(demo.folder).parts:
            looked_at += 1
            leaks += [f"{path.name}: a {len(one)}-letter word" for text in texts(path) for one in told(text, who)]
    assert leaks == []
    assert looked_at > 20
    assert told(demo.ran.out + demo.ran.err, who) == set()


def test_the_search_finds_children_where_they_are(demo):
    england = demo.folder / "england"
    who = children(england)
    some = next(iter(sorted(england.rglob("pupils.parquet"))))
    found = set().union(*(told(text, who) for text in texts(some)))
    rows = parquet.read_table(some)
    for name in ("forename", "surname", "upn"):
        assert set(rows[name].to_pylist()) <= found
    assert {str(day) for day in rows["birth"].to_pylist()} <= found


def test_the_store_has_no_column_that_could_hold_a_child_s_identity(demo):
    with closing(untouched(demo.folder / "register.sqlite")) as sql:
        assert sql.execute("SELECT DISTINCT columns FROM roll").fetchall() == [(",".join(COLUMNS),)]
        keys = [key for (key,) in sql.execute("SELECT key FROM pupil")]
    assert set(COLUMNS) & {"upn", "forename", "surname", "birth", "name"} == set()
    assert all(re.fullmatch(r"A9\d{10}", key) for key in keys)


def test_the_tally_names_no_pupil(demo):
    for path in (demo.folder / "tallies").rglob("*.parquet"):
        assert {"pupil", "urn", "name"} & set(parquet.read_schema(path).names) == set()


def test_only_its_owner_may_read_the_register(demo):
    assert (demo.folder / "register.sqlite").stat().st_mode & 0o077 == 0
