"""The EES open data standard as constants: time, geography, symbols, the columns of a meta file.

Source: the department's analysts' guide (statistics production, open data standards), as read in November 2026.
"""

from dataclasses import dataclass
from typing import Final

REQUIRED_DATA: Final = ("time_period", "time_identifier", "geographic_level", "country_code", "country_name")
REQUIRED_META: Final = (
    "col_name",
    "col_type",
    "label",
    "indicator_grouping",
    "indicator_unit",
    "indicator_dp",
    "filter_hint",
    "filter_grouping_column",
)
OPTIONAL_META: Final = ("filter_default", "parent_filter")

FILTER: Final = "Filter"
INDICATOR: Final = "Indicator"
TOTAL: Final = "Total"
UNITS: Final = ("%", "pp", "£", "£m", "numberstring")

NOT_APPLICABLE: Final = "z"
NOT_AVAILABLE: Final = "x"
SYMBOLS: Final = frozenset({"z", "x", "c", "low", "u", "k"})
"""May stand where a number is missing; `k` is the government's other name for `low`."""
OBSOLETE_SYMBOLS: Final = frozenset({":", "~"})
LEGACY_SYMBOLS: Final = frozenset({"N/A", "n/a", ".", "..", "-"})
NULLS: Final = frozenset({"NULL", "Null", "null", "NA", "Na", "na", "NaN", "Nan", "nan", "#N/A"})
"""What programs write for nothing."""

TERMS: Final = ("Autumn term", "Spring term", "Summer term")
WEEKS: Final = tuple(f"Week {number}" for number in range(1, 53))  # EES has no week 53
MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
QUARTERS: Final = tuple(f"Financial year Q{number}" for number in range(1, 5))
HALVES: Final = ("Part 1 (April to September)", "Part 2 (October to March)")

SIX_DIGITS: Final = (
    ("Academic year",),
    ("Financial year",),
    ("Tax year",),
    ("Autumn and spring term",),
    TERMS,
    QUARTERS,
    HALVES,
)
"""Identifiers of two consecutive years (202627), in the groups that may share a file."""
FOUR_DIGITS: Final = (("Calendar year",), ("Reporting year",), WEEKS, MONTHS)
"""Identifiers of one year (2026), in the groups that may share a file."""

TIME_GROUPS: Final = (*SIX_DIGITS, *FOUR_DIGITS)
DIGITS: Final = {
    **{identifier: 6 for group in SIX_DIGITS for identifier in group},
    **{identifier: 4 for group in FOUR_DIGITS for identifier in group},
}


@dataclass(frozen=True, slots=True)
class Level:
    """A geographic level: its code column, name column and second code column; blank where it has none."""

    name: str
    code: str
    label: str
    second: str = ""

    @property
    def columns(self) -> tuple[str, ...]:
        """Its columns, those it has."""
        return tuple(column for column in (self.code, self.label, self.second) if column)


NATIONAL: Final = "National"
REGIONAL: Final = "Regional"
AUTHORITY: Final = "Local authority"
DISTRICT: Final = "Local authority district"
SCHOOL: Final = "School"
PROVIDER: Final = "Provider"
INSTITUTION: Final = "Institution"
PLANNING: Final = "Planning area"
_POLICE: Final = "Police force area"
_PARTNERSHIP: Final = "Local enterprise partnership"
_SKILLS: Final = "Local skills improvement plan area"
_CONSTITUENCY: Final = "Parliamentary constituency"
_DEVOLVED: Final = "English devolved area"

LEVELS: Final = (
    Level(NATIONAL, "country_code", "country_name"),
    Level(REGIONAL, "region_code", "region_name"),
    Level(AUTHORITY, "new_la_code", "la_name", "old_la_code"),
    Level(DISTRICT, "lad_code", "lad_name"),
    Level("RSC region", "", "rsc_region_lead_name"),
    Level(_CONSTITUENCY, "pcon_code", "pcon_name"),
    Level(_SKILLS, "lsip_code", "lsip_name"),
    Level(_PARTNERSHIP, "local_enterprise_partnership_code", "local_enterprise_partnership_name"),
    Level(_DEVOLVED, "english_devolved_area_code", "english_devolved_area_name"),
    Level("Opportunity area", "opportunity_area_code", "opportunity_area_name"),
    Level("Ward", "ward_code", "ward_name"),
    Level("MAT", "trust_id", "trust_name"),
    Level("Sponsor", "sponsor_id", "sponsor_name"),
    Level(SCHOOL, "school_urn", "school_name", "school_laestab"),
    Level(PROVIDER, "provider_ukprn", "provider_name"),
    Level(INSTITUTION, "institution_id", "institution_name"),
    Level(PLANNING, "planning_area_code", "planning_area_name"),
    Level(_POLICE, "pfa_code", "pfa_name"),
)
LEVEL: Final = {level.name: level for level in LEVELS}

_LOW: Final = frozenset({SCHOOL, PROVIDER, INSTITUTION})
_WITHIN: Final = {
    REGIONAL: frozenset({AUTHORITY, DISTRICT, "Ward", "Opportunity area", PLANNING, _POLICE})
    | {_CONSTITUENCY, _SKILLS, _PARTNERSHIP, _DEVOLVED},
    AUTHORITY: frozenset({DISTRICT, "Ward", _CONSTITUENCY, PLANNING, _POLICE}),
    DISTRICT: frozenset({"Ward", _POLICE}),
    _SKILLS: frozenset({DISTRICT, PLANNING}),
}


def may_fill(level: str) -> frozenset[str]:
    """The levels of rows on which this level's columns may be filled: its own, and those that lie within it."""
    return frozenset({level}) if level in _LOW else _LOW | {level} | _WITHIN.get(level, frozenset())


PLACE_COLUMNS: Final = tuple(column for level in LEVELS for column in level.columns)
UNIT_COLUMNS: Final = ("time_period", "time_identifier", "geographic_level", *PLACE_COLUMNS)
"""Columns that say when and where; they never stand in a meta file."""

NAMES_AS_FILTERS: Final = frozenset({"school_name", "provider_name"})
"""In files of schools or providers only, the name is the filter."""

_ENDINGS: Final = ("name", "code", "urn", "ukprn", "number", "upin", "id")
_PLACES: Final = ("region", "la", "lad", "rsc", "pcon", "lep", "mca", "oa", "ward", "mat")
_BODIES: Final = ("sch", "school", "schools", "prov", "provider", "providers", "inst", "institution", "institutions")
_WORDS: Final = frozenset({*_ENDINGS, *_PLACES, *_BODIES, "estab", "laestab"})
_STEMS: Final = ("country", "reg", "local", "pfa", "sch", "prov", "inst", "estab", *_PLACES)


def looks_like_a_place(column: str) -> bool:
    """Whether a column's name says that it holds places, though the standard does not know it."""
    name = column.lower()
    return name in _WORDS or (name.startswith(_STEMS) and name.endswith(_ENDINGS))
