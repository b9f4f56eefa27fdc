"""Census head counts of a synthetic England, in the layout of the department's own denominator file."""

from collections import defaultdict
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from tallyroll.simulate.england import England
from tallyroll.vocab.places import COUNTRY_CODE, COUNTRY_NAME, LocalAuthority

Area = tuple[str, str, str, str, str, str]  # level, region code and name, new code, old code, name

_COLUMNS = (
    "geographic_level",
    "region_code",
    "region_name",
    "new_la_code",
    "old_la_code",
    "la_name",
    "phase",
    "total_num_schools",
    "total_enrolments",
)


def headcounts(england: England) -> pa.Table:
    """Schools and pupils on roll on 1 October, by area (authority, region, nation) and phase."""
    totals: defaultdict[tuple[Area, str], list[int]] = defaultdict(lambda: [0, 0])
    census = date(england.year, 10, 1)
    for school in england.schools:
        on_roll = _on_roll(england.school_year(school.urn).pupils, census)
        for area in _areas(school.la):
            count = totals[area, str(school.phase)]
            count[0] += 1
            count[1] += on_roll
    rows = [(*area, phase, *count) for (area, phase), count in sorted(totals.items())]
    columns = {name: pa.array([row[place] for row in rows]) for place, name in enumerate(_COLUMNS)}
    n = len(rows)
    return pa.table(
        {
            "time_period": pa.array([str(england.year)] * n),
            "time_identifier": pa.array(["October"] * n),
            "country_code": pa.array([COUNTRY_CODE] * n),
            "country_name": pa.array([COUNTRY_NAME] * n),
            **columns,
        }
    )


def write_headcounts(england: England, path: Path) -> None:
    """The same as a CSV file."""
    csv.write_csv(headcounts(england), path)


def _on_roll(pupils: pa.Table, day: date) -> int:
    here = pc.and_(
        pc.less_equal(pupils["admission"], pa.scalar(day)),
        pc.fill_null(pc.greater(pupils["leaving"], pa.scalar(day)), True),
    )
    return int(pc.sum(here).as_py() or 0)


def _areas(la: LocalAuthority) -> tuple[Area, ...]:
    region = (la.region.code, la.region.name)
    return (
        ("Local authority", *region, la.code, la.old_code, la.name),
        ("Regional", *region, "", "", ""),
        ("National", "", "", "", "", ""),
    )
