"""A small valid EES release, built by hand, in which a test plants what it is about."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

Row = dict[str, str]

_DATA_COLUMNS = (
    "time_period",
    "time_identifier",
    "geographic_level",
    "country_code",
    "country_name",
    "region_code",
    "region_name",
    "new_la_code",
    "la_name",
    "old_la_code",
    "education_phase",
    "session_count",
    "session_percent",
)
_META_COLUMNS = (
    "col_name",
    "col_type",
    "label",
    "indicator_grouping",
    "indicator_unit",
    "indicator_dp",
    "filter_hint",
    "filter_grouping_column",
)
_ENGLAND = ("E92000001", "England")
_LONDON = ("E12000007", "London")
_CAMDEN = ("E09000007", "Camden", "202")


def _row(level: str, *area: str, phase: str, count: str, percent: str) -> Row:
    places = (*area, *[""] * (5 - len(area)))
    cells = ("202627", "Academic year", level, *_ENGLAND, *places, phase, count, percent)
    return dict(zip(_DATA_COLUMNS, cells, strict=True))


def _data() -> list[Row]:
    return [
        _row("National", phase="Total", count="2245897896", percent="93.25"),
        _row("National", phase="Primary", count="1217200019", percent="94.9"),
        _row("Regional", *_LONDON, phase="Total", count="351000", percent="93.7"),
        _row("Regional", *_LONDON, phase="Primary", count="180200", percent="94.7"),
        _row("Local authority", *_LONDON, *_CAMDEN, phase="Total", count="9120", percent="92.5"),
        _row("Local authority", *_LONDON, *_CAMDEN, phase="Primary", count="c", percent="c"),
    ]


def meta_row(name: str, kind: str, label: str, **others: str) -> Row:
    """A row of a meta file, blank where nothing is said."""
    return {**dict.fromkeys(_META_COLUMNS, ""), "col_name": name, "col_type": kind, "label": label, **others}


def _meta() -> list[Row]:
    return [
        meta_row("education_phase", "Filter", "Education phase", filter_hint="Filter by phase"),
        meta_row("session_count", "Indicator", "Sessions", indicator_grouping="Sessions", indicator_dp="0"),
        meta_row("session_percent", "Indicator", "Percentage", indicator_unit="%", indicator_dp="1"),
    ]


@dataclass(slots=True)
class Release:
    """Rows of a data file and of its meta file, to be changed and then written; three levels, one filter."""

    name: str = "attendance_ytd"
    data: list[Row] = field(default_factory=_data)
    meta: list[Row] = field(default_factory=_meta)

    def of_level(self, level: str) -> list[Row]:
        """The rows of one geographic level."""
        return [row for row in self.data if row["geographic_level"] == level]

    def described(self, name: str) -> Row:
        """The meta row of one column."""
        return next(row for row in self.meta if row["col_name"] == name)

    def add_column(self, name: str, items: str | list[str] = "") -> None:
        """A column at the end, with one item throughout, or with these from the first row to the last."""
        cells = [items] * len(self.data) if isinstance(items, str) else items
        for row, cell in zip(self.data, cells, strict=True):
            row[name] = cell

    def drop_column(self, *names: str) -> None:
        """The data file without these columns."""
        for row in self.data:
            for name in names:
                del row[name]

    def add_row(self, level: str, **cells: str) -> Row:
        """A row of a level, like the first one in all that is not named; columns that are new are blank elsewhere."""
        for name in cells:
            if name not in self.data[0]:
                self.add_column(name)
        row = {**self.data[0], "geographic_level": level, **cells}
        self.data.append(row)
        return row

    def write(self, folder: Path) -> Path:
        """Both files in the folder."""
        folder.mkdir(parents=True, exist_ok=True)
        write_csv(folder / f"{self.name}.csv", self.data)
        write_csv(folder / f"{self.name}.meta.csv", self.meta)
        return folder


def write_csv(path: Path, rows: list[Row] | list[Mapping[str, str]]) -> None:
    """Rows as a CSV file; the first row names the columns."""
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, fieldnames=list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
