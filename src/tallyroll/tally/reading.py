"""Reading daily area tallies and census head counts from CSV, in every form the department has exported since 2022."""

import re
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from tallyroll.tally.layouts import AREA, HEADCOUNTS, layout_of, required
from tallyroll.vocab.errors import InputProblem, UsageProblem
from tallyroll.vocab.places import KNOWN_CODES
from tallyroll.vocab.schools import PUBLISHED_PHASES

_HIDDEN = ("", "NA", "c")  # how a cell without a number is written; hidden upstream, never zero
_NUMBER = r"^-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?$"
_DATE = r"^([0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{1,2}/[0-9]{1,2}/[0-9]{4})$"
_PHASES = pa.array([str(phase) for phase in PUBLISHED_PHASES])


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
    table = table.filter(pc.is_in(table[layout.phase], value_set=_PHASES))
    if not table.num_rows:
        raise InputProblem(
            f"There is no row whose {layout.phase} is Primary, Secondary or Special.",
            where=path.name,
            mend="Check that this is a file of daily area tallies.",
        )
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
    columns = {name: _blank_na(table[name]) for name in keys}
    columns |= {name: _numbers(table, name, path) for name in HEADCOUNTS}
    _check_unique(pa.table({**columns, "row": table["row"]}), keys, path)
    return pa.table(columns)


def read_persistent(path: Path) -> pa.Table:
    """Persistent absence by area and phase for one window: enrolments and how many were persistently absent.

    Shape: geographic_level, region_name, la_name, phase as text; ytd_enrolments, pa_flag as float64.
    """
    table = _with_row(_read_text(path))
    phase = "school_type" if "school_type" in table.column_names else "education_phase"
    _need(table, ("geographic_level", "region_name", "la_name", phase, "ytd_enrolments", "pa_flag"), path)
    columns = {name: _blank_na(table[name]) for name in ("geographic_level", "region_name", "la_name")}
    columns["phase"] = table[phase]
    columns |= {name: _numbers(table, name, path) for name in ("ytd_enrolments", "pa_flag")}
    return pa.table(columns)


def _read_text(path: Path) -> pa.Table:
    """The file with every column as text."""
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise UsageProblem("There is no such file.", where=str(path), mend="Check the path.") from error
    except OSError as error:
        raise UsageProblem(f"The file cannot be read: {error.strerror}.", where=str(path)) from error
    try:
        header = data.decode("utf-8-sig").split("\n", 1)[0]
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputProblem(
            f"Row {line} is not UTF-8 text.", where=path.name, mend="Save the file as CSV UTF-8."
        ) from error
    names = [name.strip().strip('"') for name in header.rstrip("\r").split(",")]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InputProblem(f"The column {', '.join(twice)} stands twice.", where=path.name, mend="Keep one of each.")
    options = csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False)
    try:
        return csv.read_csv(pa.BufferReader(data), convert_options=options)
    except pa.ArrowInvalid as error:
        raise InputProblem(
            f"The file is not a whole CSV table: {error}.", where=path.name, mend="Export it again; do not edit it."
        ) from error


def _with_row(table: pa.Table) -> pa.Table:
    return table.append_column("row", pa.array(range(2, table.num_rows + 2), pa.int32()))


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
    parsed = [_iso(value) for value in distinct.to_pylist()]
    days = pc.strptime(pa.array(parsed), format="%Y-%m-%d", unit="s", error_is_null=True).cast(pa.date32())
    days = days.take(pc.index_in(text, value_set=distinct).combine_chunks())
    _first_bad(table, name, pc.is_valid(days), path, mend)
    return pa.chunked_array([days])


def _iso(text: str) -> str:
    parts = re.split("/", text)
    return text if len(parts) == 1 else f"{parts[2]}-{int(parts[1]):02d}-{int(parts[0]):02d}"


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
