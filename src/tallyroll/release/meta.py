"""Describing tables: which columns are filters, which are indicators, and how a reader sees them.

The words stand in `data/filters.csv` and `data/indicators.csv`, for the names of 2022 to 2024 and those since. A
column that neither knows is refused: nothing is published undescribed.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import pyarrow as pa
import pyarrow.compute as pc

from tallyroll.release.dictionary import rows_of
from tallyroll.release.standard import REQUIRED_DATA, TOTAL, UNIT_COLUMNS
from tallyroll.vocab.errors import UsageProblem

_NAME = re.compile("[a-z0-9_-]{1,50}")
_TOTALS = (TOTAL, "All schools", "All pupils")
_DATES = frozenset({"attendance_date", "week_commencing", "first", "last"})


@dataclass(frozen=True, slots=True)
class Filter:
    """A column that a table is broken down by. `default` is the item shown first where there is no Total."""

    name: str
    label: str
    hint: str = ""
    grouping_column: str = ""
    default: str = ""


@dataclass(frozen=True, slots=True)
class Indicator:
    """A column of figures: unit blank or %, decimal places to show, and the heading it stands under."""

    name: str
    label: str
    unit: str = ""
    dp: int = 0
    grouping: str = ""


@dataclass(frozen=True, slots=True)
class EesTable:
    """A table with its description, as the two files of a pair need it."""

    name: str
    table: pa.Table
    filters: tuple[Filter, ...]
    indicators: tuple[Indicator, ...]


FILTERS: Mapping[str, Filter] = MappingProxyType({row["name"]: Filter(**row) for row in rows_of("filters")})
"""The filters of attendance files, by name."""

INDICATORS: Mapping[str, Indicator] = MappingProxyType(
    {
        row["name"]: Indicator(row["name"], row["label"], row["unit"], int(row["dp"]), row["grouping"])
        for row in rows_of("indicators")
    }
)
"""The indicators of attendance files, by name."""


def describe(name: str, table: pa.Table, *, more: Sequence[Filter | Indicator] = ()) -> EesTable:
    """The table with the description of its columns, in their order.

    Columns of time and place are not described, nor are filters with one item. `more` describes columns that the
    room's own words do not know, or knows otherwise.
    Raises: UsageProblem for a name that EES would refuse, a table without rows, a column missing or not known.
    """
    known = {**FILTERS, **INDICATORS, **{one.name: one for one in more}}
    _check(name, table, known)
    free = [known[column] for column in table.column_names if column not in UNIT_COLUMNS]
    items = {one.name: _items(table[one.name]) for one in free if isinstance(one, Filter)}
    wide = {column for column, found in items.items() if len(found) > 1}
    return EesTable(
        name,
        table,
        tuple(_filter(one, items[one.name], wide) for one in free if isinstance(one, Filter) and one.name in wide),
        tuple(_indicator(one, table[one.name]) for one in free if isinstance(one, Indicator)),
    )


def _check(name: str, table: pa.Table, known: Mapping[str, object]) -> None:
    if not _NAME.fullmatch(name):
        raise UsageProblem(
            f"'{name}' cannot name an EES file.", mend="Use lower-case letters, digits, _ and -, 50 at most."
        )
    if not table.num_rows:
        raise UsageProblem("The table has no rows.", where=name, mend="Leave it out of the release.")
    missing = [column for column in REQUIRED_DATA if column not in table.column_names]
    if missing:
        raise UsageProblem(
            f"The table has no {', '.join(missing)}.", where=name, mend="Every EES file says when and where."
        )
    unknown = [column for column in table.column_names if column not in UNIT_COLUMNS and column not in known]
    if unknown:
        raise UsageProblem(
            f"Nothing describes the column {', '.join(unknown)}.",
            where=name,
            mend="Describe it as a Filter or an Indicator.",
        )


def _items(column: pa.ChunkedArray) -> list[str]:
    return [str(item) for item in pc.unique(column).to_pylist()]


def _filter(one: Filter, items: Sequence[str], wide: set[str]) -> Filter:
    """The filter with what only the table tells: whether its group is there, and which item comes first."""
    group = one.grouping_column if one.grouping_column in wide else ""
    first = next((item for item in _TOTALS if item in items), max(items) if one.name in _DATES else "")
    return replace(one, grouping_column=group, default=one.default or ("" if first == TOTAL else first))


def _indicator(one: Indicator, column: pa.ChunkedArray) -> Indicator:
    """The indicator; a mean that is whole in every row, as in daily files, is shown without decimal places."""
    if one.unit or not one.dp:
        return one
    parted = pc.match_substring(pc.cast(column, pa.string()), ".")
    return one if pc.any(parted).as_py() else replace(one, dp=0)
