"""The pages about screening and about the store say what the code does."""

import re
import sqlite3
from pathlib import Path

import pytest

from tallyroll.register import CHECKS
from tallyroll.register.checks import Stage
from tallyroll.register.schema import TABLES

DOCS = Path(__file__).parents[2] / "docs"


def table(stage: Stage) -> str:
    """The table of a stage's checks, as it must stand on the page."""
    rows = [
        f"| `{check.name}` | {check.severity} | {check.rule} | {check.mend} |"
        for check in CHECKS
        if check.stage is stage
    ]
    return "\n".join(["| Check | Severity | What it holds to | What a school should do |", "|---|---|---|---|", *rows])


@pytest.mark.parametrize("stage", list(Stage))
def test_the_page_on_screening_has_the_checks_of_the_code(stage):
    page = (DOCS / "explanation" / "screening.md").read_text(encoding="utf-8")
    assert table(stage) in page, f"docs/explanation/screening.md should hold this table:\n{table(stage)}"


def test_the_page_on_the_store_has_the_tables_and_columns_of_the_code():
    sql = sqlite3.connect(":memory:")
    sql.executescript(TABLES)
    names = [name for (name,) in sql.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY rowid")]
    expected = {name: [row[1] for row in sql.execute(f"PRAGMA table_info({name})")] for name in names}
    sql.close()
    page = (DOCS / "reference" / "store.md").read_text(encoding="utf-8")
    parts = re.split(r"^## `(\w+)`", page, flags=re.MULTILINE)[1:]
    found = {
        name: re.findall(r"^\| `(\w+)` \|", text, flags=re.MULTILINE)
        for name, text in zip(parts[::2], parts[1::2], strict=True)
    }
    assert found == expected


def test_names_of_checks_are_unique_and_say_their_stage_in_sentences():
    assert len({check.name for check in CHECKS}) == len(CHECKS)
    for check in CHECKS:
        assert check.rule.endswith(".")
        assert check.mend.endswith(".")
        assert "|" not in check.rule + check.mend
