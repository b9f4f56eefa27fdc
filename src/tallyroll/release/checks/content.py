"""Content: rows that stand twice, words for nothing, and what an indicator's cell may hold."""

import re
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tallyroll.release.checks.rule import FAIL, WARN, Check, Fault, Stage, listed
from tallyroll.release.pair import Pair
from tallyroll.release.standard import (
    INSTITUTION,
    LEGACY_SYMBOLS,
    NULLS,
    OBSOLETE_SYMBOLS,
    PLANNING,
    PROVIDER,
    SCHOOL,
    SYMBOLS,
    UNIT_COLUMNS,
)

_NUMBER = re.compile(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?|[0-9]{4}-[0-9]{2}-[0-9]{2}")
_SPOKEN_FOR = SYMBOLS | OBSOLETE_SYMBOLS | LEGACY_SYMBOLS | NULLS


def _duplicates(pair: Pair) -> Iterator[Fault]:
    levels = pair.data.items("geographic_level")
    left_out = (
        [INSTITUTION, PLANNING] if levels in ([SCHOOL], [PROVIDER]) else [SCHOOL, PROVIDER, INSTITUTION, PLANNING]
    )
    places = np.flatnonzero(~pair.data.where("geographic_level", left_out))
    keys = pair.data.keys(pair.present((*UNIT_COLUMNS, *pair.filters_and_groups)))[places]
    _, first = np.unique(keys, return_index=True)
    again = np.setdiff1d(np.arange(len(keys)), first, assume_unique=True)
    if len(again):
        what = f"{len(again)} row(s) repeat time, place and filters of a row above."
        yield Fault(what, pair.data.rows(places[again].tolist()))


def _nulls(pair: Pair) -> Iterator[Fault]:
    for words, outcome in ((NULLS, FAIL), (LEGACY_SYMBOLS, WARN)):
        columns = [name for name in pair.data.names if pair.data.among(name, words)]
        where = [place for name in columns for place in pair.data.rows(pair.data.where(name, words), column=name)]
        if columns:
            said = sorted({item for name in columns for item in words if pair.data.among(name, [item])})
            yield Fault(f"{listed(said)} stands in {listed(columns)}.", tuple(where), outcome)
    rows = [row for row in pair.meta.rows if not NULLS.isdisjoint(row.cells)]
    if rows:
        yield Fault("A word for nothing stands in the meta file.", pair.meta.places(rows))


def _is_odd(item: str) -> bool:
    """Whether an item is nothing that an indicator may hold; blanks and words for nothing have checks of their own."""
    return bool(item.strip()) and item not in _SPOKEN_FOR and not _NUMBER.fullmatch(item)


def _all_numbers(items: pa.Array) -> bool:
    """Whether all items are finite numbers: the quick way, for the quarter of a million rates of a column."""
    try:
        numbers = pc.cast(items, pa.float64())
    except pa.ArrowInvalid:
        return False
    return bool(pc.all(pc.is_finite(numbers)).as_py())


def _indicators(pair: Pair) -> tuple[str, ...]:
    return pair.present(pair.meta.indicators)


def _odd_entries(pair: Pair) -> Iterator[Fault]:
    for name in _indicators(pair):
        if pair.data.among(name, OBSOLETE_SYMBOLS):
            places = pair.data.rows(pair.data.where(name, OBSOLETE_SYMBOLS), column=name)
            yield Fault(f"An obsolete symbol stands in '{name}'.", places)
    for name in pair.present(row.col_name for row in pair.meta.indicator_rows if row.indicator_unit != "numberstring"):
        items = pair.data.cells(name)
        plain = items.filter(pc.invert(pc.is_in(items, value_set=pa.array(sorted(_SPOKEN_FOR | {""})))))
        if not _all_numbers(plain) and any(map(_is_odd, plain.to_pylist())):
            places = pair.data.rows(pair.data.where(name, _is_odd), column=name)
            yield Fault(f"Neither a number nor a symbol stands in '{name}'.", places)


def _blank_entries(pair: Pair) -> Iterator[Fault]:
    for name in _indicators(pair):
        blank = pair.data.blank(name)
        if blank.any():
            yield Fault(f"There are blanks in '{name}'.", pair.data.rows(blank, column=name))


GENERAL = Stage(
    "check_general",
    "Rows and words",
    (
        Check(
            "general_dupes",
            FAIL,
            "No two rows have the same time, place and filters.",
            "Take the repeated row out, or add the filter that tells the rows apart.",
            _duplicates,
        ),
        Check(
            "general_null",
            FAIL,
            "No cell holds a program's word for nothing (NULL, NA, NaN and so on); old symbols such as N/A, '..' and "
            "'-' warn.",
            "Write a symbol of the standard: z not applicable, x not available, c confidential, low.",
            _nulls,
            limits="Stricter than the department's: NaN and #N/A fail too.",
        ),
    ),
)
INDICATORS = Stage(
    "check_indicators",
    "Indicators",
    (
        Check(
            "ind_invalid_entry",
            FAIL,
            "An indicator's cell holds a number or one of the symbols z, x, c, low; never ':' or '~'.",
            "Write the plain number (1234.5, without commas or %), or the symbol that says why there is none.",
            _odd_entries,
            limits="Stricter than the department's, which looks for the obsolete symbols only.",
        ),
        Check(
            "ind_blank",
            FAIL,
            "No indicator has a blank cell.",
            "Write the symbol that says why there is no number: z not applicable, x not available, c confidential.",
            _blank_entries,
            limits="Our own: the department's screener (0.3.1) was seen to miss blank indicators.",
        ),
    ),
)
