"""Small area tallies that a statistician can read: a row names what a test is about, everything else is 0."""

from collections.abc import Iterable, Mapping
from datetime import date

import pyarrow as pa

from tallyroll.tally.layouts import AREA, HEADCOUNTS, MEANS, NEW_T, OLD_T, SUMS

REASONS = (
    "reason_i_authorised_illness",
    "reason_m_authorised_medical_dental",
    "reason_g_unauthorised_holiday",
    "reason_o_other_unauthorised",
    "reason_u_unauthorised_late_after_registers_closed",
    "reason_n_no_reason_yet",
    "reason_r_authorised_religious_observance",
    "reason_s_authorised_study_leave",
    "reason_e_authorised_excluded",
    "reason_c_authorised_other",
)
OLD_REASONS = (OLD_T, "reason_h_authorised_holiday")
NEW_REASONS = (
    NEW_T,
    "reason_c1_authorised_regulated_performance",
    "reason_j1_authorised_interview",
    "reason_c2_authorised_temp_reduced_timetable",
)

ENGLAND = {"geographic_level": "National"}
NORTH_EAST = {"geographic_level": "Regional", "region_code": "E12000001", "region_name": "North East"}
LONDON = {"geographic_level": "Regional", "region_code": "E12000007", "region_name": "London"}
DARLINGTON = {
    "geographic_level": "Local authority",
    "region_code": "E12000001",
    "region_name": "North East",
    "new_la_code": "E06000005",
    "la_name": "Darlington",
    "old_la_code": "841",
}
BUCKINGHAMSHIRE = {
    "geographic_level": "Local authority",
    "region_code": "E12000008",
    "region_name": "South East",
    "new_la_code": "E06000060",
    "la_name": "Buckinghamshire",
    "old_la_code": "825",
}
CITY_OF_LONDON = {
    "geographic_level": "Local authority",
    "region_code": "E12000007",
    "region_name": "London",
    "new_la_code": "E09000001",
    "la_name": "City of London",
    "old_la_code": "201",
}

Row = Mapping[str, object]


def count_columns(*, new: bool) -> tuple[str, ...]:
    """The counts of a small file: of the layout from 2024 on, or of the one before."""
    return (*MEANS, *SUMS, *REASONS, *(NEW_REASONS if new else OLD_REASONS))


def day(
    on: date, area: Row, phase: str, *, schools: float | None = 10, pupils: float | None = 1000, **counts: float | None
) -> Row:
    """One row: a day, an area and a phase. Short names: possible, attended, absent, illness."""
    short = {
        "possible": "possible_sessions",
        "attended": "overall_attendance",
        "absent": "overall_absence",
        "illness": "reason_i_authorised_illness",
    }
    named = {short.get(name, name): value for name, value in counts.items()}
    return {"attendance_date": on, **area, "phase": phase, "num_schools": schools, "enrolments": pupils, **named}


def hidden(on: date, area: Row, phase: str) -> Row:
    """A row whose counts were hidden before they came to us."""
    counts = dict.fromkeys(count_columns(new=True) + OLD_REASONS)
    return {"attendance_date": on, **area, "phase": phase, **counts, "num_schools": 1.0}


def tallies(*rows: Row, new: bool = True, phase: str = "education_phase") -> pa.Table:
    """Daily area tallies of the shape that `reading` gives."""
    places = {"country_code": "E92000001", "country_name": "England"}
    columns: dict[str, pa.Array] = {
        name: pa.array([row.get(name, places.get(name, "")) for row in rows], pa.string()) for name in AREA
    }
    columns[phase] = pa.array([row["phase"] for row in rows], pa.string())
    columns["attendance_date"] = pa.array([row["attendance_date"] for row in rows], pa.date32())
    columns |= {name: pa.array([row.get(name, 0) for row in rows], pa.float64()) for name in count_columns(new=new)}
    return pa.table(columns)


def headcounts(*rows: tuple[Row, str, float, float]) -> pa.Table:
    """Census head counts: area, phase, schools, pupils."""
    return pa.table(
        {
            **{
                name: pa.array([area.get(name, "") for area, *_ in rows], pa.string())
                for name in ("geographic_level", "region_name", "la_name")
            },
            "phase": pa.array([phase for _, phase, *_ in rows], pa.string()),
            HEADCOUNTS[0]: pa.array([schools for *_, schools, _ in rows], pa.float64()),
            HEADCOUNTS[1]: pa.array([pupils for *_, pupils in rows], pa.float64()),
        }
    )


def persistent(*rows: tuple[Row, str, float | None, float | None]) -> pa.Table:
    """Persistent absence: area, phase, enrolments, enrolments persistently absent."""
    return pa.table(
        {
            **{
                name: pa.array([area.get(name, "") for area, *_ in rows], pa.string())
                for name in ("geographic_level", "region_name", "la_name")
            },
            "phase": pa.array([phase for _, phase, *_ in rows], pa.string()),
            "ytd_enrolments": pa.array([pupils for *_, pupils, _ in rows], pa.float64()),
            "pa_flag": pa.array([flagged for *_, flagged in rows], pa.float64()),
        }
    )


def pick(table: pa.Table, **wanted: object) -> dict[str, object]:
    """The one row that has these values."""
    rows: list[dict[str, object]] = table.to_pylist()
    found = [row for row in rows if all(row[name] == value for name, value in wanted.items())]
    if len(found) != 1:
        raise LookupError(f"{len(found)} rows have {wanted}")
    return found[0]


def rows_of(table: pa.Table, columns: Iterable[str]) -> list[tuple[object, ...]]:
    """The rows as tuples of these columns, in the table's order."""
    return [tuple(row[name] for name in columns) for row in table.to_pylist()]
