"""Columns: what both files must have, whether they name the same columns, and how columns are named."""

import re
from collections.abc import Iterator

from tallyroll.release.checks.rule import FAIL, WARN, Check, Fault, Stage, fault_if
from tallyroll.release.pair import Pair
from tallyroll.release.standard import OPTIONAL_META, REQUIRED_DATA, REQUIRED_META, UNIT_COLUMNS

_SMUSHED = re.compile(
    "male|asian|chinese|indian|pakistani|bangladeshi|black|african|caribbean|white|roma|irish|english|british"
    "|scottish|welsh|arab",
    re.IGNORECASE,
)
_CHARACTERISTIC = frozenset({"characteristic", "characteristic_group"})


def _in_meta(pair: Pair, names: list[str]) -> tuple[str, ...]:
    return pair.meta.places(row for row in pair.meta.rows if {row.col_name, row.filter_grouping_column} & set(names))


def _required_meta(pair: Pair) -> Iterator[Fault]:
    missing = [name for name in REQUIRED_META if name not in pair.meta.names]
    return fault_if(missing, "The meta file lacks {}.", lambda _: (pair.meta.file,))


def _invalid_meta(pair: Pair) -> Iterator[Fault]:
    unknown = [name for name in pair.meta.names if name not in (*REQUIRED_META, *OPTIONAL_META)]
    return fault_if(unknown, "The meta file has {}, which no meta file has.", lambda _: (pair.meta.file,))


def _required_data(pair: Pair) -> Iterator[Fault]:
    missing = [name for name in REQUIRED_DATA if name not in pair.data.names]
    return fault_if(missing, "The data file lacks {}.", lambda _: (pair.data.file,))


def _columns_to_rows(pair: Pair) -> Iterator[Fault]:
    free = len(pair.data.names) - len(REQUIRED_DATA)
    if len(pair.meta.rows) > free:
        yield Fault(
            f"The meta file describes {len(pair.meta.rows)} columns; beside time and place the data file has {free}.",
            (pair.meta.file, pair.data.file),
        )


def _meta_to_data(pair: Pair) -> Iterator[Fault]:
    missing = [row.col_name for row in pair.meta.rows if row.col_name and row.col_name not in pair.data.names]
    return fault_if(missing, "The data file has no column {}.", lambda names: _in_meta(pair, names))


def _data_to_meta(pair: Pair) -> Iterator[Fault]:
    free = [name for name in pair.data.names if name not in (*UNIT_COLUMNS, *pair.meta.named)]
    left_out = [name for name in free if pair.data.n_items(name) > 1]
    return fault_if(left_out, "The meta file says nothing of {}.", pair.data.columns)


def _spaces(pair: Pair) -> Iterator[Fault]:
    spaced = [name for name in pair.data.names if re.search(r"\s", name)]
    return fault_if(spaced, "There is a space in {}.", pair.data.columns)


def _snake_case(pair: Pair) -> Iterator[Fault]:
    odd = [name for name in pair.data.names if re.search(r"[^a-z0-9_\s]", name)]
    return fault_if(odd, "There are capitals or special characters in {}.", pair.data.columns)


def _start(pair: Pair) -> Iterator[Fault]:
    odd = [name for name in pair.data.names if not re.match("[a-z]", name)]
    return fault_if(odd, "No lower-case letter begins {}.", pair.data.columns)


def _smushed(pair: Pair) -> Iterator[Fault]:
    odd = [name for name in pair.meta.indicators if _SMUSHED.search(name)]
    return fault_if(odd, "A characteristic is part of the name of {}.", lambda names: _in_meta(pair, names))


def _characteristic(pair: Pair) -> Iterator[Fault]:
    used = [name for name in pair.meta.named if name in _CHARACTERISTIC]
    return fault_if(used, "The meta file uses {}.", lambda names: _in_meta(pair, names))


PRESENT = Stage(
    "precheck_columns",
    "The columns that must be there",
    (
        Check(
            "col_req_meta",
            FAIL,
            "The meta file has every required column.",
            f"Add the missing one; the required ones are {', '.join(REQUIRED_META)}.",
            _required_meta,
        ),
        Check(
            "col_invalid_meta",
            FAIL,
            "The meta file has only columns that a meta file knows.",
            f"Take the column out. Beside the required ones only {' and '.join(OPTIONAL_META)} may stand there.",
            _invalid_meta,
        ),
        Check(
            "col_req_data",
            FAIL,
            "The data file has every required column.",
            f"Add the missing one; the required ones are {', '.join(REQUIRED_DATA)}.",
            _required_data,
        ),
        Check(
            "col_to_rows",
            FAIL,
            "The meta file has no more rows than the data file has columns beside the five required ones.",
            "Take out rows of the meta file that describe no column, and rows that stand twice.",
            _columns_to_rows,
        ),
    ),
)
CROSS = Stage(
    "precheck_cross_file",
    "The two files against each other",
    (
        Check(
            "cross_meta_to_data",
            FAIL,
            "Every col_name of the meta file is a column of the data file.",
            "Spell the name as the data file does, or take the row out.",
            _meta_to_data,
        ),
        Check(
            "cross_data_to_meta",
            WARN,
            "Every column of the data file says when or where, holds one item only, or stands in the meta file.",
            "Describe the column in the meta file, or take it out of the data file.",
            _data_to_meta,
        ),
    ),
)
NAMES = Stage(
    "check_columns",
    "How columns are named",
    (
        Check(
            "col_names_spaces",
            FAIL,
            "No column name of the data file has a space.",
            "Write an underscore instead.",
            _spaces,
        ),
        Check(
            "col_snake_case",
            WARN,
            "Column names have lower-case letters, digits and underscores only.",
            "Write the name in snake_case.",
            _snake_case,
        ),
        Check(
            "col_var_start",
            WARN,
            "Column names begin with a lower-case letter.",
            "Put a word in front.",
            _start,
        ),
        Check(
            "col_ind_smushed",
            FAIL,
            "No indicator's name holds an item of a characteristic (female, white, irish and so on).",
            "Make the characteristic a filter, with one row for each item, and keep one indicator.",
            _smushed,
        ),
        Check(
            "col_var_characteristic",
            WARN,
            "The meta file does not use 'characteristic' or 'characteristic_group'.",
            "Give each characteristic a filter of its own, or use breakdown_topic and breakdown.",
            _characteristic,
        ),
    ),
)
