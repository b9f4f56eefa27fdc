"""One file: opened, proved to be of the layout and whole, and read as far as its columns were asked for."""

from collections.abc import Collection
from pathlib import Path

import pyarrow as pa

from tallyroll.connectors.arrow import layout
from tallyroll.connectors.arrow.layout import DAY, ENCODED, TEXT, Part
from tallyroll.vocab.errors import InputProblem


def read_file(path: Path, *, part: Part, columns: Collection[str]) -> pa.Table:
    """These columns of a file, with `row` (from 1): text with each distinct value once, days as text.

    Raises: InputProblem that names the file and, where one can be named, the column and the row.
    """
    try:
        with pa.memory_map(str(path)) as source:  # columns that were not asked for are never read
            return read_source(source, name=path.name, part=part, columns=columns)
    except OSError as error:
        if isinstance(error, pa.ArrowException):
            raise
        raise InputProblem(
            "The file cannot be read.", where=path.name, mend="Put it into the folder, with rights to read it."
        ) from None


def read_source(source: pa.NativeFile, *, name: str, part: Part, columns: Collection[str]) -> pa.Table:
    """The same from anything that Arrow reads from."""
    try:
        shape = pa.ipc.open_file(source).schema
        _check(part, shape, name=name)
        wanted = [place for place, column in enumerate(shape.names) if column in columns]
        table = pa.ipc.open_file(source, options=pa.ipc.IpcReadOptions(included_fields=wanted)).read_all()
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowSerializationError, EOFError):
        raise InputProblem(
            "This is not a whole Arrow IPC file.", where=name, mend="Write it again, in the file (not stream) format."
        ) from None
    whole = {column: _proved(table.column(column), name=name, column_name=column) for column in table.column_names}
    rows = pa.array(range(1, table.num_rows + 1), pa.int32())
    return pa.table({"row": rows, **{column: _as_text(array) for column, array in whole.items()}})


def _check(part: Part, shape: pa.Schema, *, name: str) -> None:
    if found := layout.faults(part, shape):
        listed = "".join(f"\n  {fault}" for fault in found)
        raise InputProblem(
            f"The columns are not those of {part}.arrow:{listed}\n",
            where=name,
            mend="docs/reference/arrow.md lists the columns and their types; leave every other out.",
        )


def _proved(column: pa.ChunkedArray, *, name: str, column_name: str) -> pa.Array:
    """The column in one piece, once its text is UTF-8 and its indices lead somewhere."""
    row = 0
    for chunk in column.chunks:
        if not _is_whole(chunk):
            raise InputProblem(
                f"Row {row + _first_fault(chunk) + 1} of column '{column_name}' is not what its type says.",
                where=name,
                mend="Write text as UTF-8, and indices that lie within their dictionary.",
            )
        row += len(chunk)
    return column.unify_dictionaries().combine_chunks() if column.num_chunks != 1 else column.chunk(0)


def _is_whole(array: pa.Array) -> bool:
    try:
        array.validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def _first_fault(array: pa.Array) -> int:
    """The place of the first row that is not whole, by halves; 0 where the fault is in all of them."""
    first, beyond = 0, len(array)
    while beyond - first > 1:
        middle = (first + beyond) // 2
        first, beyond = (middle, beyond) if _is_whole(array.slice(first, middle - first)) else (first, middle)
    return first


def _as_text(array: pa.Array) -> pa.Array:
    """The column as screening takes it: numbers as they are, text and days as text."""
    if array.type == DAY:
        days = array.dictionary_encode()
        return pa.DictionaryArray.from_arrays(days.indices, days.dictionary.cast(TEXT))
    if pa.types.is_dictionary(array.type):
        return array if array.type == ENCODED else array.cast(ENCODED)
    return array.dictionary_encode() if array.type == TEXT else array
