"""What can be wrong with a CSV file or a row of one: each check's severity, words and cure, in one table."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from tallyroll.vocab.errors import InputProblem
from tallyroll.vocab.findings import Finding, Severity

Rows = npt.NDArray[np.int64]

SHOWN_EACH = 100  # rejected rows named one by one for each check and field; the rest share one finding


class FileProblem(InputProblem):
    """A file that cannot be read at all; `check` names what was found, as in a finding."""

    def __init__(self, check: str, what: str, *, where: str, mend: str) -> None:
        super().__init__(what, where=where, mend=mend)
        self.check = check


@dataclass(frozen=True, slots=True)
class Fault:
    """One check's severity and what it says."""

    severity: Severity
    message: str
    mend: str


def _rejects(message: str, mend: str) -> Fault:
    return Fault(Severity.ERROR, message, mend)


def _warns(message: str, mend: str) -> Fault:
    return Fault(Severity.WARNING, message, mend)


def _notes(message: str, mend: str) -> Fault:
    return Fault(Severity.NOTE, message, mend)


FAULTS: Mapping[str, Fault] = MappingProxyType(
    {
        "csv_fields_few": _rejects(
            "The row has fewer cells than the header.",
            "A comma was lost, or the row was cut off. Export the file again, or write the missing cells.",
        ),
        "csv_fields_many": _rejects(
            "The row has more cells than the header.",
            "A cell with a comma in it needs quotation marks round it. Export the file again, or add them.",
        ),
        "csv_quote_unclosed": _rejects(
            "A quotation mark in this row is not closed.",
            "Close it, or take it out; write a quotation mark inside a quoted cell twice.",
        ),
        "csv_quote_misplaced": _rejects(
            "A quotation mark stands in the middle of a cell.",
            "Quote the whole cell, and write a quotation mark inside it twice.",
        ),
        "csv_nul": _rejects(
            "The row holds a NUL byte, so part of it is lost.",
            "Export the file again from the information system; a disk or a transfer damaged it.",
        ),
        "csv_row_long": _rejects(
            "The row is longer than 65,536 bytes.",
            "Look for free text in the file, leave that column out, and export again.",
        ),
        "csv_cell_long": _rejects(
            "The cell holds more than 200 characters.",
            "Look whether the columns have slipped; this cell should hold a short value.",
        ),
        "csv_formula": _rejects(
            "The cell holds a formula, not a value.",
            "In the spreadsheet, copy the column and paste it back as values; then save as CSV again.",
        ),
        "csv_excel_error": _rejects(
            "The cell holds a spreadsheet error or was too narrow to show its value.",
            "Widen the column or mend the formula in the spreadsheet, then save as CSV again.",
        ),
        "csv_excel_date": _rejects(
            "The spreadsheet turned this cell into a date.",
            "Export again, open the file with this column set to Text, and type the value anew.",
        ),
        "csv_excel_number": _rejects(
            "The spreadsheet shortened this key to a number such as 1.2E+12, so that pupils cannot be told apart.",
            "Export again, and open the file with this column set to Text.",
        ),
        "csv_upn_number": _warns(
            "The spreadsheet turned UPNs into numbers; these are read as blank.",
            "Export again, and open the file with this column set to Text.",
        ),
        "csv_date_serial": _rejects(
            "The cell holds a spreadsheet's day number, not a date.",
            "Format the column as a date (2026-09-07 or 07/09/2026), then save as CSV again.",
        ),
        "csv_dates_mixed": _warns(
            "The column mixes 2026-09-07 and 07/09/2026; both were read, day before month.",
            "Look at these rows: a program that writes month before day would have changed them.",
        ),
        "csv_date_zone": _rejects(
            "The date carries a time of day and a time zone, so that it may mean the day before.",
            "Export dates without a time, such as 2026-09-07.",
        ),
        "csv_value_unknown": _warns(
            "The word is not one that this column may hold; it counts as unknown.",
            "The permitted words are listed in docs/reference/csv-layouts.md.",
        ),
        "csv_apostrophe": _warns(
            "Cells begin with an apostrophe, which was left out.",
            "It is a spreadsheet's mark for text. Nothing is lost; format the column as Text to be rid of it.",
        ),
        "csv_school_unknown": _rejects(
            "The row's school is not one of the schools listed.",
            "Write the URN as in schools.csv, or add the school there.",
        ),
        "csv_item_unknown": _rejects(
            "The row names an item that is not known.",
            "Items are named as in the column list of docs/reference/csv-layouts.md.",
        ),
        "csv_item_unasked": _notes(
            "Rows about items that the assessment does not permit were left out.",
            "Nothing needs to be done; such rows need not be in the file.",
        ),
        "csv_subcode": _rejects(
            "The mark and its sub-code together would be another code, and it is not known which one is meant.",
            "Ask the supplier for the statutory code in the mark column, or correct the mark.",
        ),
        "csv_outside_period": _notes(
            "Rows dated outside the days asked for were left out.",
            "Nothing needs to be done; they are read when their days are asked for.",
        ),
        "csv_rows_blank": _notes(
            "Rows without any value were left out.",
            "Nothing needs to be done; delete the empty rows in the spreadsheet to be rid of them.",
        ),
        "csv_column_absent": _notes(
            "The file has no column for items that the assessment permits; they count as unknown.",
            "Add the columns named here if the figures need them.",
        ),
        "csv_delimiter": _warns(
            "The cells are parted by another character than a comma; it was recognised and used.",
            "Save as 'CSV UTF-8 (comma delimited)'.",
        ),
        "csv_no_marks": _warns(
            "The file holds no mark of this school on the days asked for.",
            "Look whether the export covers these days.",
        ),
    }
)
"""Every check of rows and cells by its name."""


class Stage(StrEnum):
    """Which rows a file holds: a rejected row is counted among the marks, the roll or the status received."""

    ROLL = "roll"
    STATUS = "status"
    MARKS = "mark"


@dataclass(slots=True)
class _Noted:
    """The first rows of a check, and how many more there are from which row on."""

    shown: list[int] = field(default_factory=list)
    rest_from: int = 0
    n_rest: int = 0

    def add(self, rows: Rows, *, single: int) -> None:
        n = max(0, single - len(self.shown))
        self.shown += rows[:n].tolist()
        if rows.size > n:
            self.rest_from = self.rest_from or int(rows[n])
            self.n_rest += int(rows.size) - n


@dataclass(slots=True)
class Report:
    """Findings about one file, gathered while it is read; `place` is its base name."""

    place: str
    stage: Stage
    _noted: dict[tuple[str, str], _Noted] = field(default_factory=dict)

    def add(self, check: str, rows: Rows, *, field: str = "") -> None:
        """Take note of a check's rows, in the order of the file (none: nothing is noted)."""
        if rows.size:
            single = SHOWN_EACH if FAULTS[check].severity is Severity.ERROR else 0
            self._noted.setdefault((check, field), _Noted()).add(rows, single=single)

    def add_total(self, check: str, *, row: int, n_rows: int, field: str) -> None:
        """Take note of rows that were only counted, by the first of them."""
        self._noted.setdefault((check, field), _Noted(rest_from=row, n_rest=n_rows))

    def add_file(self, check: str, *, field: str = "") -> None:
        """Take note of a check that concerns the whole file."""
        self._noted.setdefault((check, field), _Noted())

    def findings(self) -> tuple[Finding, ...]:
        """What was found, by row: rejected rows singly as far as SHOWN_EACH, everything else once with its count."""
        found = (
            self._finding(check, column, row=row, n_rows=n_rows)
            for (check, column), noted in self._noted.items()
            for row, n_rows in _told(noted)
        )
        return tuple(sorted(found, key=lambda finding: (finding.row or 0, finding.check, finding.field)))

    def _finding(self, check: str, column: str, *, row: int | None, n_rows: int) -> Finding:
        fault = FAULTS[check]
        rejected = fault.severity is Severity.ERROR
        return Finding(
            check=f"{check}_{self.stage}_row" if rejected else check,  # screening counts rejected rows by this name
            severity=fault.severity,
            message=fault.message + (f" This row and {n_rows - 1} more." if n_rows > 1 else ""),
            mend=fault.mend,
            place=self.place,
            row=row,
            field=column,
            n_rows=n_rows,
        )


def _told(noted: _Noted) -> Iterator[tuple[int | None, int]]:
    """Row and number of rows of each finding."""
    if not noted.shown and not noted.n_rest:
        yield None, 1
    yield from ((row, 1) for row in noted.shown)
    if noted.n_rest:
        yield noted.rest_from, noted.n_rest
