"""Reading daily area tallies and census head counts from CSV, in every form the department has exported since 2022."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import date
from functools import reduce
from pathlib import Path
from typing import Any, NoReturn

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from tallyroll.tally.layouts import AREA, HEADCOUNTS, layout_of, required
from tallyroll.vocab.errors import InputProblem, UsageProblem
from tallyroll.vocab.places import KNOWN_CODES
from tallyroll.vocab.schools import PUBLISHED_PHASES

_HIDDEN = ("", "NA", "c")  # how a cell without a number is written; hidden upstream, never zero
_NUMBER = r"^[0-9]{1,15}(\.[0-9]+)?([eE][+-]?[0-9]{1,2})?$"  # never negative, never infinite
_DATE = r"^([0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{1,2}/[0-9]{1,2}/[0-9]{4})$"
_PHASES = pa.array([str(phase) for phase in PUBLISHED_PHASES])
_LEVELS = pa.array(["National", "Regional", "Local authority"])


def read_tallies(path: Path) -> pa.Table:
    """Daily area tallies of the published phases: one row per day, area and phase.

    Shape: the area columns as text, `attendance_date` as date, every count as float64 (whole numbers; null where the
    department hid it). Dates may be written yyyy-mm-dd or dd/mm/yyyy.
    Raises: InputProblem naming the file, the row (the header is row 1) and the mend.
    """
    table = _with_row(_read_text(path))
    _need(table, required(table.column_names), path)
    layout = layout_of(table.column_names)
    if "breakdown" in table.column_names:  # the dashboard's file holds weekly and yearly rows beside the daily ones
        table = table.filter(pc.equal(table["breakdown"], "Daily"))
    _check_phase_spelling(table, layout.phase, path)
    table = table.filter(pc.is_in(table[layout.phase], value_set=_PHASES))
    if not table.num_rows:
        raise InputProblem(
            f"There is no row whose {layout.phase} is Primary, Secondary or Special.",
            where=path.name,
            mend="Check that this is a file of daily area tallies.",
        )
    _check_levels(table, path)
    _check_authorities(table, path)
    columns = {name: _blank_na(table[name]) for name in (*AREA, layout.phase)}
    columns["attendance_date"] = _dates(table, "attendance_date", path)
    columns |= {name: _numbers(table, name, path) for name in layout.counts}
    _check_unique(pa.table({**columns, "row": table["row"]}), (*AREA, layout.phase, "attendance_date"), path)
    return pa.table(columns)


def read_headcounts(path: Path) -> pa.Table:
    """Census head counts: schools in scope and pupils in them, one row per area and phase.

    Shape: geographic_level, region_name, la_name, phase as text; total_num_schools, total_enrolments as float64.
    """
    keys = ("geographic_level", "region_name", "la_name", "phase")
    table = _with_row(_read_text(path))
    _need(table, (*keys, *HEADCOUNTS), path)
    _check_levels(table, path)
    columns = {name: _blank_na(table[name]) for name in keys}
    columns |= {name: _numbers(table, name, path) for name in HEADCOUNTS}
    _check_unique(pa.table({**columns, "row": table["row"]}), keys, path)
    return pa.table(columns)


def read_persistent(path: Path) -> pa.Table:
    """Persistent absence by area and published phase for one window: enrolments, and how many were persistently absent.

    Shape: geographic_level, region_name, la_name, phase as text; ytd_enrolments, pa_flag as float64.
    """
    table = _with_row(_read_text(path))
    phase = "school_type" if "school_type" in table.column_names else "education_phase"
    _need(table, ("geographic_level", "region_name", "la_name", phase, "ytd_enrolments", "pa_flag"), path)
    _check_levels(table, path)
    _check_phase_spelling(table, phase, path)
    table = table.filter(pc.is_in(table[phase], value_set=_PHASES))  # a row Total would be added to its own parts
    keys = ("geographic_level", "region_name", "la_name")
    columns = {name: _blank_na(table[name]) for name in keys}
    columns["phase"] = table[phase]
    columns |= {name: _numbers(table, name, path) for name in ("ytd_enrolments", "pa_flag")}
    _check_unique(pa.table({**columns, "row": table["row"]}), (*keys, "phase"), path)
    return pa.table(columns)


def _read_text(path: Path) -> pa.Table:
    """The file with every column as text."""
    data = _read_bytes(path)
    names = [name.strip().strip('"') for name in data.split(b"\n", 1)[0].decode().rstrip("\r").split(",")]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InputProblem(f"The column '{', '.join(twice)}' stands twice.", where=path.name, mend="Keep one of each.")
    try:
        table = _parse(data, names)
    except pa.ArrowInvalid as error:
        raise _ragged(data, names, path) from error
    if table.num_rows != data.count(b"\n") - data.endswith(b"\n"):
        raise InputProblem(
            f"Row {_first_broken(table)} holds a line break or a quotation mark that is not closed.",
            where=path.name,
            mend="Export the file again; do not edit it.",
        )
    return table if table.num_rows else _no_rows(path)


def _first_broken(table: pa.Table) -> int:
    places = [pc.index(pc.match_substring_regex(column, "[\\r\\n]"), True).as_py() for column in table.columns]
    return min((place for place in places if place >= 0), default=0) + 2


def _read_bytes(path: Path) -> bytes:
    """The file's text as UTF-8 without a byte order mark."""
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise UsageProblem("There is no such file.", where=str(path), mend="Check the path.") from error
    except OSError as error:
        raise UsageProblem(
            f"The file cannot be read: {error.strerror}.", where=str(path), mend="Name a file that you may read."
        ) from error
    try:
        data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputProblem(
            f"Row {line} is not UTF-8 text.", where=path.name, mend="Save the file as CSV UTF-8."
        ) from error
    data = data.removeprefix(b"\xef\xbb\xbf")
    return data if b"\n" in data.strip() else _no_rows(path)


def _no_rows(path: Path) -> NoReturn:
    raise InputProblem("The file holds no row.", where=path.name, mend="Export it again.")


def _parse(data: bytes, names: list[str], **options: Any) -> pa.Table:  # Any: one option of pyarrow's own
    return csv.read_csv(
        pa.BufferReader(data),
        read_options=csv.ReadOptions(column_names=names, skip_rows=1, use_threads=not options),
        parse_options=csv.ParseOptions(ignore_empty_lines=False, **options),  # or rows would lose their numbers
        convert_options=csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False),
    )


def _ragged(data: bytes, names: list[str], path: Path) -> InputProblem:
    """What is wrong with a file that is not a table: the first row whose cells do not fit the header."""
    bad: list[csv.InvalidRow] = []

    def keep(row: csv.InvalidRow) -> str:
        bad.append(row)
        return "skip"

    with suppress(pa.ArrowInvalid):
        _parse(data, names, invalid_row_handler=keep)
    what = "The file is not a CSV table."
    if bad:
        what = f"Row {bad[0].number} has {bad[0].actual_columns} cells; the header has {len(names)}."
    return InputProblem(what, where=path.name, mend="Export the file again; do not edit it.")


def _with_row(table: pa.Table) -> pa.Table:
    """The rows that hold anything, each with its number in the file."""
    blank = reduce(pc.and_, (pc.equal(column, "") for column in table.columns))
    table = table.drop_columns([name for name in table.column_names if name == "row"])
    numbers = pa.array(range(2, table.num_rows + 2), pa.int32())
    return table.append_column("row", numbers).filter(pc.invert(blank))


def _need(table: pa.Table, columns: Sequence[str], path: Path) -> None:
    missing = [name for name in columns if name not in table.column_names]
    if missing:
        raise InputProblem(
            f"The column{'s' if missing[1:] else ''} {', '.join(missing)} {'are' if missing[1:] else 'is'} missing.",
            where=path.name,
            mend=f"The file has {', '.join(name for name in table.column_names if name != 'row')}.",
        )


def _blank_na(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.if_else(pc.equal(column, "NA"), "", column)


def _first_bad(table: pa.Table, name: str, good: pa.ChunkedArray, path: Path, mend: str) -> None:
    bad = table.filter(pc.invert(good))
    if bad.num_rows:
        raise InputProblem(
            f"Row {bad['row'][0].as_py()} has {name} '{bad[name][0].as_py()[:40]}'; {bad.num_rows} rows are like it.",
            where=path.name,
            mend=mend,
        )


def _numbers(table: pa.Table, name: str, path: Path) -> pa.ChunkedArray:
    text = pc.utf8_trim_whitespace(table[name])
    hidden = pc.is_in(text, value_set=pa.array(_HIDDEN))
    good = pc.or_(hidden, pc.match_substring_regex(text, _NUMBER))
    _first_bad(table, name, good, path, "Write a plain number, without thousands separators, or c where hidden.")
    return pc.cast(pc.if_else(hidden, pa.scalar(None, pa.string()), text), pa.float64())


def _dates(table: pa.Table, name: str, path: Path) -> pa.ChunkedArray:
    text = table[name]
    mend = "Write dates as 2023-09-11 or 11/09/2023."
    _first_bad(table, name, pc.match_substring_regex(text, _DATE), path, mend)
    distinct = pc.unique(text)
    days = pa.array([_day(value) for value in distinct.to_pylist()], pa.date32())
    days = days.take(pc.index_in(text, value_set=distinct).combine_chunks())
    _first_bad(table, name, pc.is_valid(days), path, mend)
    return pa.chunked_array([days])


def _day(text: str) -> date | None:
    """The day, by Python's calendar: pyarrow's takes 31 February for 3 March."""
    year, month, day = text.split("-") if "-" in text else reversed(text.split("/"))
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


def _check_levels(table: pa.Table, path: Path) -> None:
    """Refuse a level that is spelt otherwise: disclosure control must know an authority when it sees one."""
    good = pc.is_in(table["geographic_level"], value_set=_LEVELS)
    _first_bad(table, "geographic_level", good, path, f"Write one of {', '.join(_LEVELS.to_pylist())}.")


def _check_phase_spelling(table: pa.Table, phase: str, path: Path) -> None:
    """Refuse ` primary`, which would be left out without a word; other kinds of school are left out on purpose."""
    meant = pc.is_in(pc.utf8_lower(pc.utf8_trim_whitespace(table[phase])), value_set=pc.utf8_lower(_PHASES))
    good = pc.or_(pc.invert(meant), pc.is_in(table[phase], value_set=_PHASES))
    _first_bad(table, phase, good, path, f"Write it as one of {', '.join(_PHASES.to_pylist())}.")


def _check_authorities(table: pa.Table, path: Path) -> None:
    local = pc.equal(table["geographic_level"], "Local authority")
    known = pc.is_in(table["new_la_code"], value_set=pa.array(sorted(KNOWN_CODES)))
    mend = "Use the nine-character code of one of the authorities of England, as in E09000001."
    _first_bad(table, "new_la_code", pc.or_(pc.invert(local), known), path, mend)


def _check_unique(table: pa.Table, keys: Sequence[str], path: Path) -> None:
    groups = table.group_by(list(keys)).aggregate([("row", "count"), ("row", "max")])
    twice = groups.filter(pc.greater(groups["row_count"], 1))
    if twice.num_rows:
        raise InputProblem(
            f"Row {pc.min(twice['row_max']).as_py()} repeats an earlier row of the same {', '.join(keys[-2:])} and "
            f"area; {twice.num_rows} are repeated.",
            where=path.name,
            mend="Keep one row for each; two would count twice.",
        )
