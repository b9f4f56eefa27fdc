"""How a correction moves figures: one school's week, before and after, as a statistician would write it down."""

from tests.lib.builders import NOW
from tests.lib.partitions import changes_between, partitions_of
from tests.lib.small_registers import register
from tests.lib.tallies import FIRST, LAST, count_permit, drawn, shown

from tallyroll.tally.area_tables import area_daily, area_persistent
from tallyroll.tally.definitions import Definition
from tallyroll.tally.refreshing import LiveAreas
from tallyroll.vocab.shapes import Register

SCHOOLS = """
    school | la  | phase
    100001 | 302 | Primary
    100002 | 351 | Primary
"""
ROLL = """
    school | pupil | year_group
    100001 | 0     | 4
    100002 | 0     | 4
"""


def two_schools(marks: str, roll: str = ROLL, schools: str = SCHOOLS) -> Register:
    return register(schools=schools, roll=roll, marks=marks)


PRESENT = two_schools("""
    school | pupil | 2026-09-14 | 2026-11-16
    100001 | 0     | / \\       | / \\
    100002 | 0     | / \\       | / \\
""")


def refreshed(before: Register, after: Register) -> LiveAreas:
    """Areas counted from one register, then brought to the other."""
    live = LiveAreas(Definition(), first=FIRST, last=LAST)
    live.start(count_permit(), partitions_of(before), now=NOW)
    live.refresh(count_permit(), changes_between(before, after), now=NOW)
    return live


def test_a_mark_corrected_weeks_later_moves_its_day_and_the_year() -> None:
    ill = two_schools("""
        school | pupil | 2026-09-14 | 2026-11-16
        100001 | 0     | I \\       | / \\
        100002 | 0     | / \\       | / \\
    """)
    areas = refreshed(PRESENT, ill).areas
    columns = ("attendance_date", "geographic_level", "la_name", "possible_sessions", "overall_absence")
    september = [row for row in shown(area_daily(areas), *columns) if row["attendance_date"] == "2026-09-14"]
    assert [{key: row[key] for key in columns[1:]} for row in september if row["geographic_level"] != "Regional"] == (
        drawn("""
            geographic_level | la_name | possible_sessions | overall_absence
            Local authority  | Barnet  | 2                 | 1
            Local authority  | Bury    | 2                 | 0
            National         |         | 4                 | 1
        """)
    )
    # One of four sessions: more than a tenth, less than half.
    year = shown(area_persistent(areas), "geographic_level", "la_name", "ytd_enrolments", "pa_flag", "severe_flag")
    assert [row for row in year if row["geographic_level"] == "National"] == drawn("""
        geographic_level | la_name | ytd_enrolments | pa_flag | severe_flag
        National         |         | 2              | 1       | 0
    """)


def test_a_week_that_was_withdrawn_is_not_full_attendance() -> None:
    withdrawn = two_schools("""
        school | pupil | 2026-09-14 | 2026-11-16
        100001 | 0     | / \\       | - -
        100002 | 0     | / \\       | / \\
    """)
    rows = shown(area_daily(refreshed(PRESENT, withdrawn).areas), "attendance_date", "geographic_level", "num_schools")
    assert [row for row in rows if row["geographic_level"] == "National"] == drawn("""
        attendance_date | geographic_level | num_schools
        2026-09-14      | National         | 2
        2026-11-16      | National         | 1
    """)


def test_a_school_that_moves_takes_its_year_along() -> None:
    moved = two_schools(
        """
        school | pupil | 2026-09-14 | 2026-11-16
        100001 | 0     | / \\       | / \\
        100002 | 0     | / \\       | / \\
        """,
        schools="""
        school | la  | phase
        100001 | 351 | Primary
        100002 | 351 | Primary
        """,
    )
    areas = refreshed(PRESENT, moved).areas
    columns = ("attendance_date", "la_name", "geographic_level", "num_schools")
    rows = shown(area_daily(areas), *columns)
    assert [row for row in rows if row["geographic_level"] == "Local authority"] == drawn("""
        attendance_date | la_name | geographic_level | num_schools
        2026-09-14      | Bury    | Local authority  | 2
        2026-11-16      | Bury    | Local authority  | 2
    """)


def test_a_new_year_group_counts_for_the_whole_of_its_time() -> None:
    nursery = two_schools(
        """
        school | pupil | 2026-09-14 | 2026-11-16
        100001 | 0     | / \\       | / \\
        100002 | 0     | / \\       | / \\
        """,
        roll="""
        school | pupil | year_group
        100001 | 0     | R
        100002 | 0     | 4
        """,
    )
    rows = shown(area_persistent(refreshed(PRESENT, nursery).areas), "geographic_level", "ytd_enrolments")
    assert {"geographic_level": "National", "ytd_enrolments": "1"} in rows
