"""Reading the rows of an opened CSV file: permitted columns only, block by block, with the row each came from.

A column that the permit does not cover is never parsed into anything; a row that cannot be parsed is left out and
reported. Memory stays bounded: some 100 MB for a block, however long the file is.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.csv as arrow_csv

from tallyroll.connectors.csvfile.faults import FileProblem, Report, Rows
from tallyroll.connectors.csvfile.lines import LF, Flags, Survey, survey
from tallyroll.connectors.csvfile.opening import Opened, bad_byte
from tallyroll.governance import Permit

BLOCK = 1 << 24  # bytes read at a time: some 400,000 marks
CELL = pa.dictionary(pa.int32(), pa.string())
END = bytes([LF])

Concerns = Callable[[bytes], bool]


@dataclass(frozen=True, slots=True)
class Part:
    """Some rows of a file: their numbers, and each of our columns as distinct values and places."""

    rows: Rows
    columns: dict[str, pa.DictionaryArray]

    def take(self, places: Rows) -> "Part":
        """Only the rows at these places."""
        chosen = pa.array(places)
        taken = {
            name: pa.DictionaryArray.from_arrays(column.indices.take(chosen), column.dictionary)
            for name, column in self.columns.items()
        }
        return Part(self.rows[places], taken)

    def without(self, flags: Flags) -> "Part":
        """The rows that are not flagged."""
        return self.take(np.flatnonzero(~flags)) if flags.any() else self


def lookup(column: pa.DictionaryArray, judge: Callable[[str], bool]) -> Flags:
    """For each row what the judge says of its value: a value is judged once, however many rows hold it."""
    answers = np.array([judge(value) for value in column.dictionary.to_pylist()], dtype=np.bool_)
    flags: Flags = answers[column.indices.to_numpy()]
    return flags


def read_parts(
    permit: Permit, opened: Opened, *, report: Report, concerns: Concerns | None = None, block: int = BLOCK
) -> Iterator[Part]:
    """The sound rows, part by part; broken ones go to the report.

    `concerns` says of a broken row's bytes whether it is ours to report (None: every one is).
    Raises: FileProblem where a byte is not UTF-8, with its line.
    """
    names = [name for name in opened.sheet.permitted(permit) if name in opened.places]
    if opened.separator != b",":
        report.add_file("csv_delimiter")
    with opened.path.open("rb") as file:
        file.seek(opened.start)
        for text, found in _surveys(file, opened, block):
            _note(found, text, report, concerns)
            if found.rows.size:
                yield Part(found.rows, _cells(found, opened, names))


def _surveys(file: BinaryIO, opened: Opened, size: int) -> Iterator[tuple[bytes, Survey]]:
    """The file in blocks of whole rows, its header left out, every line ended by LF."""
    rest, row, more = b"", 1, True
    while more:
        chunk = _chunk(file, size)
        more = bool(chunk)
        text = rest + chunk
        if not more and text and not text.endswith(END):
            text += END
        cut = text.rfind(END) + 1
        lines, rest = text[:cut], text[cut:]
        _check_utf8(lines, row, opened)
        if row == 1 and lines:
            lines, row = lines[lines.index(END) + 1 :], 2
        if lines:
            found = survey(lines, separator=opened.separator, n_fields=opened.n_fields, first_row=row, last=not more)
            rest, row = lines[found.used :] + rest, row + found.n_rows
            yield lines, found


def _chunk(file: BinaryIO, size: int) -> bytes:
    """The next bytes, with any of the three line ends written as LF."""
    data = file.read(size)
    while data.endswith(b"\r"):  # the LF of this CR may be the next byte
        more = file.read(1)
        data += more
        if not more:
            break
    return data.replace(b"\r\n", END).replace(b"\r", END) if b"\r" in data else data


def _check_utf8(lines: bytes, row: int, opened: Opened) -> None:
    if lines.isascii():
        return
    offsets = pa.array([0, len(lines)], type=pa.int64())
    text = pa.Array.from_buffers(pa.large_string(), 1, [None, offsets.buffers()[1], pa.py_buffer(lines)])
    try:
        text.validate(full=True)  # looks at the bytes where they are, and makes no text of them
    except pa.ArrowInvalid:
        for number, line in enumerate(lines.split(END), start=row):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError as error:
                raise bad_byte(opened.path, row=number, offset=error.start) from None


def _note(found: Survey, text: bytes, report: Report, concerns: Concerns | None) -> None:
    for fault in found.faults:
        rows = fault.rows
        if concerns is not None and fault.check != "csv_rows_blank":
            spans = zip(fault.starts.tolist(), fault.ends.tolist(), strict=True)
            rows = rows[[concerns(text[start:end]) for start, end in spans]]
        report.add(fault.check, rows)


def _cells(found: Survey, opened: Opened, names: list[str]) -> dict[str, pa.DictionaryArray]:
    columns = [str(place) for place in range(opened.n_fields)]
    wanted = [columns[opened.places[name]] for name in names]
    try:
        table = arrow_csv.read_csv(
            pa.BufferReader(found.clean),
            read_options=arrow_csv.ReadOptions(column_names=columns, block_size=1 << 20),
            parse_options=arrow_csv.ParseOptions(
                delimiter=opened.separator.decode(), newlines_in_values=found.broken_cells
            ),
            convert_options=arrow_csv.ConvertOptions(
                include_columns=list(dict.fromkeys(wanted)),
                column_types=dict.fromkeys(wanted, CELL),
                null_values=[],
                check_utf8=False,
            ),
        )
    except pa.ArrowInvalid:  # its text would show the row
        raise _not_parsed(opened) from None
    if table.num_rows != found.rows.size:
        raise _not_parsed(opened)
    table = table.unify_dictionaries()
    return {name: table.column(column).combine_chunks() for name, column in zip(names, wanted, strict=True)}


def _not_parsed(opened: Opened) -> FileProblem:
    return FileProblem(
        "csv_unreadable",
        "The rows of the file do not keep to one layout, and it cannot be said where.",
        where=opened.path.name,
        mend="Export it again, and send us the first lines with made-up values if it stays so.",
    )
