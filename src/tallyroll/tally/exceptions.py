"""Days that the department left out of its published series, as data.

The bank holiday for the State Funeral is in none of its tables. Days of national and regional teacher strikes are left
out of the daily table only; weeks and years include them. Source: its published files and notes of 2022/23.
"""

from dataclasses import dataclass
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

NOT_A_SCHOOL_DAY = (date(2022, 9, 19),)

STRIKE_DAYS = (
    date(2023, 2, 1),
    date(2023, 3, 15),
    date(2023, 3, 16),
    date(2023, 4, 27),
    date(2023, 5, 2),
    date(2023, 7, 5),
    date(2023, 7, 7),
)


@dataclass(frozen=True, slots=True)
class RegionalStrike:
    """A strike day of some regions (and single authorities beside them); the nation is left out with them."""

    day: date
    regions: tuple[str, ...]
    authorities: tuple[str, ...] = ()


REGIONAL_STRIKES = (
    RegionalStrike(date(2023, 2, 28), ("North East", "North West", "Yorkshire and The Humber")),
    RegionalStrike(
        date(2023, 3, 1), ("East Midlands", "West Midlands", "East of England"), ("Buckinghamshire", "Milton Keynes")
    ),
    RegionalStrike(date(2023, 3, 2), ("London", "South East", "South West")),
)


def without_holidays(rows: pa.Table) -> pa.Table:
    """The rows of school days."""
    days = pa.array(NOT_A_SCHOOL_DAY, pa.date32())
    return rows.filter(pc.invert(pc.is_in(rows["attendance_date"], value_set=days)))


def without_strikes(daily: pa.Table) -> pa.Table:
    """The rows of the daily table that the department published."""
    left_out = pc.is_in(daily["attendance_date"], value_set=pa.array(STRIKE_DAYS, pa.date32()))
    for strike in REGIONAL_STRIKES:
        there = pc.or_(
            pc.or_(
                pc.is_in(daily["region_name"], value_set=pa.array(strike.regions, pa.string())),
                pc.is_in(daily["la_name"], value_set=pa.array(strike.authorities, pa.string())),
            ),
            pc.equal(daily["geographic_level"], "National"),
        )
        left_out = pc.or_(left_out, pc.and_(there, pc.equal(daily["attendance_date"], pa.scalar(strike.day))))
    return daily.filter(pc.invert(left_out))
