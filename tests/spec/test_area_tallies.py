"""How schools become rows of areas in the department's daily layout."""

from datetime import date
from fractions import Fraction
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from pyarrow import csv
from tests.lib.small_registers import register
from tests.lib.tallies import counted, drawn, persistent, shown

from tallyroll.tally.algebra import EMPTY, Tally
from tallyroll.tally.area_sums import areas_of
from tallyroll.tally.area_tables import area_breakdown, area_daily, area_persistent
from tallyroll.tally.estimate import Method
from tallyroll.tally.reading import read_headcounts, read_tallies
from tallyroll.tally.tabulate import tabulate
from tallyroll.vocab.errors import VerificationProblem

# 302 Barnet and 301 Barking and Dagenham lie in London, 351 Bury in the North West.
THREE_SCHOOLS = register(
    schools="""
        school | la  | phase
        100001 | 302 | Primary
        100002 | 302 | Primary
        100003 | 351 | Primary
    """,
    roll="""
        school | pupil | year_group | fsm
        100001 | 1     | 4          | Y
        100001 | 2     | 4          | N
        100002 | 1     | 4          | N
        100003 | 1     | 4          | Y
    """,
    marks="""
        school | pupil | 2026-09-14 | 2026-09-15
        100001 | 1     | / \\       | / I
        100001 | 2     | / \\       | Z Z
        100002 | 1     | # #        | L \\
        100003 | 1     | U O        | - -
    """,
)


def _on(rows: pa.Table, day: date) -> pa.Table:
    return rows.filter(pc.equal(rows["attendance_date"], pa.scalar(day)))


def test_areas_add_schools_up_and_every_level_has_its_rows() -> None:
    rows = area_daily(areas_of(counted(THREE_SCHOOLS)))
    columns = ("geographic_level", "new_la_code", "region_code", "num_schools", "enrolments", "possible_sessions")
    # 100002 is closed: its pupil is on roll, and it is not among the schools.
    assert shown(_on(rows, date(2026, 9, 14)), *columns, "overall_absence") == drawn("""
        geographic_level | new_la_code | region_code | num_schools | enrolments | possible_sessions | overall_absence
        Local authority  | E09000003   | E12000007   | 1           | 3          | 4                 | 0
        Local authority  | E08000002   | E12000002   | 1           | 1          | 2                 | 2
        Regional         |             | E12000007   | 1           | 3          | 4                 | 0
        Regional         |             | E12000002   | 1           | 1          | 2                 | 2
        National         |             |             | 2           | 4          | 6                 | 2
    """)
    # Pupil 2 is not on roll (Z), and nothing came from 100003: Bury has no row.
    assert shown(_on(rows, date(2026, 9, 15)), *columns, "overall_absence") == drawn("""
        geographic_level | new_la_code | region_code | num_schools | enrolments | possible_sessions | overall_absence
        Local authority  | E09000003   | E12000007   | 2           | 2          | 4                 | 1
        Regional         |             | E12000007   | 2           | 2          | 4                 | 1
        National         |             |             | 2           | 2          | 4                 | 1
    """)


def test_a_day_is_named_as_the_department_names_it() -> None:
    row = area_daily(areas_of(counted(THREE_SCHOOLS))).to_pylist()[0]
    names = ("time_period", "time_identifier", "attendance_date", "day_number", "week_commencing", "country_code")
    assert [row[name] for name in names] == [
        "2026",
        "Week 38",
        date(2026, 9, 14),
        1,
        date(2026, 9, 14),
        "E92000001",
    ]
    assert [row[name] for name in ("region_name", "la_name", "old_la_code")] == ["North West", "Bury", "351"]


def test_dates_on_which_most_schools_are_closed_stay_with_authorities_only() -> None:
    rows = area_daily(areas_of(counted(THREE_SCHOOLS)), known_schools=5)  # two of five are open on each date
    assert {row["geographic_level"] for row in shown(rows, "geographic_level")} == {"Local authority"}
    rows = area_daily(areas_of(counted(THREE_SCHOOLS)), known_schools=4)  # two of four: half is enough
    assert "National" in {row["geographic_level"] for row in shown(rows, "geographic_level")}
    rows = area_daily(areas_of(counted(THREE_SCHOOLS)), open_share=Fraction(1))  # every known school: 2 of 3 is too few
    assert {row["geographic_level"] for row in shown(rows, "geographic_level")} == {"Local authority"}


def test_enrolments_are_those_of_the_fuller_half_day() -> None:
    school = register(
        roll="""
            school | pupil | year_group
            100001 | 1     | 4
            100001 | 2     | 4
            100001 | 3     | 4
        """,
        marks="""
            school | pupil | 2026-09-14
            100001 | 1     | / Z
            100001 | 2     | - \\
            100001 | 3     | Y7 .
        """,
    )
    assert area_daily(areas_of(counted(school))).to_pylist()[0]["enrolments"] == 3


def test_only_published_phases_have_rows() -> None:
    unit = register(
        schools="""
            school | la  | phase
            100001 | 302 | Alternative provision
        """,
        roll="""
            school | pupil | year_group
            100001 | 1     | 9
        """,
        marks="""
            school | pupil | 2026-09-14
            100001 | 1     | / \\
        """,
    )
    tally = counted(unit)
    assert tally.cells.num_rows == 2
    assert area_daily(areas_of(tally)).num_rows == 0


def test_an_unknown_authority_is_refused() -> None:
    cells = counted(THREE_SCHOOLS).cells
    strange = Tally(cells.set_column(2, "la", [["999"] * cells.num_rows]))
    with pytest.raises(VerificationProblem, match="authority '999'"):
        area_daily(areas_of(strange))


def test_a_breakdown_adds_sessions_up_by_value_and_week() -> None:
    rows = area_breakdown(areas_of(counted(THREE_SCHOOLS, "fsm")), "fsm")
    barnet = [row for row in rows.to_pylist() if row["la_name"] == "Barnet"]
    names = ("time_period", "time_identifier", "breakdown_topic", "breakdown", "num_schools", "possible_sessions")
    assert [[row[name] for name in (*names, "overall_absence")] for row in barnet] == [
        ["2026", "Week 38", "Free school meals", "Not known to be FSM eligible", 2, 4, 0],
        ["2026", "Week 38", "Free school meals", "FSM eligible", 1, 4, 1],
    ]


def test_a_breakdown_leaves_dates_on_which_most_schools_are_closed_to_authorities() -> None:
    tally = counted(THREE_SCHOOLS, "fsm")
    levels = [
        {
            row["geographic_level"]
            for row in shown(area_breakdown(areas_of(tally), "fsm", known_schools=n), "geographic_level")
        }
        for n in (4, 5)
    ]
    assert levels == [{"Local authority", "Regional", "National"}, {"Local authority"}]


def test_persistent_absence_adds_enrolments_up() -> None:
    tally = Tally(EMPTY.cells, persistent(THREE_SCHOOLS, "fsm"))
    columns = ("geographic_level", "region_code", "num_schools", "ytd_enrolments", "pa_flag", "severe_flag")
    assert shown(area_persistent(areas_of(tally)), *columns) == drawn("""
        geographic_level | region_code | num_schools | ytd_enrolments | pa_flag | severe_flag
        Local authority  | E12000007   | 2           | 3              | 1       | 0
        Local authority  | E12000002   | 1           | 1              | 1       | 1
        Regional         | E12000007   | 2           | 3              | 1       | 0
        Regional         | E12000002   | 1           | 1              | 1       | 1
        National         |             | 3           | 4              | 2       | 1
    """)
    national = [
        row for row in area_persistent(areas_of(tally), "fsm").to_pylist() if row["geographic_level"] == "National"
    ]
    assert [(row["breakdown"], row["ytd_enrolments"], row["pa_flag"]) for row in national] == [
        ("Not known to be FSM eligible", 2, 0),
        ("FSM eligible", 2, 2),
    ]


def test_area_tallies_written_as_csv_tabulate_to_rates(tmp_path: Path) -> None:
    csv.write_csv(area_daily(areas_of(counted(THREE_SCHOOLS))), tmp_path / "daily.csv")
    headcounts = "geographic_level,region_name,la_name,phase,total_num_schools,total_enrolments\n"
    (tmp_path / "heads.csv").write_text(f"{headcounts}National,,,Primary,3,4\n", encoding="utf-8")
    tables = tabulate(
        read_tallies(tmp_path / "daily.csv"),
        read_headcounts(tmp_path / "heads.csv"),
        method=Method.POOLED,
        first=date(2026, 9, 14),
        last=date(2026, 9, 18),
    )
    national = [row for row in tables.weekly.to_pylist() if row["geographic_level"] == "National"]
    assert national[0]["possible_sessions"] == 10
    assert national[0]["enrolments"] == 3  # the mean of 4 and 2
    assert national[0]["overall_absence_perc"] == 30
