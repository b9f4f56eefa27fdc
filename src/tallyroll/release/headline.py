"""The few figures that people look for first, read back from a published year-to-date file."""

import csv
from pathlib import Path

TITLES = ("area", "phase", "schools", "absence", "authorised", "unauthorised", "illness", "persistent")
"""What the columns of `headline` are called; the last five are percentages."""


def headline(path: Path) -> list[tuple[str, ...]]:
    """The regions' and the nation's rows of a year-to-date file: area and phase, schools, and the main rates."""
    columns = (
        "num_schools",
        "overall_absence_perc",
        "authorised_absence_perc",
        "unauthorised_absence_perc",
        "illness_perc",
        "pa_perc",
    )
    with path.open(encoding="utf-8", newline="") as lines:
        rows = [row for row in csv.DictReader(lines) if row["geographic_level"] != "Local authority"]
    chosen = [row for row in rows if row["geographic_level"] == "National" or row["education_phase"] == "Total"]
    return [
        (row["region_name"] or row["country_name"], row["education_phase"], *(_rounded(row[c]) for c in columns))
        for row in chosen
    ]


def _rounded(number: str) -> str:
    """One decimal, as the department rounds in text; a symbol stays."""
    try:
        return f"{float(number):.1f}"
    except ValueError:
        return number
