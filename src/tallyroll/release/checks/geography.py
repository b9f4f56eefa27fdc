"""Geography: levels, their columns, and which rows may fill which."""

from collections import Counter
from collections.abc import Callable, Iterator

import numpy as np

from tallyroll.release.checks.places import COMBINATIONS, unfinished
from tallyroll.release.checks.rule import FAIL, WARN, Check, Fault, Stage, fault_if, listed
from tallyroll.release.pair import Pair
from tallyroll.release.standard import (
    AUTHORITY,
    DISTRICT,
    INSTITUTION,
    LEVEL,
    LEVELS,
    NAMES_AS_FILTERS,
    NATIONAL,
    NOT_AVAILABLE,
    PLANNING,
    PROVIDER,
    REGIONAL,
    SCHOOL,
    Level,
    may_fill,
)

_WITHOUT_LIST = ("Opportunity area", "MAT", "Sponsor", SCHOOL, PROVIDER, "Police force area")
_ONE_NAME_ONE_CODE = ("Opportunity area", "MAT", "Sponsor")


def _levels(pair: Pair) -> list[Level]:
    """The levels of which the data file has rows."""
    return [LEVEL[name] for name in pair.data.items("geographic_level") if name in LEVEL]


def _unknown_level(pair: Pair) -> Iterator[Fault]:
    unknown = [name for name in pair.data.items("geographic_level") if name not in LEVEL]
    if unknown:
        where = pair.data.rows(pair.data.where("geographic_level", unknown), column="geographic_level")
        yield Fault(f"EES does not know the level {listed(unknown)}.", where)


def _level_columns(pair: Pair) -> Iterator[Fault]:
    wanted = [column for level in _levels(pair) if level.name != PLANNING for column in level.columns]
    missing = [column for column in wanted if column not in pair.data.names]
    return fault_if(missing, "The levels in the file need {}.", lambda _: (pair.data.file,))


def _completed(pair: Pair) -> Iterator[Fault]:
    for level in _levels(pair):
        if level.name != PLANNING:
            for column, blank in unfinished(pair, level):
                yield Fault(f"'{column}' is blank on rows of {level.name}.", pair.data.rows(blank, column=column))


def _ignored(pair: Pair) -> Iterator[Fault]:
    levels = set(pair.data.items("geographic_level"))
    if levels <= {INSTITUTION, PLANNING}:
        yield Fault(f"The file has rows of {listed(sorted(levels))} only.", (pair.data.file,))
    elif levels >= {SCHOOL, PROVIDER}:
        yield Fault("The file mixes rows of schools and of providers.", (pair.data.file,))


def _two_for_one(one: str, other: str) -> Callable[[Pair], Iterator[Fault]]:
    """A check that a code has one name, or a name one code, for places that no list holds."""

    def find(pair: Pair) -> Iterator[Fault]:
        for level in _levels(pair):
            columns = (level.code, level.label) if one == "code" else (level.label, level.code)
            if level.name in _ONE_NAME_ONE_CODE and len(pair.present(columns)) == 2:
                filled = ~pair.data.where(level.code, [""]) & pair.data.where("geographic_level", [level.name])
                found = pair.data.combinations(columns, filled)
                count = Counter(first for first, _ in found)
                places = [place for (first, _), place in found.items() if count[first] > 1]
                said = listed(first for first, n in count.items() if n > 1)
                if places:
                    yield Fault(f"More than one {other} goes with {said}.", pair.data.rows(places, column=columns[0]))

    return find


def _all_columns(name: str) -> Callable[[Pair], Iterator[Fault]]:
    """A check that the columns of a level come together or not at all."""
    columns = LEVEL[name].columns

    def find(pair: Pair) -> Iterator[Fault]:
        present = pair.present(columns)
        missing = [column for column in columns if present and column not in present]
        return fault_if(missing, f"Beside {listed(present)} there is no {{}}.", lambda _: (pair.data.file,))

    return find


def _region_of(name: str) -> Callable[[Pair], Iterator[Fault]]:
    """A check that rows of a level say which region they lie in."""
    columns = LEVEL[REGIONAL].columns

    def find(pair: Pair) -> Iterator[Fault]:
        own = pair.data.where("geographic_level", [name])
        for column in columns if own.any() else ():
            if column not in pair.data.names:
                yield Fault(f"Rows of {name} have no '{column}'.", (pair.data.file,))
            elif (blank := own & pair.data.where(column, [""])).any():
                yield Fault(f"'{column}' is blank on rows of {name}.", pair.data.rows(blank, column=column))

    return find


def _named_without_list(pair: Pair) -> Iterator[Level]:
    for level in _levels(pair):
        if level.name in _WITHOUT_LIST and len(pair.present((level.code, level.label))) == 2:
            yield level


def _not_available_name(pair: Pair) -> Iterator[Fault]:
    for level in _named_without_list(pair):
        wrong = pair.data.where(level.code, [NOT_AVAILABLE]) & ~pair.data.where(level.label, ["Not available"])
        if wrong.any():
            yield Fault(f"The code 'x' has another name on rows of {level.name}.", pair.data.rows(wrong))


def _not_available_code(pair: Pair) -> Iterator[Fault]:
    for level in _named_without_list(pair):
        wrong = pair.data.where(level.label, ["Not available"]) & ~pair.data.where(level.code, [NOT_AVAILABLE])
        if wrong.any():
            yield Fault(f"'Not available' has another code on rows of {level.name}.", pair.data.rows(wrong))


def _overcompleted(pair: Pair) -> Iterator[Fault]:
    named = {*pair.meta.filters, *pair.meta.groups} if len(pair.meta.filters) == 1 else set()
    present = set(pair.data.items("geographic_level"))
    for level in LEVELS:
        others = present - may_fill(level.name)
        if level.name == NATIONAL or not others:
            continue
        for column in pair.present(level.columns):
            filled = pair.data.where("geographic_level", others) & ~pair.data.where(column, [""])
            if np.any(filled) and column not in named & NAMES_AS_FILTERS:
                yield Fault(f"'{column}' is filled on rows of another level.", pair.data.rows(filled, column=column))


LEVELS_STAGE = Stage(
    "precheck_geography",
    "Geography: levels",
    (
        Check(
            "geog_level",
            FAIL,
            "Every geographic_level is one that EES knows.",
            f"Write it exactly so: {', '.join(LEVEL)}.",
            _unknown_level,
        ),
        Check(
            "geog_level_present",
            FAIL,
            "For each level in the file its code and name columns are there.",
            "Add the columns.",
            _level_columns,
        ),
    ),
)
PLACES = Stage(
    "check_geography",
    "Geography: places",
    (
        *COMBINATIONS,
        Check(
            "geog_level_completed",
            FAIL,
            "On rows of a level its code and name are filled.",
            "Fill them in; new_la_code may be blank for authorities that no longer exist.",
            _completed,
        ),
        Check(
            "geog_ignored_rows",
            FAIL,
            "The file has rows that the table tool shows, and does not mix schools with providers.",
            "Publish rows of institutions and planning areas as an ancillary file, schools and providers apart.",
            _ignored,
        ),
        Check(
            "geog_other_dupes",
            FAIL,
            "Every opportunity area, trust and sponsor has one code.",
            "Use one code for it throughout.",
            _two_for_one("name", "code"),
        ),
        Check(
            "geog_la_col_present",
            FAIL,
            "The three columns of local authorities come together or not at all.",
            "Add the missing one, blank on rows of other levels.",
            _all_columns(AUTHORITY),
        ),
        Check(
            "geog_region_col_present",
            FAIL,
            "The two columns of regions come together or not at all.",
            "Add the missing one, blank on national rows.",
            _all_columns(REGIONAL),
        ),
        Check(
            "geog_region_for_la",
            WARN,
            "Rows of local authorities say which region they lie in.",
            "Fill in region_code and region_name.",
            _region_of(AUTHORITY),
        ),
        Check(
            "geog_region_for_lad",
            WARN,
            "Rows of local authority districts say which region they lie in.",
            "Fill in region_code and region_name.",
            _region_of(DISTRICT),
        ),
        Check(
            "geog_na",
            FAIL,
            "The code 'x' is named 'Not available' where no list holds the places (trusts, schools and so on).",
            "Write the name 'Not available', or the place's own code.",
            _not_available_name,
        ),
        Check(
            "geog_na_code",
            FAIL,
            "The name 'Not available' has the code 'x' where no list holds the places.",
            "Write the code 'x', or the place's own name.",
            _not_available_code,
        ),
        Check(
            "geog_other_code_dupes",
            FAIL,
            "Every code of an opportunity area, trust or sponsor has one name.",
            "Use one name for it throughout.",
            _two_for_one("code", "name"),
        ),
        Check(
            "geog_overcompleted_cols",
            FAIL,
            "The columns of a level are blank on rows of levels above and beside it.",
            "Clear them: a regional row has no local authority.",
            _overcompleted,
        ),
    ),
)
