"""Reading an EES file as it is: every column text, nothing guessed, nothing made null, bad files named not crashed on.

A column is held as its distinct items and, for each row, the number of its item, so that a check looks at an item
once and not at a quarter of a million rows.
"""

import csv
import io
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as pa_csv

from tallyroll.vocab.errors import InputProblem

EXAMPLES = 10  # as many places as a message names
FIRST_ROW = 2  # the header is row 1, as in a spreadsheet
_BOM = b"\xef\xbb\xbf"
_HEADER_REACH = 1 << 20

Mask = npt.NDArray[np.bool_]


class Unreadable(InputProblem):
    """A file that cannot be read as a table; `check` names what is wrong with it."""

    def __init__(self, check: str, what: str, *, where: str, mend: str = "") -> None:
        super().__init__(what, where=where, mend=mend)
        self.check = check


@dataclass(frozen=True, slots=True)
class _Column:
    items: pa.Array
    codes: npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A file's cells, all text; `file` is its name."""

    file: str
    table: pa.Table
    _seen: dict[str, _Column] = field(default_factory=dict, repr=False, compare=False)

    @property
    def names(self) -> tuple[str, ...]:
        """The columns, in their order."""
        return tuple(self.table.column_names)

    @property
    def n_rows(self) -> int:
        """Rows under the header."""
        return int(self.table.num_rows)

    def _column(self, name: str) -> _Column:
        if name not in self._seen:
            encoded = self.table[name].dictionary_encode().combine_chunks()
            self._seen[name] = _Column(encoded.dictionary, encoded.indices.to_numpy())
        return self._seen[name]

    def items(self, name: str) -> list[str]:
        """The distinct items of a column, in the order in which they first come."""
        return list(self._column(name).items.to_pylist())

    def cells(self, name: str) -> pa.Array | pa.ChunkedArray:
        """Every item of a column at least once: its distinct items where they are known, else all its cells.

        Rates are nearly all distinct: to look at 250,000 of them once is four times faster than to number them.
        """
        return self._seen[name].items if name in self._seen else self.table[name]

    def n_items(self, name: str) -> int:
        """How many distinct items a column has."""
        return len(self._column(name).items)

    def where(self, name: str, test: Callable[[str], bool] | Collection[str]) -> Mask:
        """The rows whose item is among these, or passes this test."""
        column = self._column(name)
        if callable(test):
            hit = np.fromiter((test(item) for item in column.items.to_pylist()), dtype=bool, count=len(column.items))
        else:
            hit = _is_in(column.items, test).to_numpy(zero_copy_only=False)
        found: Mask = hit[column.codes]
        return found

    def blank(self, name: str) -> Mask:
        """The rows whose cell holds nothing, or spaces only."""
        found: Mask = pc.equal(pc.utf8_trim_whitespace(self.table[name]), "").to_numpy()
        return found

    def among(self, name: str, wanted: Collection[str]) -> bool:
        """Whether any row holds one of these items."""
        return bool(pc.any(_is_in(self.cells(name), wanted)).as_py())

    def keys(self, columns: Sequence[str]) -> npt.NDArray[np.int64]:
        """A number for each row, equal where all these columns are equal."""
        key = np.zeros(self.n_rows, dtype=np.int64)
        size = 1
        for name in columns:
            column = self._column(name)
            if size * len(column.items) >= 1 << 62:
                kept, key = np.unique(key, return_inverse=True)
                size = len(kept)
            key = key * len(column.items) + column.codes
            size *= len(column.items)
        return key

    def combinations(self, columns: Sequence[str], within: Mask) -> dict[tuple[str, ...], int]:
        """Each distinct combination of items in these rows, with the place of the first row that holds it."""
        places = np.flatnonzero(within)
        _, first = np.unique(self.keys(columns)[places], return_index=True)
        found = self.table.select(list(columns)).take(pa.array(np.sort(places[first])))
        cells = zip(*(found[name].to_pylist() for name in columns), strict=True)
        return dict(zip(cells, np.sort(places[first]).tolist(), strict=True))

    def rows(self, places: Mask | Iterable[int], *, column: str = "") -> tuple[str, ...]:
        """Where these rows stand in the file, in words, as many as a message names."""
        if isinstance(places, np.ndarray):
            places = np.flatnonzero(places)[:EXAMPLES].tolist()
        suffix = f", column {column}" if column else ""
        return tuple(f"{self.file} row {place + FIRST_ROW}{suffix}" for place in list(places)[:EXAMPLES])

    def columns(self, names: Iterable[str]) -> tuple[str, ...]:
        """Where these columns stand, in words."""
        return tuple(f"{self.file} column {name}" for name in list(names)[:EXAMPLES])


def _is_in(items: pa.Array | pa.ChunkedArray, wanted: Collection[str]) -> pa.Array | pa.ChunkedArray:
    return pc.is_in(items, value_set=pa.array(sorted(wanted), pa.string()))


def read(path: Path) -> Sheet:
    """The file's cells; Unreadable, with the name of the check that says so, when it is not a table."""
    content = _text_bytes(path)
    names, header_lines = _header(content, file=path.name)
    table = _cells(content, names=names, skip=header_lines, file=path.name)
    if table.num_rows == 0:
        raise Unreadable("file_has_rows", "The file has a header and no rows.", where=path.name)
    return Sheet(path.name, table)


def _text_bytes(path: Path) -> bytes:
    content = path.read_bytes().removeprefix(_BOM)
    try:
        if not content.isascii():  # forty times faster than decoding
            content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise Unreadable("file_utf8", "The file is not UTF-8 text.", where=f"{path.name} line {line}") from error
    if not content or content.isspace():
        raise Unreadable("file_header", "The file is empty.", where=path.name)
    if content.endswith((b"\n\n", b"\n\r\n")) or not content.endswith(b"\n"):  # a copy of the file, so only when needed
        content = content.rstrip(b"\r\n") + b"\n"
    return content


def _header(content: bytes, *, file: str) -> tuple[list[str], int]:
    """The names in the first row, and the lines it takes."""
    reader = csv.reader(io.StringIO(content[:_HEADER_REACH].decode("utf-8", errors="ignore"), newline=""))
    try:
        names = next(reader)
    except csv.Error as error:
        raise Unreadable("file_header", "The header cannot be read.", where=f"{file} row 1") from error
    if not names:
        raise Unreadable("file_header", "The first row is blank.", where=f"{file} row 1")
    twice = sorted({name for name in names if names.count(name) > 1 and name})
    if twice:
        raise Unreadable(
            "file_header", f"These names stand twice: {', '.join(twice[:EXAMPLES])}.", where=f"{file} row 1"
        )
    blank = [str(place) for place, name in enumerate(names, start=1) if not name.strip()]
    if blank:
        raise Unreadable("file_header", f"Column {', '.join(blank[:EXAMPLES])} has no name.", where=f"{file} row 1")
    return names, reader.line_num


def _cells(content: bytes, *, names: list[str], skip: int, file: str) -> pa.Table:
    ragged: list[int] = []

    def note(row: pa_csv.InvalidRow) -> str:
        ragged.append(row.number)
        return "skip"

    try:
        table = pa_csv.read_csv(
            pa.BufferReader(content),
            read_options=pa_csv.ReadOptions(use_threads=False, column_names=names, skip_rows=skip, block_size=1 << 24),
            parse_options=pa_csv.ParseOptions(
                newlines_in_values=True, ignore_empty_lines=False, invalid_row_handler=note
            ),
            convert_options=pa_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False, check_utf8=False
            ),
        )
    except pa.ArrowException as error:
        raise Unreadable("file_rows_even", "The rows cannot be told apart.", where=file) from error
    if content.count(b'"') % 2:
        raise Unreadable("file_rows_even", "A quotation mark is opened and not closed.", where=file)
    if ragged:
        rows = ", ".join(str(row) for row in ragged[:EXAMPLES])
        what = f"{len(ragged)} row(s) have more or fewer cells than the header's {len(names)}."
        raise Unreadable("file_rows_even", what, where=f"{file} row {rows}")
    return table
