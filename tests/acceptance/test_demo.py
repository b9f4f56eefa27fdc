"""The demo as a stranger runs it: what it says, what it leaves behind, and what it never writes down."""

import csv
import json
import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from hashlib import sha256
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet
from tests.acceptance.conftest import SCALE, Demo, Ran, run_apart
from tests.lib.stores import everything

from tallyroll import ledger, release
from tallyroll.flows import demo as demo_flow
from tallyroll.flows.auditing import audit
from tallyroll.flows.stage import make_england, staged
from tallyroll.governance import roles
from tallyroll.governance.memory import round_of
from tallyroll.governance.roles import Roles
from tallyroll.register.cipher import Cipher
from tallyroll.register.keys import KeyRing
from tallyroll.register.shelf import Shelf
from tallyroll.register.stretches import COLUMNS
from tallyroll.vocab.errors import VerificationProblem


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
    assert "Refused by the clause life-cycle" in demo.ran.out


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


def test_the_summary_names_the_clause_of_each_refusal_two_before_activation_and_one_in_the_middle(demo):
    told = demo.summary["refusals"]
    assert [one["clause"] for one in told] == ["life-cycle", "life-cycle", "suspended"]
    assert all(one["reason"] and one["mend"] for one in told)
    assert ["is draft" in told[0]["reason"], "is logged" in told[1]["reason"]] == [True, True]


def test_the_suspension_stopped_a_collection_that_was_under_way(demo):
    told = demo.summary["suspension"]
    assert 0 < told["schools_kept_before"] < demo.summary["schools_approved"]
    assert 0 < told["seconds_to_stop"] < 5


def test_the_summary_says_how_long_each_stage_took(demo):
    seconds = demo.summary["seconds"]
    stages = {"simulate", "refused_draft", "approve", "refused_signed", "enact", "history", "suspended", "resume"}
    stages |= {"collect", "count", "merge", "release", "verify"}
    assert set(seconds) == {*stages, "total"}
    assert 0 < sum(seconds[stage] for stage in stages) <= seconds["total"] + 0.1


# What its ledger holds


def test_the_ledger_holds_each_refusal_before_every_permit(demo):
    entries = entries_of(demo)
    answers = [(one.facts["answer"], one.facts["clause"]) for one in entries if one.event == "gate"]
    assert answers[:2] == [("refusal", "life-cycle")] * 2
    assert {answer for answer, _ in answers[2:]} == {"permit"}
    assert len(entries) == demo.summary["ledger_entries"]
    activated = next(one.index for one in entries if one.facts.get("kind") == "activated")
    first = next(one.index for one in entries if one.facts.get("answer") == "permit")
    told = next(one.index for one in entries if one.event == "notices-issued")
    assert activated < told < first


def test_the_ledger_holds_every_step_in_its_order_and_the_release_last(demo):
    entries = entries_of(demo)
    steps = ["screened", "consulted", "advised", "approved", "published", "activated", "suspended", "resumed"]
    assert [one.facts["kind"] for one in entries if one.event == "statement"] == steps
    assert (entries[0].event, entries[-1].event) == ("founded", "released")
    assert entries[-1].facts["release"] == sha256((demo.folder / "release" / "release.json").read_bytes()).hexdigest()


def test_a_stranger_verifies_a_copy_with_nothing_but_the_files_and_the_public_keys(demo, tmp_path):
    copied(demo, tmp_path)
    ran = run_apart(
        ["ledger", "verify", str(tmp_path / "ledger"), "--roles", str(tmp_path / "roles.toml"), "--json"],
        home=tmp_path / "around",
    )
    assert (ran.code, ran.err) == (0, "")
    told = json.loads(ran.out)
    assert told["entries"] == told["witnessed"] == demo.summary["ledger_entries"]
    assert len(told["cosigned"]) == demo.summary["ledger_witnesses"] == 3
    assert told["collections"] == {"demo-attendance": "active"}
    assert (told["void"], told["unchecked"], told["leftovers"]) == ([], [], [])


def test_a_byte_of_any_file_of_the_ledger_that_is_flipped_is_found_and_its_file_is_named(demo, tmp_path):
    ledger_copy, trusted = copied(demo, tmp_path)
    audit(ledger_copy, trusted)
    files = [path for path in sorted(ledger_copy.rglob("*")) if path.is_file() and path.name != ".lock"]
    for path in files:
        whole = path.read_bytes()
        for place in {0, len(whole) // 2, len(whole) - 1}:
            path.write_bytes(flipped(whole, place))
            with pytest.raises(VerificationProblem) as problem:
                audit(ledger_copy, trusted)
            assert str(path.relative_to(ledger_copy)) in str(problem.value), (path, place)
        path.write_bytes(whole)
    assert len(files) > 30
    audit(ledger_copy, trusted)


def test_the_manifest_behind_the_release_is_in_the_ledger_and_a_changed_one_is_named(demo, tmp_path):
    ledger_copy, trusted = copied(demo, tmp_path)
    digest = json.loads((demo.folder / "release" / "release.json").read_bytes())["about"]["assessment_sha256"]
    path = ledger_copy / "documents" / digest
    path.write_bytes(path.read_bytes().replace(b'"pulls_a_day":2', b'"pulls_a_day":9'))
    with pytest.raises(VerificationProblem, match=digest):
        audit(ledger_copy, trusted)


@pytest.mark.parametrize("name", ["attendance_daily.csv", "attendance_ytd.meta.csv"])
def test_a_byte_of_the_release_that_is_flipped_is_found_and_its_file_is_named(demo, tmp_path, name):
    copy = Path(shutil.copytree(demo.folder / "release", tmp_path / "release"))
    assert name in release.verify(copy)
    whole = (copy / name).read_bytes()
    (copy / name).write_bytes(flipped(whole, len(whole) // 2))
    with pytest.raises(VerificationProblem, match=f"Not as published: {name}"):
        release.verify(copy)


def test_a_release_is_verified_from_outside_and_another_list_of_files_is_none(demo, tmp_path):
    copied(demo, tmp_path)
    copy = Path(shutil.copytree(demo.folder / "release", tmp_path / "release"))
    asked = ["release", "verify", str(copy), "--ledger", str(tmp_path / "ledger")]
    assert run_apart([*asked, "--roles", str(tmp_path / "roles.toml")], home=tmp_path / "around").code == 0
    told = (copy / "release.json").read_bytes()
    (copy / "release.json").write_bytes(told.replace(b"Synthetic data", b"Synthetic Data"))
    ran = run_apart(asked, home=tmp_path / "elsewhere")
    assert ran.code == 6
    assert "no release of these bytes" in ran.err
    assert "release.json" in ran.err


def test_no_pupil_s_key_is_in_any_byte_of_the_ledger(demo):
    """Nor in what a witness keeps; a key is what the school's system calls a pupil, and tells no stranger who it is."""
    england = demo.folder / "england"
    keys = {key for path in england.rglob("pupils.parquet") for key in parquet.read_table(path)["pupil"].to_pylist()}
    assert len(keys) > 1000
    files = [path for part in ("ledger", "witnesses") for path in (demo.folder / part).rglob("*") if path.is_file()]
    held = b"\n".join(path.read_bytes() for path in files)
    assert {key for key in keys if key.encode() in held} == set()
    assert b"notices-issued" in held  # the search sees what is there


def test_schools_kept_before_the_stop_are_those_of_a_run_without_one(tmp_path):
    england = make_england(tmp_path, seed=2, scale=0.003)
    stores = {}
    for name in ("stopped", "undisturbed"):
        (tmp_path / name).mkdir()
        with staged(tmp_path / name, england) as stage:
            demo_flow.approve(stage)
            demo_flow.put_in_force(stage)
            stopped = demo_flow.suspend_midway(stage) if name == "stopped" else demo_flow.collect_day(stage)
            round_id = round_of("wonde", stage.clock.now(), pull=1)
            stores[name] = stage.node.store.path, stage.node.store.finished(round_id), stopped
    (path, kept, stopped), (other, whole, _) = stores["stopped"], stores["undisturbed"]
    assert 0 < len(kept) == stopped.schools_kept < len(whole)
    urns = {urn.number for urn in kept}
    held = everything(path, round_id=round_id)
    assert held == everything(other, round_id=round_id, schools=urns)
    assert {row[0] for row in held["week"]} == urns


def entries_of(demo: Demo) -> tuple[ledger.Entry, ...]:
    return ledger.Reader(demo.folder / "ledger", key=roles.read(demo.folder / "roles.toml").log_key).refresh()


def copied(demo: Demo, place: Path) -> tuple[Path, Roles]:
    """What a stranger gets: a copy of the ledger's folder and of the public keys, and nothing else."""
    shutil.copy(demo.folder / "roles.toml", place / "roles.toml")
    return Path(shutil.copytree(demo.folder / "ledger", place / "ledger")), roles.read(place / "roles.toml")


def flipped(whole: bytes, place: int) -> bytes:
    return whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :]


# What it leaves behind


def test_nothing_is_written_outside_its_folder_and_no_process_is_left(demo):
    assert demo.ran.strayed == []
    assert demo.ran.left_running == []


def test_its_folder_holds_what_it_tells_of_and_nothing_half_made(demo):
    names = {path.name for path in demo.folder.iterdir()}
    made = {"england", "tallies", "release", "ledger", "witnesses", "keys", "register.sqlite", "register.sqlite.keys"}
    made |= {"headcounts.csv", "manifest.toml", "roles.toml", "office.toml", "findings.csv", "summary.json"}
    assert names == {*made, ".tallyroll-demo"}
    hidden = {path for path in demo.folder.rglob(".*") if path.name != ".tallyroll-demo"}
    assert {path.name for path in hidden} == {".lock"}  # of the ledger and of each witness


def test_a_second_demo_in_the_same_folder_replaces_the_first_byte_for_byte(demo, again):
    folder, ran = again
    assert ran.code == 0, ran.err
    assert paths_in(folder) == paths_in(demo.folder)
    for path in sorted((demo.folder / "release").iterdir()):
        assert (folder / "release" / path.name).read_bytes() == path.read_bytes(), path.name
    assert (ran.strayed, ran.left_running) == ([], [])


def paths_in(folder: Path) -> set[Path]:
    """Every path of a demo but the documents of its ledger, which are named by what is in them: new signatures."""
    return {
        path.relative_to(folder)
        for path in folder.rglob("*")
        if path.parent.name != "documents" and path.parent.parent.name != "witnesses"
    }


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
    """What the store holds, decrypted."""
    with closing(untouched(path)) as sql:
        for (table,) in sql.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            for row in sql.execute(f'SELECT * FROM "{table}"'):
                yield from (str(cell) for cell in row if not isinstance(cell, bytes))
        cipher = Cipher(KeyRing(path.with_name(f"{path.name}.keys")))
        for (urn,) in sql.execute("SELECT urn FROM school").fetchall():
            shelf = Shelf(sql, cipher, urn)
            yield shelf.roll().tobytes().decode("latin-1")
            yield from (week.tobytes().decode("latin-1") for week in shelf.weeks(first=0, last=10**6).values())
            yield from (key for _, listed in shelf.pupils() for key in listed)
            for (round_id,) in sql.execute("SELECT id FROM round WHERE urn = ?", (urn,)).fetchall():
                yield from map(str, shelf.findings(round_id))


def untouched(store: Path) -> sqlite3.Connection:
    """A look at a store that leaves no file beside it."""
    return sqlite3.connect(f"{store.as_uri()}?immutable=1", uri=True)


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
        cipher = Cipher(KeyRing(demo.folder / "register.sqlite.keys"))
        urns = [urn for (urn,) in sql.execute("SELECT urn FROM school")]
        keys = [key for urn in urns for _, listed in Shelf(sql, cipher, urn).pupils() for key in listed]
    assert set(COLUMNS) & {"upn", "forename", "surname", "birth", "name"} == set()
    assert all(re.fullmatch(r"A9\d{10}", key) for key in keys)


def test_the_tally_names_no_pupil(demo):
    for path in (demo.folder / "tallies").rglob("*.parquet"):
        assert {"pupil", "urn", "name"} & set(parquet.read_schema(path).names) == set()


def test_only_its_owner_may_read_the_register(demo):
    assert (demo.folder / "register.sqlite").stat().st_mode & 0o077 == 0
    keys = demo.folder / "register.sqlite.keys"
    assert {path.stat().st_mode & 0o077 for path in (keys, *keys.iterdir())} == {0}


def test_only_their_owner_may_read_the_keys_that_sign(demo):
    keys = demo.folder / "keys"
    assert {path.name for path in keys.iterdir()} == {
        f"{one}.key" for one in ("approver", "asset-owner", "dpo", "ledger")
    }
    assert {path.stat().st_mode & 0o077 for path in (keys, *keys.iterdir())} == {0}
