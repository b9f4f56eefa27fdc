"""The table of requirements is whole, and what it says of tests is so. Nothing is collected or run: files are read."""

import ast
import re
from collections import Counter
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "reference" / "requirements.md"
RANGES = {"LAW-": 37, "ACC-A": 38, "ACC-B": 17, "ACC-C": 10, "ACC-D": 4, "MAN-": 18, "LOG-": 12}
"""How many rows each family of requirements has, numbered from 01."""
ANSWERS = {"prevented", "exposed", "open"}


def table() -> list[list[str]]:
    """The cells of every row: id, what it asks, the answer, what shows it."""
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if re.match(r"\| [A-Z]{3}-", line)]


def named(cell: str) -> list[str]:
    """The tests that a cell names."""
    return re.findall(r"`([^`]+)`", cell)


@cache
def defined_in(path: Path) -> frozenset[str]:
    """The tests that a file defines and that are not expected to fail."""
    functions = (one for one in ast.parse(path.read_text(encoding="utf-8")).body if isinstance(one, ast.FunctionDef))
    return frozenset(one.name for one in functions if "xfail" not in "".join(map(ast.unparse, one.decorator_list)))


def missing(name: str) -> bool:
    """Whether a test named as `folder/file.py::test` is not there."""
    file, _, test = name.partition("::")
    path = ROOT / "tests" / file
    return not (test.startswith("test_") and path.is_file() and test in defined_in(path))


def test_every_requirement_has_one_row() -> None:
    expected = {f"{family}{number:02}" for family, last in RANGES.items() for number in range(1, last + 1)}
    counts = Counter(row[0] for row in table())
    assert set(counts) == expected
    assert [name for name, times in counts.items() if times > 1] == []


def test_every_row_is_whole() -> None:
    assert [row[0] for row in table() if len(row) != 4 or not all(row) or row[2] not in ANSWERS] == []


def test_every_test_that_is_named_is_there() -> None:
    assert [(row[0], name) for row in table() for name in named(row[3]) if missing(name)] == []


def test_what_is_open_names_no_test_and_everything_else_does() -> None:
    assert [row[0] for row in table() if (row[2] == "open") is bool(named(row[3]))] == []


def test_a_name_that_no_test_has_would_be_seen() -> None:
    here = "repo/test_requirements.py::"
    assert not missing(f"{here}test_every_row_is_whole")
    assert missing(f"{here}test_that_nobody_wrote")
    assert missing(f"{here}defined_in")
    assert missing("repo/test_nothing.py::test_every_row_is_whole")
