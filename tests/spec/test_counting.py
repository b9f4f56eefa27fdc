"""What counts as a session, for whom, and by which status. Each test is a register, and the figures it must give."""

from datetime import date

import pyarrow.compute as pc
import pytest
from tests.lib.small_registers import joined, register
from tests.lib.tallies import counted, drawn, shown

from tallyroll.tally.algebra import Level, total
from tallyroll.tally.area_sums import areas_of
from tallyroll.tally.area_tables import area_daily
from tallyroll.tally.definitions import COMPULSORY_SCHOOL_AGE, EVERYONE, Population

TWO_PUPILS = """
    school | pupil | year_group | fsm
    100001 | 1     | 4          | Y
    100001 | 2     | 4          | N
"""


def test_a_session_is_one_pupil_and_one_half_day() -> None:
    tally = counted(
        register(
            roll=TWO_PUPILS,
            marks="""
                school | pupil | 2026-09-14 | 2026-09-15
                100001 | 1     | / \\       | / I
                100001 | 2     | / \\       | L -
            """,
        )
    )
    assert shown(tally.cells, "contributor", "date", "session", "code", "n") == drawn("""
        contributor | date       | session | code | n
        100001      | 2026-09-14 | AM      | /    | 2
        100001      | 2026-09-14 | PM      | \\   | 2
        100001      | 2026-09-15 | AM      | /    | 1
        100001      | 2026-09-15 | AM      | L    | 1
        100001      | 2026-09-15 | PM      | -    | 1
        100001      | 2026-09-15 | PM      | I    | 1
    """)


# Each code, and the measures that a session marked with it is in. P present, E approved educational activity,
# A authorised, U unauthorised, l late; possible sessions are P E A U. Source: SI 2024/208; published identities.
CODES = """
    code | in      | code | in | code | in | code | in | code | in
    /    | P       | K    | E  | M    | A  | E    | A  | Y1   |
    \\   | P       | V    | E  | J1   | A  | H    | A  | Y2   |
    L    | P l     | P    | E  | S    | A  | F    | A  | Y3   |
    G    | U       | W    | E  | C2   | A  | I    | A  | Y4   |
    N    | U       | B    | E  | C    | A  | X    |    | Y5   |
    O    | U       | J    | E  | T    | A  | D    |    | Y6   |
    U    | U l     | C1   | A  | R    | A  | Q    |    | Y7   |
    Z    |         | #    |    | Y    |    | -    |    | /    | P
"""
PLACES = {
    "P": ("present_sessions", "overall_attendance", "possible_sessions"),
    "E": ("approved_educational_activity", "overall_attendance", "possible_sessions"),
    "A": ("authorised_absence", "overall_absence", "possible_sessions"),
    "U": ("unauthorised_absence", "overall_absence", "possible_sessions"),
    "l": ("late_sessions",),
}
MEASURES = sorted({name for names in PLACES.values() for name in names})


def _code_places() -> list[tuple[str, str]]:
    cells = [[cell.strip() for cell in line.split("|")] for line in CODES.strip().splitlines()[1:]]
    return [(line[i], line[i + 1]) for line in cells for i in range(0, 10, 2)]


@pytest.mark.parametrize(("code", "places"), _code_places())
def test_each_code_counts_in_its_measures_and_no_other(code: str, places: str) -> None:
    marks = f"""
        school | pupil | 2026-09-14
        100001 | 1     | {code} .
        100001 | 2     | / .
    """
    row = area_daily(areas_of(counted(register(roll=TWO_PUPILS, marks=marks)))).to_pylist()[0]
    expected = dict.fromkeys(MEASURES, 0)
    for place in ["P", *places.split()]:  # pupil 2 is present, so that the day has a row
        for name in PLACES[place]:
            expected[name] += 1
    assert {name: row[name] for name in MEASURES} == expected


def test_a_withdrawn_code_counts_as_it_always_did() -> None:
    marks = """
        school | pupil | 2026-09-14
        100001 | 1     | H F
        100001 | 2     | J /
    """
    row = area_daily(areas_of(counted(register(roll=TWO_PUPILS, marks=marks)))).to_pylist()[0]
    assert row["authorised_absence"] == 2
    assert row["approved_educational_activity"] == 1
    assert (row["reason_h_authorised_holiday"], row["reason_f_legacy_family_holiday"]) == (1, 1)


def test_only_compulsory_school_age_counts_and_unknown_year_groups_do() -> None:
    school = register(
        roll="""
            school | pupil | year_group
            100001 | 1     | R
            100001 | 2     | 1
            100001 | 3     | 11
            100001 | 4     | 12
            100001 | 5     | X
            100001 | 6     |
        """,
        marks="""
            school | pupil | 2026-09-14
            100001 | 1     | C .
            100001 | 2     | I .
            100001 | 3     | M .
            100001 | 4     | R .
            100001 | 5     | S .
            100001 | 6     | T .
        """,
    )
    assert shown(counted(school).cells, "code", "n") == drawn("""
        code | n
        I    | 1
        M    | 1
        S    | 1
        T    | 1
    """)
    assert counted(school, population=EVERYONE).cells.num_rows == 6


YEAR_11 = register(
    roll="""
        school | pupil | year_group
        100001 | 1     | 10
        100001 | 2     | 11
    """,
    marks="""
        school | pupil | 2026-09-14 | 2026-09-15 | 2026-09-16
        100001 | 1     | / .        | / .        | / .
        100001 | 2     | / .        | / .        | / .
    """,
)


def test_year_11_does_not_count_from_the_second_half_of_the_summer_term() -> None:
    # September stands in for June here: the day is an argument.
    leaving = Population(COMPULSORY_SCHOOL_AGE.year_groups, year_11_leaves=date(2026, 9, 15))
    assert shown(counted(YEAR_11, population=leaving).cells, "date", "n") == drawn("""
        date       | n
        2026-09-14 | 2
        2026-09-15 | 1
        2026-09-16 | 1
    """)


def test_a_school_may_have_its_own_day_from_which_year_11_does_not_count() -> None:
    leaving = Population(
        COMPULSORY_SCHOOL_AGE.year_groups,
        year_11_leaves=date(2026, 9, 15),
        year_11_leaves_at={100001: date(2026, 9, 16)},
    )
    assert shown(counted(YEAR_11, population=leaving).cells, "date", "n") == drawn("""
        date       | n
        2026-09-14 | 2
        2026-09-15 | 2
        2026-09-16 | 1
    """)


def test_year_11_counts_again_in_the_next_academic_year() -> None:
    leaving = Population(COMPULSORY_SCHOOL_AGE.year_groups, year_11_leaves=date(2026, 6, 8))
    assert shown(counted(YEAR_11, population=leaving).cells, "n") == drawn("""
        n
        2
        2
        2
    """)


def test_a_mark_counts_by_the_status_on_its_day() -> None:
    tally = counted(
        register(
            roll="""
                school | pupil | first      | last       | year_group | fsm
                100001 | 1     | 2026-09-01 | 2026-09-14 | 4          | N
                100001 | 1     | 2026-09-15 |            | 4          | Y
            """,
            marks="""
                school | pupil | 2026-09-14 | 2026-09-15
                100001 | 1     | / \\       | I I
            """,
        ),
        "fsm",
    )
    # 1 not known to be eligible for free school meals, 2 eligible
    fsm = tally.cells.filter(pc.equal(tally.cells["characteristic"], "fsm"))
    assert shown(fsm, "date", "session", "value", "code", "n") == drawn("""
        date       | session | value | code | n
        2026-09-14 | AM      | 1     | /    | 1
        2026-09-14 | PM      | 1     | \\   | 1
        2026-09-15 | AM      | 2     | I    | 1
        2026-09-15 | PM      | 2     | I    | 1
    """)


def test_major_ethnic_groups_follow_from_minor_ones() -> None:
    tally = counted(
        register(
            roll="""
                school | pupil | year_group | ethnicity_minor
                100001 | 1     | 4          | WIRT
                100001 | 2     | 4          | WBRI
                100001 | 3     | 4          | CHNE
                100001 | 4     | 4          | REFU
            """,
            marks="""
                school | pupil | 2026-09-14
                100001 | 1     | / .
                100001 | 2     | / .
                100001 | 3     | / .
                100001 | 4     | / .
            """,
        ),
        "ethnicity_major",
    )
    # 0 unknown, 1 White, 3 Asian
    assert shown(tally.cells, "characteristic", "value", "n") == drawn("""
        characteristic  | value | n
        all             | 0     | 4
        ethnicity_major | 0     | 1
        ethnicity_major | 1     | 2
        ethnicity_major | 3     | 1
    """)


def test_marks_before_joining_and_after_leaving_do_not_count() -> None:
    tally = counted(
        register(
            roll="""
                school | pupil | first      | last       | year_group
                100001 | 1     | 2026-09-15 | 2026-09-16 | 4
            """,
            marks="""
                school | pupil | 2026-09-14 | 2026-09-15 | 2026-09-16 | 2026-09-17
                100001 | 1     | / \\       | / \\       | / \\       | / \\
            """,
        )
    )
    assert {row["date"] for row in shown(tally.cells, "date")} == {"2026-09-15", "2026-09-16"}


def test_a_pupil_on_two_rolls_is_two_enrolments_and_d_is_not_possible() -> None:
    main = register(
        roll="""
            school | pupil | year_group
            100001 | 1     | 4
        """,
        marks="""
            school | pupil | 2026-09-14
            100001 | 1     | / D
        """,
    )
    other = register(
        schools="""
            school | la  | phase
            100002 | 302 | Primary
        """,
        roll="""
            school | pupil | year_group
            100002 | 7     | 4
        """,
        marks="""
            school | pupil | 2026-09-14
            100002 | 7     | D \\
        """,
    )
    row = area_daily(areas_of(counted(joined(main, other)))).to_pylist()[0]
    assert (row["enrolments"], row["possible_sessions"], row["present_sessions"]) == (2, 2, 2)
    assert row["reason_d_dual_registration"] == 2


def test_totals_add_schools_up_to_authorities_regions_and_the_nation() -> None:
    # 302 Barnet and 301 Barking and Dagenham lie in London (E12000007), 351 Bury in the North West (E12000002).
    tally = counted(
        register(
            schools="""
                school | la  | phase
                100001 | 302 | Primary
                100002 | 301 | Primary
                100003 | 351 | Primary
                100004 | 351 | Secondary
            """,
            roll="""
                school | pupil | year_group
                100001 | 1     | 4
                100002 | 1     | 4
                100003 | 1     | 4
                100004 | 1     | 9
            """,
            marks="""
                school | pupil | 2026-09-14
                100001 | 1     | / .
                100002 | 1     | / .
                100003 | 1     | / .
                100004 | 1     | / .
            """,
        )
    )
    assert shown(total(tally, level=Level.AUTHORITY), "area", "phase", "n") == drawn("""
        area      | phase     | n
        E09000002 | Primary   | 1
        E09000003 | Primary   | 1
        E08000002 | Primary   | 1
        E08000002 | Secondary | 1
    """)
    assert shown(total(tally, level=Level.REGIONAL), "area", "phase", "n") == drawn("""
        area      | phase     | n
        E12000007 | Primary   | 2
        E12000002 | Primary   | 1
        E12000002 | Secondary | 1
    """)
    assert shown(total(tally, level=Level.NATIONAL, all_phases=True), "area", "phase", "window", "n") == drawn("""
        area      | phase     | window        | n
        E92000001 | Primary   | 2026-09-14 AM | 3
        E92000001 | Secondary | 2026-09-14 AM | 1
        E92000001 | Total     | 2026-09-14 AM | 4
    """)
