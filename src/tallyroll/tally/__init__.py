"""Define, count, merge, total, estimate, tabulate: one algebra, the same at both ends."""

from tallyroll.tally.algebra import EMPTY, Tally, contributors, merge, merge_all, within
from tallyroll.tally.area_counts import count_areas
from tallyroll.tally.area_sums import areas_of
from tallyroll.tally.area_tables import area_daily
from tallyroll.tally.areas import Areas
from tallyroll.tally.breakdowns import (
    breakdowns,
    persistent_by_area,
    persistent_by_characteristic,
    weekly_by_characteristic,
)
from tallyroll.tally.count import count
from tallyroll.tally.definitions import COMPULSORY_SCHOOL_AGE, Definition, Population, second_half_of_summer
from tallyroll.tally.estimate import Method
from tallyroll.tally.persistence import count_persistent
from tallyroll.tally.reading import read_headcounts, read_persistent, read_tallies
from tallyroll.tally.storage import load, load_either, save
from tallyroll.tally.tabulate import Tables, tabulate

__all__ = [
    "COMPULSORY_SCHOOL_AGE",
    "EMPTY",
    "Areas",
    "Definition",
    "Method",
    "Population",
    "Tables",
    "Tally",
    "area_daily",
    "areas_of",
    "breakdowns",
    "contributors",
    "count",
    "count_areas",
    "count_persistent",
    "load",
    "load_either",
    "merge",
    "merge_all",
    "persistent_by_area",
    "persistent_by_characteristic",
    "read_headcounts",
    "read_persistent",
    "read_tallies",
    "save",
    "second_half_of_summer",
    "tabulate",
    "weekly_by_characteristic",
    "within",
]
