"""Tabulation equals a second implementation in fractions on any small table, by both methods."""

from datetime import date, timedelta

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.lib import plain_tabulate
from tests.lib.area import (
    BUCKINGHAMSHIRE,
    CITY_OF_LONDON,
    DARLINGTON,
    ENGLAND,
    LONDON,
    NORTH_EAST,
    count_columns,
    headcounts,
    tallies,
)

from tallyroll.tally.estimate import Method
from tallyroll.tally.tabulate import tabulate

AREAS = (ENGLAND, NORTH_EAST, LONDON, DARLINGTON, BUCKINGHAMSHIRE, CITY_OF_LONDON)
PHASES = ("Primary", "Secondary", "Special")
START = date(2022, 9, 14)  # the days drawn hold a bank holiday and the turn of a week
COUNTS = count_columns(new=True)


@st.composite
def small_tables(draw):
    """Some days of some areas and phases, now and then hidden, and head counts for most of them."""
    places = st.tuples(st.integers(0, 9), st.integers(0, len(AREAS) - 1), st.sampled_from(PHASES))
    keys = draw(st.lists(places, min_size=1, max_size=25, unique=True))
    numbers = np.random.default_rng(draw(st.integers(0, 2**32)))
    rows = [
        {
            "attendance_date": START + timedelta(offset),
            "phase": phase,
            **AREAS[area],
            **_counts(numbers, hidden=draw(st.integers(0, 12)) == 0),
        }
        for offset, area, phase in keys
    ]
    heads = {
        (area, phase): (int(numbers.integers(0, 20)), int(numbers.integers(0, 4) * 500))
        for area, phase in sorted({(area, phase) for _, area, phase in keys})
        if draw(st.integers(0, 5))
    }
    return rows, heads


def _counts(numbers, *, hidden):
    if hidden:
        return dict.fromkeys(COUNTS)
    return {name: int(value) for name, value in zip(COUNTS, numbers.integers(0, 6, len(COUNTS)), strict=True)}


def close(ours, exact):
    if ours is None or exact is None:
        return ours is None and exact is None
    return abs(ours - float(exact)) <= 1e-12 * max(1.0, abs(float(exact)))


def agree(table: pa.Table, expected) -> None:
    ours = {
        (
            row["time_period"],
            row["time_identifier"],
            row["geographic_level"],
            row["region_name"],
            row["la_name"],
            row["education_phase"],
        ): row
        for row in table.to_pylist()
    }
    assert len(ours) == table.num_rows
    assert ours.keys() == expected.keys()
    for key, cells in expected.items():
        assert {name for name, exact in cells.items() if not close(ours[key][name], exact)} == set(), key


@settings(max_examples=60, deadline=None)
@given(small_tables(), st.sampled_from(Method))
def test_weeks_and_years_equal_the_plain_implementation(drawn, method):
    rows, heads = drawn
    table = tallies(*rows)
    if all(row["attendance_date"] == plain_tabulate.HOLIDAY for row in rows):
        return  # nothing is left to tabulate; a spec says what happens then
    last = START + timedelta(9)
    census = headcounts(*((AREAS[area], phase, *counts) for (area, phase), counts in heads.items()))
    made = tabulate(table, census, method=method, first=START, last=last)
    named = {
        (AREAS[area]["geographic_level"], AREAS[area].get("region_name", ""), AREAS[area].get("la_name", ""), phase): c
        for (area, phase), c in heads.items()
    }
    weekly, ytd = plain_tabulate.tables(
        table.to_pylist(), named, weighted=method is Method.WEIGHTED, first=START, last=last
    )
    agree(made.weekly, weekly)
    agree(made.ytd, ytd)
