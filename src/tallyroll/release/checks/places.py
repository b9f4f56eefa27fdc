"""Codes and names of places: which pairs there are, where we carry the list, and what a pair must look like where not.

England's regions and its local authorities are carried, former ones since 2009 too. Wards, constituencies, districts,
partnerships and devolved areas are never published here, so their lists are not: code and name are checked for shape
and for one name a code.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator

import numpy as np

from tallyroll.release.checks.rule import FAIL, Check, Fault, listed
from tallyroll.release.dictionary import rows_of
from tallyroll.release.pair import Pair
from tallyroll.release.sheet import Mask
from tallyroll.release.standard import AUTHORITY, LEVEL, NATIONAL, NOT_APPLICABLE, NOT_AVAILABLE, REGIONAL, Level
from tallyroll.vocab.places import AUTHORITIES, COUNTRY_CODE, COUNTRY_NAME, REGIONS

Cells = tuple[str, ...]

_NOWHERE = frozenset(
    {
        "Not applicable",
        "Unknown",
        "Outside of England",
        "Outside of England and unknown",
        "Outside of the United Kingdom",
        "Outside of the United Kingdom and unknown",
    }
)
"""Names that the code `z` may stand for."""

_COUNTRIES = {
    (COUNTRY_CODE, COUNTRY_NAME),
    ("K02000001", "United Kingdom"),
    ("K03000001", "Great Britain"),
    ("K04000001", "England and Wales"),
    ("N92000002", "Northern Ireland"),
    ("S92000003", "Scotland"),
    ("W92000004", "Wales"),
    (NOT_APPLICABLE, "England, Wales and Northern Ireland"),
}
_REGIONS = {(region.code, region.name) for region in REGIONS} | {
    ("E13000001", "Inner London"),
    ("E13000002", "Outer London"),
}
_AUTHORITIES = {(la.code, la.name, la.old_code) for la in AUTHORITIES} | {
    (row["new_la_code"], row["la_name"], row["old_la_code"]) for row in rows_of("other_authorities")
}
"""The 153 authorities of today, and the codes of others and former ones since 2009."""

_SHAPES = {
    "Ward": r"E05[0-9]{6}|[WSN][0-9]{8}",
    "Parliamentary constituency": r"E14[0-9]{6}|[WSN][0-9]{8}",
    "Local authority district": r"E0[6-9][0-9]{6}|[WSN][0-9]{8}",
    "Local enterprise partnership": r"E37[0-9]{6}",
    "Local skills improvement plan area": r"E69[0-9]{6}",
    "English devolved area": r"E[0-9]{8}",
}


def _codeless(level: Level, cells: Cells) -> bool:
    """Whether the place is one of those without a code of its own: `x` not available, `z` not applicable."""
    code, name, *second = cells
    in_order = all(one in ("", code) for one in second)
    if code == NOT_AVAILABLE:
        return in_order and name == "Not available"
    return code == NOT_APPLICABLE and in_order and name in _NOWHERE


def _filled(pair: Pair, level: Level) -> Mask:
    """Rows that give this level's code; on rows of the level itself, only those that give all (others: unfinished)."""
    filled = ~pair.data.where(level.code, [""])
    own = pair.data.where("geographic_level", [level.name])
    for column in level.columns:
        filled &= ~(own & pair.data.where(column, [""]))
    return filled


def _pairs(pair: Pair, level: Level) -> dict[Cells, int]:
    """Each code with its name in the file, and the first row that has it; nothing when a column is missing."""
    if len(pair.present(level.columns)) < len(level.columns):
        return {}
    return pair.data.combinations(level.columns, _filled(pair, level))


def _listed_pairs(name: str, accepted: set[Cells]) -> Callable[[Pair], Iterator[Fault]]:
    """A check against a list."""
    level = LEVEL[name]

    def find(pair: Pair) -> Iterator[Fault]:
        found = _pairs(pair, level)
        wrong = {
            cells: place for cells, place in found.items() if cells not in accepted and not _codeless(level, cells)
        }
        if wrong:
            said = listed(" / ".join(cells) for cells in wrong)
            where = pair.data.rows(wrong.values(), column=level.code)
            yield Fault(f"These do not go together: {said}.", where)

    return find


def _shaped_pairs(name: str, shape: str) -> Callable[[Pair], Iterator[Fault]]:
    """A check of what a code looks like, and that it has one name."""
    level = LEVEL[name]

    def find(pair: Pair) -> Iterator[Fault]:
        found = {cells: place for cells, place in _pairs(pair, level).items() if not _codeless(level, cells)}
        names: dict[str, set[str]] = defaultdict(set)
        for code, label in found:
            names[code].add(label)
        wrong = {cells: place for cells, place in found.items() if not re.fullmatch(shape, cells[0]) or not cells[1]}
        wrong |= {cells: place for cells, place in found.items() if len(names[cells[0]]) > 1}
        if wrong:
            said = listed(" / ".join(cells) for cells in wrong)
            where = pair.data.rows(sorted(wrong.values()), column=level.code)
            yield Fault(f"Not a code of this kind, or a code with two names: {said}.", where)

    return find


def _shaped(check: str, name: str) -> Check:
    level = LEVEL[name]
    return Check(
        check,
        FAIL,
        f"Every {level.code} looks like one and has one name ({level.label}).",
        "Take code and name from the Open Geography portal.",
        _shaped_pairs(name, _SHAPES[name]),
        limits="Weaker than the department's: its list of codes and names is not carried.",
    )


COMBINATIONS = (
    Check(
        "geog_country_combos",
        FAIL,
        "Every country_code goes with its country_name.",
        "England is E92000001.",
        _listed_pairs(NATIONAL, set(_COUNTRIES)),
    ),
    Check(
        "geog_region_combos",
        FAIL,
        "Every region_code goes with its region_name.",
        "Write the name as the department does: 'Yorkshire and The Humber'.",
        _listed_pairs(REGIONAL, set(_REGIONS)),
    ),
    _shaped("geog_ward_combos", "Ward"),
    _shaped("geog_pcon_combos", "Parliamentary constituency"),
    _shaped("geog_lad_combos", "Local authority district"),
    _shaped("geog_lep_combos", "Local enterprise partnership"),
    _shaped("geog_lsip_combos", "Local skills improvement plan area"),
    _shaped("geog_eda_combos", "English devolved area"),
    Check(
        "geog_la_combos",
        FAIL,
        "Every new_la_code goes with its la_name and old_la_code.",
        "Take all three from the department's list of local authorities.",
        _listed_pairs(AUTHORITY, set(_AUTHORITIES)),
        limits="Stricter than the department's: joint rows and authorities from before 2009 are not known.",
    ),
)


def unfinished(pair: Pair, level: Level) -> Iterator[tuple[str, Mask]]:
    """Columns of a level that are blank on its own rows. A new_la_code may be: former authorities have none."""
    own = pair.data.where("geographic_level", [level.name])
    for column in pair.present(level.columns):
        blank = own & pair.data.where(column, [""])
        if column != "new_la_code" and np.any(blank):
            yield column, blank
