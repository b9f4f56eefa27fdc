"""Filters: their items, their totals, their groups."""

from collections.abc import Iterator

from tallyroll.release.checks.rule import FAIL, WARN, Check, Fault, Stage, fault_if, listed
from tallyroll.release.pair import Pair
from tallyroll.release.standard import NAMES_AS_FILTERS, PLACE_COLUMNS, TOTAL, UNIT_COLUMNS, looks_like_a_place

ITEM_LIMIT = 25_000
_TOTALS = ("Total", "total", "All", "all")


def _singular(pair: Pair) -> Iterator[Fault]:
    alone = [name for name in pair.present(pair.meta.filters) if pair.data.n_items(name) < 2]
    return fault_if(alone, "There is only one item in {}.", pair.data.columns)


def _defaults(pair: Pair) -> Iterator[Fault]:
    wanted = {row.col_name: row.filter_default or TOTAL for row in pair.meta.filter_rows}
    wanted = {**dict.fromkeys(pair.meta.groups, TOTAL), **wanted}
    lacking = [name for name in pair.present(wanted) if not pair.data.among(name, [wanted[name]])]
    return fault_if(lacking, "Neither 'Total' nor the default stands in {}.", pair.data.columns)


def _group_levels(pair: Pair) -> Iterator[Fault]:
    for row in pair.meta.filter_rows:
        if pair.present((row.filter_grouping_column,)):
            group, items = (pair.data.n_items(name) for name in (row.filter_grouping_column, row.col_name))
            if group > items:
                yield Fault(
                    f"The group '{row.filter_grouping_column}' has {group} items, its filter '{row.col_name}' {items}.",
                    pair.meta.places([row]),
                )


def _too_many(pair: Pair) -> Iterator[Fault]:
    many = [name for name in pair.filters_and_groups if pair.data.n_items(name) > ITEM_LIMIT]
    return fault_if(many, f"There are more than {ITEM_LIMIT:,} items in {{}}.", pair.data.columns)


def _whitespace(pair: Pair) -> Iterator[Fault]:
    for name in pair.present((*pair.meta.filters, *PLACE_COLUMNS)):
        padded = [item for item in pair.data.items(name) if item != item.strip()]
        if padded:
            places = pair.data.rows(pair.data.where(name, padded), column=name)
            yield Fault(f"A space stands before or after {listed(padded)}.", places)


def _total_place(pair: Pair) -> Iterator[Fault]:
    own = NAMES_AS_FILTERS if len(pair.meta.filters) == 1 else frozenset()
    units = [name for name in UNIT_COLUMNS if name not in NAMES_AS_FILTERS]
    columns = [name for name in pair.data.names if name in units or looks_like_a_place(name)]
    for name in columns:
        if name not in own and pair.data.among(name, _TOTALS):
            places = pair.data.rows(pair.data.where(name, _TOTALS), column=name)
            yield Fault(f"There is a total in '{name}', which says when or where.", places)


def _blanks(pair: Pair) -> Iterator[Fault]:
    for name in pair.filters_and_groups:
        blank = pair.data.blank(name)
        if blank.any():
            yield Fault(f"There are blanks in '{name}'.", pair.data.rows(blank, column=name))


FIRST = Stage(
    "precheck_filters",
    "Filters: worth having",
    (
        Check(
            "filter_not_singular",
            FAIL,
            "Every filter has at least two items.",
            "Take its row out of the meta file; the column may stay in the data file.",
            _singular,
        ),
    ),
)
ITEMS = Stage(
    "check_filters",
    "Filters: their items",
    (
        Check(
            "filter_defaults",
            WARN,
            "Every filter and grouping column has the item 'Total', or the one that filter_default names.",
            "Add the total, or name the item to show first in filter_default.",
            _defaults,
        ),
        Check(
            "filter_group_level",
            FAIL,
            "No grouping column has more items than its filter.",
            "Turn the two round in the meta file.",
            _group_levels,
        ),
        Check(
            "filter_item_limit",
            FAIL,
            f"No filter or grouping column has more than {ITEM_LIMIT:,} items.",
            "Look whether an indicator was described as a filter; otherwise split the file.",
            _too_many,
        ),
        Check(
            "filter_whitespace",
            FAIL,
            "No item of a filter or place begins or ends with a space.",
            "Trim the items.",
            _whitespace,
        ),
        Check(
            "filter_ob_total",
            FAIL,
            "No column of time or place holds 'Total' or 'All'.",
            "Leave the cell blank; geographic_level says what a row is of.",
            _total_place,
        ),
        Check(
            "filter_blanks",
            FAIL,
            "No filter or grouping column has blanks.",
            "Write 'Total' where a row is not broken down.",
            _blanks,
        ),
    ),
)
