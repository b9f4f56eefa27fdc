"""Sheets: public registers that are read as a page and as CSV, from the same rows, so that the two cannot differ."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from tallyroll.governance.records.outline import Table
from tallyroll.governance.records.rendering import csv_text, day, render

Row = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A register: its name as a file, its title, what it is, its columns and rows, and what an empty one says."""

    name: str
    title: str
    about: str
    headings: tuple[str, ...]
    rows: tuple[Row, ...]
    empty: str

    @property
    def csv(self) -> str:
        """As CSV, with days as ISO 8601 writes them."""
        return csv_text(self.headings, self.rows)

    @property
    def table(self) -> Table:
        """As a table of a page, with days in full and digests by their first characters; the CSV has them whole."""
        return Table(self.about, self.headings, tuple(tuple(map(_cell, row)) for row in self.rows))


def _cell(value: object) -> str:
    text = day(value) if isinstance(value, date) else str(value)
    return re.sub(r"\b([0-9a-f]{12})[0-9a-f]{52}\b", r"\1…", text)


def page(title: str, sheets: Iterable[Sheet], *, collection: str, about: str, on: date) -> str:
    """Sheets as one HTML page, as they stand on a day."""
    return render("sheets.html", title=title, sheets=tuple(sheets), collection=collection, about=about, on=on)


def csv_files(sheets: Iterable[Sheet]) -> dict[str, str]:
    """Each sheet as a CSV file, by its name."""
    return {f"{one.name}.csv": one.csv for one in sheets}
