"""The reference pages name every column that is read and every check that may come."""

import re
from pathlib import Path

import pytest
from tests.lib.csvfolders import folder, pull

from tallyroll.connectors.csvfile import faults as csv_faults
from tallyroll.connectors.csvfile.folder import DIALECTS
from tallyroll.connectors.csvfile.sheets import heading
from tallyroll.connectors.ctf import faults as ctf_faults

REFERENCE = Path(__file__).resolve().parents[2] / "docs" / "reference"
LAYOUTS = (REFERENCE / "csv-layouts.md").read_text(encoding="utf-8")
CTF = (REFERENCE / "ctf.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("check", csv_faults.FAULTS)
def test_every_csv_check_is_documented(check: str) -> None:
    assert f"`{check}`" in LAYOUTS


@pytest.mark.parametrize("check", ctf_faults.FAULTS)
def test_every_ctf_check_is_documented(check: str) -> None:
    assert f"`{check}`" in CTF


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=DIALECTS.keys())
def test_every_column_that_is_read_is_documented(dialect: object) -> None:
    quoted = {heading(word) for word in LAYOUTS.split("`")[1::2]}
    for sheet in (dialect.marks, dialect.pupils, dialect.schools, dialect.status):
        names = {name for theirs in sheet.columns.values() for name in theirs} if sheet else set()
        assert names <= quoted


def test_example_of_the_generic_layout_is_read_without_a_remark(tmp_path: Path) -> None:
    files = dict(re.findall(r"^(\w+\.csv)\n\n```csv\n(.*?)```", LAYOUTS, flags=re.DOTALL | re.MULTILINE))
    assert set(files) == {"schools.csv", "pupils.csv", "status.csv", "marks.csv"}
    extract = pull(folder(tmp_path, files))
    assert (extract.roll.num_rows, extract.status.num_rows, extract.marks.num_rows) == (2, 5, 3)
    assert {finding.check for finding in extract.findings} == {"csv_column_absent"}  # enrolment_status
