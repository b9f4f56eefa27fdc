"""The meta file: what its rows may hold."""

import re
from collections import Counter
from collections.abc import Callable, Iterator

from tallyroll.release.checks.rule import FAIL, WARN, Check, Fault, Stage, fault_if, listed
from tallyroll.release.pair import MetaRow, Pair
from tallyroll.release.standard import (
    FILTER,
    INDICATOR,
    NAMES_AS_FILTERS,
    UNIT_COLUMNS,
    UNITS,
    looks_like_a_place,
)

_WHOLE = re.compile(r"[0-9]+(\.0*)?")


def _rows(say: str, wrong: Callable[[MetaRow], object]) -> Callable[[Pair], Iterator[Fault]]:
    """A check that looks at one row after the other; `say` holds `{}` for the columns of the wrong ones."""

    def find(pair: Pair) -> Iterator[Fault]:
        found = [row for row in pair.meta.rows if wrong(row)]
        if found:
            yield Fault(say.format(listed(row.col_name for row in found)), pair.meta.places(found))

    return find


def _is_filter(row: MetaRow) -> bool:
    return row.col_type == FILTER


def _is_indicator(row: MetaRow) -> bool:
    return row.col_type == INDICATOR


def _names_a_unit(row: MetaRow) -> bool:
    named = {row.col_name, row.filter_grouping_column} - NAMES_AS_FILTERS
    return not named.isdisjoint(UNIT_COLUMNS)


def _twice(say: str, value: Callable[[MetaRow], str]) -> Callable[[Pair], Iterator[Fault]]:
    """A check that no two rows hold the same; blanks are another check's matter."""

    def find(pair: Pair) -> Iterator[Fault]:
        count = Counter(value(row) for row in pair.meta.rows if value(row).strip())
        twice = [row for row in pair.meta.rows if count[value(row)] > 1]
        if twice:
            yield Fault(say.format(listed(dict.fromkeys(value(row) for row in twice))), pair.meta.places(twice))

    return find


def _group_is_filter(pair: Pair) -> Iterator[Fault]:
    alone = [name for name in pair.present(pair.meta.groups) if name not in pair.meta.filters]
    return fault_if(alone, "No row describes the grouping column {}.", lambda _: (pair.meta.file,))


def _group_in_data(pair: Pair) -> Iterator[Fault]:
    missing = [name for name in pair.meta.groups if name not in pair.data.names]
    return fault_if(missing, "The data file has no grouping column {}.", lambda _: (pair.meta.file,))


def _group_stripped(pair: Pair) -> Iterator[Fault]:
    for name in pair.present(pair.meta.groups):
        items = pair.data.items(name)
        bare = Counter(re.sub(r"[\W_]", "", item) for item in items)
        alike = [item for item in items if bare[re.sub(r"[\W_]", "", item)] > 1]
        if alike:
            places = pair.data.rows(pair.data.where(name, alike), column=name)
            yield Fault(f"Without punctuation these groups are the same: {listed(alike)}.", places)


def _hidden_place(pair: Pair) -> Iterator[Fault]:
    named = dict.fromkeys((*pair.meta.filters, *pair.meta.groups))
    own = NAMES_AS_FILTERS if len(pair.meta.filters) == 1 else frozenset()
    places = [name for name in named if looks_like_a_place(name) and name not in own]
    return fault_if(places, "{} looks like a column of places, not like a filter.", lambda _: (pair.meta.file,))


PRESENT = Stage(
    "precheck_meta",
    "The meta file: kinds and names",
    (
        Check(
            "meta_col_type",
            FAIL,
            "Every col_type is Filter or Indicator.",
            "Write exactly 'Filter' or 'Indicator'.",
            _rows("The col_type of {} is neither.", lambda row: row.col_type not in (FILTER, INDICATOR)),
        ),
        Check(
            "meta_ob_unit",
            FAIL,
            "The meta file does not describe columns of time or place.",
            "Take the row out: EES knows these columns.",
            _rows("Time or place is described by the row of {}.", _names_a_unit),
        ),
        Check(
            "meta_col_name",
            FAIL,
            "Every row of the meta file has a col_name.",
            "Fill it in, or take the row out.",
            _rows("Row(s) without a col_name: {}.", lambda row: not row.col_name.strip()),
        ),
    ),
)
ROWS = Stage(
    "check_meta",
    "The meta file: what its rows hold",
    (
        Check(
            "meta_dupe_label",
            FAIL,
            "No two rows have the same label.",
            "Word the labels so that a reader can tell the columns apart.",
            _twice("More than one row is labelled {}.", lambda row: row.label),
        ),
        Check(
            "meta_fil_grp",
            FAIL,
            "No indicator has a filter_grouping_column.",
            "Leave it blank on rows of indicators.",
            _rows("{} is an indicator and grouped.", lambda row: _is_indicator(row) and row.filter_grouping_column),
        ),
        Check(
            "meta_fil_grp_dupe",
            FAIL,
            "No grouping column groups two filters.",
            "Give each filter a grouping column of its own.",
            _twice("More than one filter is grouped by {}.", lambda row: row.filter_grouping_column),
        ),
        Check(
            "meta_fil_grp_is_fil",
            WARN,
            "Every grouping column has a row of its own as a filter.",
            "Add a row for it, of col_type Filter.",
            _group_is_filter,
        ),
        Check(
            "meta_fil_grp_match",
            FAIL,
            "Every grouping column is a column of the data file.",
            "Spell the name as the data file does.",
            _group_in_data,
        ),
        Check(
            "meta_fil_grp_stripped",
            FAIL,
            "No two groups differ in spaces and punctuation only.",
            "Write the group in one way.",
            _group_stripped,
        ),
        Check(
            "meta_label",
            FAIL,
            "Every row has a label.",
            "Write what a reader should see in place of the column's name.",
            _rows("There is no label for {}.", lambda row: not row.label.strip()),
        ),
        Check(
            "meta_filter_hint",
            FAIL,
            "No indicator has a filter_hint.",
            "Leave it blank on rows of indicators.",
            _rows("{} is an indicator and has a hint.", lambda row: _is_indicator(row) and row.filter_hint),
        ),
        Check(
            "meta_geog_catch",
            FAIL,
            "No filter's name looks like a column of places.",
            "Use the standard's column for that geography, or name the filter so that nobody takes it for a place.",
            _hidden_place,
        ),
        Check(
            "meta_indicator_dp",
            FAIL,
            "No filter has an indicator_dp.",
            "Leave it blank on rows of filters.",
            _rows("{} is a filter and has decimal places.", lambda row: _is_filter(row) and row.indicator_dp),
        ),
        Check(
            "meta_col_name_spaces",
            FAIL,
            "No col_name has a space.",
            "Write an underscore instead, here and in the data file.",
            _rows("There is a space in {}.", lambda row: re.search(r"\s", row.col_name)),
        ),
        Check(
            "meta_col_name_dupe",
            FAIL,
            "No col_name stands twice.",
            "Take one of the rows out.",
            _twice("More than one row describes {}.", lambda row: row.col_name),
        ),
        Check(
            "meta_ind_dp_set",
            WARN,
            "Every indicator says how many decimal places to show.",
            "Write indicator_dp; blank shows two.",
            _rows(
                "Decimal places are not set for {}.", lambda row: _is_indicator(row) and not row.indicator_dp.strip()
            ),
        ),
        Check(
            "meta_ind_dp_values",
            FAIL,
            "Every indicator_dp is blank, zero or a whole number above it.",
            "Write a whole number such as 0 or 1.",
            _rows(
                "The decimal places of {} are not a whole number.",
                lambda row: row.indicator_dp.strip() and not _WHOLE.fullmatch(row.indicator_dp.strip()),
            ),
        ),
        Check(
            "meta_ind_unit",
            FAIL,
            "No filter has an indicator_unit.",
            "Leave it blank on rows of filters.",
            _rows("{} is a filter and has a unit.", lambda row: _is_filter(row) and row.indicator_unit),
        ),
        Check(
            "meta_ind_unit_validation",
            FAIL,
            f"Every indicator_unit is blank or one of {', '.join(UNITS)}.",
            "Leave it blank for plain numbers.",
            _rows(
                "EES does not know the unit of {}.",
                lambda row: _is_indicator(row) and row.indicator_unit not in ("", *UNITS),
            ),
        ),
        Check(
            "meta_indicator_grouping",
            FAIL,
            "No filter has an indicator_grouping.",
            "Leave it blank on rows of filters.",
            _rows("{} is a filter and has an indicator group.", lambda row: _is_filter(row) and row.indicator_grouping),
        ),
    ),
)
