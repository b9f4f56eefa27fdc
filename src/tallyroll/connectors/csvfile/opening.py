"""Opening a CSV file: is it text, how are its cells parted, which of our columns does it have and where."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from tallyroll.connectors.csvfile.faults import FileProblem
from tallyroll.connectors.csvfile.sheets import Sheet, heading

BOM = b"\xef\xbb\xbf"
SEPARATORS = {b",": "a comma", b";": "a semicolon", b"\t": "a tab", b"|": "an upright bar"}
AS_UTF8 = "In Excel: File, Save As, 'CSV UTF-8 (comma delimited)'."
FIRST_LOOK = 1 << 16

NOT_TEXT = (
    (b"PK\x03\x04", "csv_workbook", "This is an Excel workbook, not a CSV file."),
    (b"\xd0\xcf\x11\xe0", "csv_workbook", "This is an old Excel workbook, not a CSV file."),
    (b"\xff\xfe", "csv_encoding", "The file is saved as Unicode text (UTF-16), not as UTF-8."),
    (b"\xfe\xff", "csv_encoding", "The file is saved as Unicode text (UTF-16), not as UTF-8."),
)


@dataclass(frozen=True, slots=True)
class Opened:
    """A file whose header has been read: where its rows begin, and the place of each of our columns in it."""

    path: Path
    sheet: Sheet
    separator: bytes
    start: int  # the first byte after a byte-order mark
    headings: tuple[str, ...]
    places: dict[str, int]

    @property
    def n_fields(self) -> int:
        """How many cells a row has."""
        return len(self.headings)

    def heading(self, column: str) -> str:
        """What the file calls one of our columns."""
        return self.headings[self.places[column]]


def open_sheet(path: Path, *, sheet: Sheet) -> Opened:
    """The file, ready to be read as this sheet. Raises: FileProblem that says all that is wrong with its header."""
    with path.open("rb") as file:
        head = file.read(FIRST_LOOK)
    _check_is_text(head, path)
    start = len(BOM) if head.startswith(BOM) else 0
    separator, headings = read_header(head[start:], path=path)
    places = _places(headings, sheet, path)
    if not _holds_rows(path, start):
        raise FileProblem(
            "csv_no_rows",
            "The file has a header and no rows.",
            where=path.name,
            mend="Export it again: a file without rows would mean that nobody is on roll.",
        )
    return Opened(path, sheet, separator, start, tuple(headings), places)


def read_header(head: bytes, *, path: Path) -> tuple[bytes, list[str]]:
    """The separator, and the headings of the first row as they are compared."""
    first = head.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n", 1)[0]
    try:
        text = first.decode("utf-8")
    except UnicodeDecodeError as error:
        raise bad_byte(path, row=1, offset=error.start) from None
    separator = max(SEPARATORS, key=lambda one: (first.count(one), one == b","))
    cells = next(csv.reader([text], delimiter=separator.decode()), [])
    return separator, [heading(cell) for cell in cells]


def bad_byte(path: Path, *, row: int, offset: int) -> FileProblem:
    """The problem of a byte that is not UTF-8: `offset` counts from the start of the line."""
    return FileProblem(
        "csv_encoding",
        f"The file is not UTF-8: line {row} holds other bytes from its byte {offset + 1} on.",
        where=path.name,
        mend=AS_UTF8,
    )


def _check_is_text(head: bytes, path: Path) -> None:
    for mark, check, what in NOT_TEXT:
        if head.startswith(mark):
            raise FileProblem(check, what, where=path.name, mend=AS_UTF8)
    if head[:400].count(b"\0") > len(head[:400]) // 4:
        raise FileProblem("csv_encoding", "The file is saved as UTF-16.", where=path.name, mend=AS_UTF8)
    if not head.removeprefix(BOM).strip():
        raise FileProblem("csv_empty", "The file is empty.", where=path.name, mend="Export it again.")


def _holds_rows(path: Path, start: int) -> bool:
    """Whether anything but separators and white space follows the first line."""
    with path.open("rb") as file:
        file.seek(start)
        past_header = False
        while chunk := file.read(FIRST_LOOK):
            if not past_header:
                lines = chunk.replace(b"\r", b"\n").split(b"\n", 1)
                past_header = len(lines) == 2
                chunk = lines[-1] if past_header else b""
            if chunk.strip(b" \r\n,;\t|"):
                return True
    return False


def _places(headings: Sequence[str], sheet: Sheet, path: Path) -> dict[str, int]:
    """Where each of our columns stands; FileProblem names every column that is missing or stands twice."""
    places = {}
    for ours, theirs in sheet.columns.items():
        found = next((name for name in theirs if name in headings), None)
        if found is not None:
            places[ours] = headings.index(found)
    twice = sorted({headings[place] for place in places.values() if headings.count(headings[place]) > 1})
    if twice:
        raise FileProblem(
            "csv_column_twice",
            f"The header has {', '.join(twice)} twice.",
            where=path.name,
            mend="Remove one, so that it is clear which to read.",
        )
    missing = [name for name in sheet.needs if name not in places]
    if missing:
        seen = headings if places else ()  # where no heading is known, row 1 may be a pupil's: nothing of it is shown
        doubt = "" if places else "; it does not look like a header"
        raise FileProblem(
            "csv_column_missing",
            f"Row 1 lacks {', '.join(_wanted(sheet, name, seen) for name in missing)}{doubt}.",
            where=path.name,
            mend="Name the columns in row 1; docs/reference/csv-layouts.md lists them.",
        )
    return places


def _wanted(sheet: Sheet, ours: str, headings: Sequence[str]) -> str:
    """A missing column's names, and the heading that looks most like it."""
    names = " or ".join(sheet.columns[ours])
    near = get_close_matches(sheet.columns[ours][0], [one for one in headings if one], n=1, cutoff=0.6)
    return f"{names} (it has '{near[0][:40]}')" if near else names
