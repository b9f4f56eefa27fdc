"""The store as a flow and as verbs: numbers of what is there and missing, both sides proved, exports by the gate."""

import json
from collections import Counter
from datetime import date
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest
from tests.lib.builders import NOW, permit
from tests.lib.gates import write_settings
from tests.lib.registers import CALENDAR, FRIDAY, MONDAY, extract
from tests.lib.two_years import AUTUMN, URNS, fill

from tallyroll import tally
from tallyroll.cli import main
from tallyroll.cli import storing as verbs
from tallyroll.engines import open_engine
from tallyroll.flows.gatehouse import open_gate
from tallyroll.flows.settings import read_gate
from tallyroll.governance import Door
from tallyroll.governance.manifest import parse
from tallyroll.register import RegisterStore, keep, read, screen
from tallyroll.register.scan import ScanSide, compact
from tallyroll.tally import Definition
from tallyroll.vocab.characteristics import ROLL_CHARACTERISTICS
from tallyroll.vocab.clock import FixedClock
from tallyroll.vocab.codes import BY_TEXT, CODES

TRUST = parse(
    (Path(__file__).parents[2] / "examples" / "trust-local.toml").read_text(encoding="utf-8"), where="trust-local"
)
PURPOSE, RECIPIENT = "own-pupils", "The attendance lead of the pupil's own school"
PLAYED = "2026-11-21T12:00"  # a day that has come, so that it may be played and logged
SETTINGS = """
calendars = "calendars.toml"
store = "register.sqlite"
connector = "csv"
source = { folder = "exports" }
"""
URN = URNS[0].number
ROLL = [
    ("ann", None, "F", "2026-09-01"),
    ("bob", None, "M", "2026-09-01", "2026-11-18"),
    ("cat", None, "F", "2026-11-18"),
]
MARKS = """
ann 16 AM /   ann 16 PM \\   ann 17 AM I   ann 17 PM I   ann 18 AM I   ann 19 AM L   ann 19 PM \\   ann 20 AM /
bob 16 AM /   bob 16 PM /    bob 17 AM /   bob 17 PM \\  bob 18 AM O   bob 19 AM /
cat 16 AM I   cat 18 AM /    cat 19 AM /   cat 19 PM I
"""
"""A week: bob leaves and cat comes on Wednesday; bob's Monday afternoon says `/`; on Friday cat is missing, and of its
afternoon and Wednesday's nothing came at all."""


def a_week():
    words = MARKS.split()
    rows = [words[at : at + 4] for at in range(0, len(words), 4)]
    return [(pupil, f"2026-11-{day}", session, code) for pupil, day, session, code in rows]


@pytest.fixture
def node(tmp_path):
    """A trust's node with one school and the week above."""
    path = write_settings(tmp_path, name="node.toml", more=SETTINGS, rules=TRUST)
    (tmp_path / "calendars.toml").write_text("terms = []\n", encoding="utf-8")
    given = extract(roll=ROLL, marks=a_week())
    pull = permit(schools=URNS)
    with RegisterStore(tmp_path / "register.sqlite") as store:
        keep(pull, store, screen(pull, given, calendar=CALENDAR, now=NOW), now=NOW)
    return path


def told(capsys, *arguments, code=0):
    """What a verb answers a program."""
    with pytest.raises(SystemExit) as stopped:
        main(["store", *map(str, arguments), "--json"])
    out, err = capsys.readouterr()
    assert stopped.value.code == code, err
    return json.loads(out or err)


def shown(capsys, *arguments):
    """What a verb tells a person."""
    with pytest.raises(SystemExit) as stopped:
        main(["store", *map(str, arguments)])
    out, err = capsys.readouterr()
    assert stopped.value.code == 0, err
    return " ".join(out.split())


def compacted(node, capsys):
    return told(capsys, "compact", "--settings", node, "--now", PLAYED)


def test_look_says_how_much_there_is_and_how_far_the_scan_side_is_behind(node, capsys):
    before = told(capsys, "look", "--settings", node)
    assert (before["schools"], before["weeks"], before["marks"]) == (1, 1, 30)
    assert (before["generation"], before["scan_weeks"], before["behind"]) == (0, 0, 1)
    compacted(node, capsys)
    after = told(capsys, "look", "--settings", node)
    assert (after["generation"], after["files"], after["scan_weeks"], after["behind"]) == (1, 3, 1, 0)
    assert after["bits_a_mark"] == pytest.approx(8 * after["scan_week_bytes"] / 30)
    assert "1 weeks of schools hold 30 marks" in shown(capsys, "look", "--settings", node)


def test_weeks_and_schools_are_counted_and_no_pupil_is_named(node, capsys):
    assert told(capsys, "weeks", "--settings", node) == {"weeks": [{"monday": "2026-11-16", "schools": 1, "pupils": 3}]}
    assert told(capsys, "schools", "--settings", node) == {
        "schools": [{"urn": URN, "la": "201", "revision": 1, "pupils": 3, "last_week": "2026-11-16"}]
    }
    for verb in ("weeks", "schools", "look"):
        assert not {"ann", "bob", "cat"} & set(shown(capsys, verb, "--settings", node).split())


def test_gaps_are_weeks_of_term_never_received_or_received_in_part(node, capsys):
    """The calendar: term since 1 September; half term; an INSET day; Wednesday afternoons closed on the 18th."""
    compacted(node, capsys)
    args = ("gaps", "--settings", node, "--from", "2026-10-19", "--to", "2026-11-20", "--now", PLAYED)
    found = told(capsys, *args)
    assert (found["due"], found["never"], found["partly"]) == (4, 3, 1)
    assert [(gap["monday"], gap["due"], gap["sent"]) for gap in found["gaps"]] == [
        ("2026-10-19", 10, 0),
        ("2026-11-02", 10, 0),
        ("2026-11-09", 8, 0),
        ("2026-11-16", 9, 8),
    ]
    said = shown(capsys, *args)
    assert "4 weeks of schools were due: 0 are whole, 1 came in part, 3 never came." in said
    assert "not as attendance" in said


def test_a_school_of_which_no_week_came_is_all_gaps(node, capsys):
    compacted(node, capsys)
    found = told(capsys, "gaps", "--settings", node, "--from", "2026-09-07", "--to", "2026-09-11", "--now", PLAYED)
    assert (found["due"], found["never"]) == (1, 1)


def test_verify_proves_both_sides(node, capsys):
    assert told(capsys, "verify", "--settings", node, "--now", PLAYED)["scanned"] is None
    compacted(node, capsys)
    found = told(capsys, "verify", "--settings", node, "--now", PLAYED)
    assert found["blocks"] >= 3
    assert found["scanned"] == {"files": 3, "weeks": 1, "rolls": 1}


def test_verify_finds_a_scan_side_that_is_not_the_store_s(node, capsys, tmp_path):
    compacted(node, capsys)
    with RegisterStore(tmp_path / "register.sqlite") as store, store.writing() as sql:
        shelf = store.shelf(sql, URN)
        ((monday, marks),) = shelf.weeks(first=0, last=10**6).items()
        sql.execute("DELETE FROM week")
        other = marks.copy()
        other[0, 0, 0] = 3
        shelf.add_week(monday, other, revision=1)
    answer = told(capsys, "verify", "--settings", node, "--now", PLAYED, code=6)
    assert answer["what"] == "The scan side is not what the store holds."
    assert answer["where"].endswith(f"{URN}, week 2026-11-16")


def test_verify_finds_a_week_that_the_scan_side_lacks(node, capsys, tmp_path):
    compacted(node, capsys)
    with RegisterStore(tmp_path / "register.sqlite") as store, store.writing() as sql:
        shelf = store.shelf(sql, URN)
        ((monday, marks),) = shelf.weeks(first=0, last=10**6).items()
        shelf.add_week(monday - 7, marks, revision=1)
    assert "not what the store holds" in told(capsys, "verify", "--settings", node, "--now", PLAYED, code=6)["what"]


def test_a_dry_run_compacts_nothing(node, capsys, tmp_path):
    assert told(capsys, "compact", "--settings", node, "--dry-run") == {"behind": 1}
    assert not (tmp_path / "register.sqlite.scan").exists()


def test_compacting_is_asked_of_the_gate_and_stands_in_its_log(node, capsys):
    compacted(node, capsys)
    entries = open_gate(read_gate(node), clock=FixedClock(NOW)).own.refresh()
    assert [(one.facts["door"], one.facts["answer"]) for one in entries if one.event == "gate"] == [("count", "permit")]
    (done,) = [one.facts for one in entries if one.event == "compacted"]
    assert (done["generation"], done["files"]) == (1, 3)


def test_migrate_says_when_there_is_nothing_to_do(node, capsys):
    assert told(capsys, "migrate", "--settings", node, "--dry-run") == {"steps": [], "done": False}
    assert "newest version already" in shown(capsys, "migrate", "--settings", node)


# Exports


def exported(node, capsys, out, *, layout="exceptions", code=0, recipient=RECIPIENT, purpose=PURPOSE):
    args = ("export", "--settings", node, "--out", out, "--layout", layout, "--purpose", purpose)
    days = ("--from", MONDAY, "--to", FRIDAY, "--now", PLAYED)
    return told(capsys, *args, "--recipient", recipient, *days, code=code)


def views(folder):
    """A database with each table of an export as a view."""
    sql = duckdb.connect()
    for table in json.loads((folder / "dictionary.json").read_text(encoding="utf-8"))["tables"]:
        name, parted = table["name"], bool(table["partitioned_by"])
        where = f"{folder}/{name}/{'la=*/' if parted else ''}*.parquet"
        types = ", hive_types = {'la': VARCHAR}" if parted else ""
        sql.execute(f"CREATE VIEW {name} AS SELECT * FROM read_parquet('{where}', hive_partitioning = {parted}{types})")
    return sql


def by_tally(store_path):
    """The marks of every code by authority, day and session, as the tally counts them."""
    count = permit(Door.COUNT, schools=URNS)
    with RegisterStore(store_path, read_only=True) as store, open_engine() as engine:
        held = read(count, store, schools=URNS, first=MONDAY, last=FRIDAY, now=NOW)
        cells = tally.count(count, engine, held, definition=Definition(()), now=NOW, revision=1).cells.to_pylist()
    found = Counter()
    for one in cells:
        if one["characteristic"] == "all":
            found[one["la"], one["date"], one["session"], one["code"]] += one["n"]
    return found


@pytest.mark.parametrize("layout", ["exceptions", "spells"])
def test_the_example_counts_what_the_tally_counts(node, capsys, tmp_path, layout):
    compacted(node, capsys)
    exported(node, capsys, tmp_path / "out", layout=layout)
    statement = (tmp_path / "out" / "example.sql").read_text(encoding="utf-8")
    rows = views(tmp_path / "out").execute(statement).fetchall()
    found = {(la, day, session, code): n for la, day, session, code, n in rows}
    assert found == by_tally(tmp_path / "register.sqlite")
    assert found["201", FRIDAY, 0, 0] == 1  # cat on Friday morning: nothing received, and not present
    assert not [key for key in found if key[1:3] == (FRIDAY, 1)]  # nobody sent Friday afternoon


def test_exceptions_are_what_is_not_plain_present(node, capsys, tmp_path):
    compacted(node, capsys)
    made = exported(node, capsys, tmp_path / "out")
    rows = views(tmp_path / "out").execute("SELECT pupil, day(date), session, code FROM exceptions ORDER BY ALL")
    present_am, late, ill, unexplained = (BY_TEXT[text].number for text in ("/", "L", "I", "O"))
    assert rows.fetchall() == [
        (0, 17, 0, ill), (0, 17, 1, ill), (0, 18, 0, ill), (0, 19, 0, late),
        (1, 16, 1, present_am), (1, 18, 0, unexplained),
        (2, 19, 1, ill), (2, 20, 0, 0),
    ]  # fmt: skip
    assert made["rows"] == {
        "schools": 1, "roll": 3, "sessions": 8, "exceptions": 8, "codes": 1 + len(CODES),
        "characteristics": sum(len(one.values) for one in ROLL_CHARACTERISTICS),
    }  # fmt: skip


def test_a_spell_runs_over_sessions_that_the_school_sent(node, capsys, tmp_path):
    """Ann is ill from Tuesday morning to Wednesday morning: Wednesday has no afternoon."""
    compacted(node, capsys)
    exported(node, capsys, tmp_path / "out", layout="spells")
    statement = (
        "SELECT pupil, code, day(first_date), first_session, day(last_date), last_session, n_sessions FROM spells"
        " WHERE n_sessions > 1"
    )
    assert views(tmp_path / "out").execute(statement).fetchall() == [(0, BY_TEXT["I"].number, 17, 0, 18, 0, 3)]


def test_packed_weeks_can_be_exported(node, capsys, tmp_path):
    compacted(node, capsys)
    exported(node, capsys, tmp_path / "out", layout="weeks")
    (row,) = pq.read_table(tmp_path / "out" / "weeks" / "la=201" / "part-00.parquet").to_pylist()
    assert (row["urn"], row["monday"], row["n_pupils"]) == (URN, MONDAY, 3)


@pytest.mark.parametrize("layout", ["exceptions", "spells", "weeks"])
def test_the_dictionary_says_every_column_of_every_file(node, capsys, tmp_path, layout):
    compacted(node, capsys)
    exported(node, capsys, tmp_path / "out", layout=layout)
    readme = (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    said = {}
    for table in json.loads((tmp_path / "out" / "dictionary.json").read_text(encoding="utf-8"))["tables"]:
        said[table["name"]] = [(one["name"], one["type"]) for one in table["columns"]]
        assert all(f"| `{name}` | {kind} |" in readme for name, kind in said[table["name"]])
    for path in (tmp_path / "out").rglob("*.parquet"):
        schema = pq.ParquetFile(path).schema_arrow
        name = path.relative_to(tmp_path / "out").parts[0]
        assert [(one.name, str(one.type)) for one in schema] == said[name]
    assert {path.name for path in (tmp_path / "out").iterdir() if path.is_dir()} == set(said)
    assert "Nothing protects it but the rights" in " ".join(readme.split())


def test_an_export_stands_in_the_log_with_its_recipient(node, capsys, tmp_path):
    compacted(node, capsys)
    exported(node, capsys, tmp_path / "out")
    entries = open_gate(read_gate(node), clock=FixedClock(NOW)).own.refresh()
    (asked,) = [one.facts for one in entries if one.event == "gate" and one.facts["door"] == "export"]
    assert (asked["answer"], asked["recipient"], asked["purpose"]) == ("permit", RECIPIENT, PURPOSE)
    (done,) = [one.facts for one in entries if one.event == "exported"]
    assert (done["recipient"], done["rows"]["exceptions"]) == (RECIPIENT, 8)


@pytest.mark.parametrize(
    ("recipient", "purpose"), [("The board of the trust", PURPOSE), (RECIPIENT, "trust-statistics")]
)
def test_the_gate_lets_no_row_out_to_others_or_for_statistics(node, capsys, tmp_path, recipient, purpose):
    compacted(node, capsys)
    exported(node, capsys, tmp_path / "out", recipient=recipient, purpose=purpose, code=3)
    assert not (tmp_path / "out").exists()
    args = ("export", "--settings", node, "--out", tmp_path / "out", "--purpose", purpose, "--dry-run")
    told(capsys, *args, "--recipient", recipient, "--from", MONDAY, "--to", FRIDAY, "--now", PLAYED, code=3)


def test_an_export_that_fails_leaves_no_row_behind(node, capsys, tmp_path):
    compacted(node, capsys)
    for month in (tmp_path / "register.sqlite.scan").glob("*/*/2026-11-*.parquet"):
        month.write_bytes(b"torn")
    exported(node, capsys, tmp_path / "new" / "out", code=6)
    assert [*(tmp_path / "new").iterdir()] == []


def test_nothing_is_exported_over_what_is_there(node, capsys, tmp_path):
    compacted(node, capsys)
    (tmp_path / "out").mkdir()
    assert "something here already" in exported(node, capsys, tmp_path / "out", code=2)["what"]


def test_a_store_of_both_years_is_looked_through_without_a_key(tmp_path):
    with RegisterStore(tmp_path / "r.sqlite") as store:
        for urn in URNS[:2]:
            fill(store, urn)
        compact(permit(Door.COUNT, schools=URNS), store, now=NOW)
        assert [(str(one.monday), one.schools) for one in verbs.scan.weeks(store)] == [
            ("2026-07-06", 2),
            (str(AUTUMN[0]), 2),
        ]
        assert {one.last_week for one in verbs.scan.standings(store)} == {date(2026, 11, 16)}
        assert ScanSide.of(store).folder.exists()
