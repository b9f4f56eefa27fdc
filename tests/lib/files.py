"""Comparing a table that we made with one that the department published, cell by cell."""

import csv
import math
from collections.abc import Sequence
from pathlib import Path

KEY = ("time_period", "geographic_level", "region_name", "la_name", "attendance_date", "school_type", "education_phase")


def read_rows(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file as text."""
    with path.open(encoding="utf-8-sig", newline="") as lines:
        return list(csv.DictReader(lines))


def differences(ours: Sequence[dict[str, object]], theirs: Sequence[dict[str, object]]) -> list[str]:
    """What differs, in words; empty when every row, column and cell agrees. `NA` is blank; the order is free."""
    if not ours or not theirs:
        return [f"rows: {len(ours)} of ours, {len(theirs)} of theirs"]
    if set(ours[0]) != set(theirs[0]):
        return [f"columns: only one file has {sorted(set(ours[0]) ^ set(theirs[0]))}"]
    by_key = {_key(row): row for row in ours}
    their_key = {_key(row): row for row in theirs}
    found = [f"{len(ours) - len(by_key)} repeated rows of ours"] if len(by_key) != len(ours) else []
    found += [f"missing row {key}" for key in their_key.keys() - by_key.keys()]
    found += [f"extra row {key}" for key in by_key.keys() - their_key.keys()]
    found += [
        f"{key} {name}: ours {by_key[key][name]!r}, theirs {row[name]!r}"
        for key, row in their_key.items()
        if key in by_key
        for name in row
        if not same(by_key[key][name], row[name])
    ]
    return found


def _key(row: dict[str, object]) -> tuple[str, ...]:
    return tuple(_text(row.get(name)) for name in (*KEY, "time_identifier"))


def _text(cell: object) -> str:
    return "" if cell is None or cell == "NA" else str(cell)


def same(ours: object, theirs: object) -> bool:
    """Whether two cells say the same: the same text, or numbers within 1e-12 of each other (relative)."""
    left, right = _text(ours), _text(theirs)
    if left == right:
        return True
    try:
        return math.isclose(float(left), float(right), rel_tol=1e-12, abs_tol=0.0)
    except ValueError:
        return False
