"""Findings: what a check has to say about a row, in words that a school can act on and without its data."""

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """ERROR: the row is rejected. WARNING: kept, and somebody should look. NOTE: kept, for the record."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing a check found. `row` is the row of the source (None: the whole file); never a pupil's data."""

    check: str
    severity: Severity
    message: str
    mend: str
    place: str = ""
    row: int | None = None
    field: str = ""
    n_rows: int = 1

    def __str__(self) -> str:
        row = "" if self.row is None else f" row {self.row}"
        field = f" {self.field}" if self.field else ""
        return f"{self.place}{row}{field}: {self.message} {self.mend}".strip()
