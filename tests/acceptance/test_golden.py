"""The department's own published files, made again from its own daily exports: every row, column and cell."""

import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from tests.lib.files import differences, read_rows

from tallyroll.disclosure import protect
from tallyroll.tally.estimate import Method
from tallyroll.tally.reading import read_headcounts, read_tallies
from tallyroll.tally.tabulate import tabulate

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT.parent / "shared" / "data"
FIRST, LAST = date(2023, 9, 11), date(2023, 9, 15)
NAMES = ("daily", "weekly", "ytd")

folders = sorted(DATA.glob("golden-*"))
golden = pytest.param(
    None,
    marks=pytest.mark.skip(
        reason=f"golden files are absent: {DATA.relative_to(ROOT.parent)} is not beside the checkout"
    ),
)
pytestmark = [
    pytest.mark.golden,
    pytest.mark.parametrize("folder", [pytest.param(one, id=one.name) for one in folders] or [golden]),
]


def published(folder: Path, name: str) -> list[dict[str, str]]:
    return read_rows(folder / f"published_{name}.csv")


def test_the_published_tables_are_made_again_cell_by_cell(folder):
    tables = tabulate(
        read_tallies(folder / "raw_daily.csv"),
        read_headcounts(folder / "denominators.csv"),
        method=Method.WEIGHTED,
        first=FIRST,
        last=LAST,
    )
    made = protect({name: getattr(tables, name) for name in NAMES}, profile="dfe-single-school", last=LAST)
    for one in made.tables:
        theirs = published(folder, one.name)
        assert differences(one.table.to_pylist(), theirs) == []
        assert one.n_hidden == sum(row["possible_sessions"] == "c" for row in theirs)


def test_the_command_writes_the_published_files_cell_by_cell(folder, tmp_path):
    command = [sys.executable, "-m", "tallyroll", "tabulate"]
    command += ["--tallies", str(folder / "raw_daily.csv"), "--headcounts", str(folder / "denominators.csv")]
    command += ["--method", "dfe-weighted", "--from", str(FIRST), "--to", str(LAST), "--out", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, timeout=120)
    assert done.returncode == 0, done.stderr
    for name in NAMES:
        ours, theirs = tmp_path / f"{name}.csv", folder / f"published_{name}.csv"
        assert differences(read_rows(ours), read_rows(theirs)) == []
        assert list(read_rows(ours)[0]) == list(read_rows(theirs)[0])  # in the department's order


def test_a_changed_cell_a_lost_row_and_a_number_for_a_symbol_would_be_seen(folder):
    rows = published(folder, "ytd")
    assert differences(rows, rows) == []
    assert differences(rows[1:], rows)
    assert differences([*rows, {**rows[0], "region_name": "Nowhere"}], rows)
    shown = next(i for i, row in enumerate(rows) if row["possible_sessions"] != "c")
    slightly = {**rows[shown], "attendance_perc": str(float(rows[shown]["attendance_perc"]) * (1 + 1e-11))}
    assert len(differences([*rows[:shown], slightly, *rows[shown + 1 :]], rows)) == 1
    secret = next(i for i, row in enumerate(rows) if row["possible_sessions"] == "c")
    told = {**rows[secret], "overall_absence": "12"}
    assert len(differences([*rows[:secret], told, *rows[secret + 1 :]], rows)) == 1
