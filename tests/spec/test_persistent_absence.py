"""Who is persistently or severely absent. Each test is a register, and the enrolments it must give."""

from datetime import date

import pytest
from tests.lib.small_registers import register
from tests.lib.tallies import drawn, persistent, shown

COUNTS = ("enrolments", "persistent", "severe")
ONE_PUPIL = """
    school | pupil | year_group
    100001 | 1     | 4
"""


def _one_pupil(marks: str) -> tuple[str, ...]:
    """(enrolments, persistent, severe) of one pupil with these marks, day by day from 14 September."""
    days = marks.split("|")
    dates = [f"2026-09-{14 + place}" for place in range(len(days))]
    table = f"school | pupil | {' | '.join(dates)}\n100001 | 1 | {' | '.join(days)}"
    rows = shown(persistent(register(roll=ONE_PUPIL, marks=table)), *COUNTS)
    return tuple(rows[0].values()) if rows else ()


@pytest.mark.parametrize(
    ("marks", "expected"),
    [
        (r"/ \ | / \ | / \ | / \ | / I", ("1", "1", "0")),  # 1 of 10: the edge counts
        (r"/ \ | / \ | / \ | / \ | / \ | / O", ("1", "0", "0")),  # 1 of 12
        (r"/ I", ("1", "1", "1")),  # 1 of 2: the edge counts
        (r"/ \ | I .", ("1", "1", "0")),  # 1 of 3
        (r"/ \ | / \ | / \ | / \ | L U", ("1", "1", "0")),  # late after registers closed is absence
        (r"/ \ | / \ | / \ | / \ | D I", ("1", "1", "0")),  # 1 of 9: D is not possible
        (r"/ I | D D | Y1 Q | - Z", ("1", "1", "1")),  # nothing but the first day is possible
        ("D D | - -", ()),  # without a possible session there is no enrolment to count
    ],
)
def test_an_enrolment_is_absent_by_its_share_of_its_own_possible_sessions(
    marks: str, expected: tuple[str, ...]
) -> None:
    assert _one_pupil(marks) == expected


def test_who_moves_school_is_two_enrolments_each_with_its_own_share() -> None:
    mover = register(
        schools="""
            school | la  | phase
            100001 | 302 | Primary
            100002 | 302 | Primary
        """,
        roll="""
            school | pupil | first      | last       | year_group
            100001 | 1     |            | 2026-09-15 | 4
            100002 | 9     | 2026-09-16 |            | 4
        """,
        marks="""
            school | pupil | 2026-09-14 | 2026-09-15 | 2026-09-16 | 2026-09-17
            100001 | 1     | I I        | I I        | . .        | . .
            100002 | 9     | . .        | . .        | / \\       | / \\
        """,
    )
    assert shown(persistent(mover), "contributor", *COUNTS) == drawn("""
        contributor | enrolments | persistent | severe
        100001      | 1          | 1          | 1
        100002      | 1          | 0          | 0
    """)


CHANGE = register(
    roll="""
        school | pupil | first      | last       | year_group | fsm
        100001 | 1     |            | 2026-09-14 | 4          | N
        100001 | 1     | 2026-09-15 |            | 4          | Y
    """,
    marks="""
        school | pupil | 2026-09-14 | 2026-09-15 | 2026-09-16
        100001 | 1     | I I        | / \\       | / \\
    """,
)


def test_an_enrolment_counts_once_by_its_last_status_in_the_window() -> None:
    # All six sessions, two of them absent, under `eligible` (2).
    assert shown(persistent(CHANGE, "fsm"), "characteristic", "value", *COUNTS) == drawn("""
        characteristic | value | enrolments | persistent | severe
        all            | 0     | 1          | 1          | 0
        fsm            | 2     | 1          | 1          | 0
    """)


def test_the_window_decides_which_sessions_and_which_status_count() -> None:
    monday = persistent(CHANGE, "fsm", first=date(2026, 9, 14), last=date(2026, 9, 14))
    assert shown(monday, "characteristic", "value", "first", "last", *COUNTS) == drawn("""
        characteristic | value | first      | last       | enrolments | persistent | severe
        all            | 0     | 2026-09-14 | 2026-09-14 | 1          | 1          | 1
        fsm            | 1     | 2026-09-14 | 2026-09-14 | 1          | 1          | 1
    """)


def test_a_leaver_stays_in_with_the_sessions_before_leaving() -> None:
    leaver = register(
        roll="""
            school | pupil | first | last       | year_group
            100001 | 1     |       | 2026-09-14 | 4
        """,
        marks="""
            school | pupil | 2026-09-14 | 2026-09-15
            100001 | 1     | / \\       | O O
        """,
    )
    assert shown(persistent(leaver), *COUNTS) == drawn("""
        enrolments | persistent | severe
        1          | 0          | 0
    """)
