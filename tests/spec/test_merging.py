"""How tallies of one school, counted at different times, become one."""

from datetime import date

import pyarrow.compute as pc
import pytest
from tests.lib.small_registers import register
from tests.lib.tallies import counted, drawn, persistent, shown

from tallyroll.tally.algebra import EMPTY, Tally, merge
from tallyroll.vocab.errors import VerificationProblem
from tallyroll.vocab.shapes import CELLS, Register

ROLL = """
    school | pupil | year_group
    100001 | 1     | 4
"""


def _register(marks: str) -> Register:
    return register(roll=ROLL, marks=marks)


MONDAY_N = _register("""
    school | pupil | 2026-09-14 | 2026-09-15
    100001 | 1     | N N        | / \\
""")
MONDAY_I = _register("""
    school | pupil | 2026-09-14
    100001 | 1     | I I
""")


def test_later_revision_replaces_earlier_day_by_day() -> None:
    earlier, later = counted(MONDAY_N, revision=1), counted(MONDAY_I, revision=2)
    expected = drawn("""
        date       | session | code | revision | n
        2026-09-14 | AM      | I    | 2        | 1
        2026-09-14 | PM      | I    | 2        | 1
        2026-09-15 | AM      | /    | 1        | 1
        2026-09-15 | PM      | \\   | 1        | 1
    """)
    for merged in (merge(earlier, later), merge(later, earlier)):
        assert shown(merged.cells, "date", "session", "code", "revision", "n") == expected


def test_the_whole_day_is_replaced_not_only_the_cells_that_came_again() -> None:
    morning_only = _register("""
        school | pupil | 2026-09-14
        100001 | 1     | I .
    """)
    merged = merge(counted(MONDAY_N, revision=1), counted(morning_only, revision=2))
    monday = [row for row in shown(merged.cells, "date", "session", "code") if row["date"] == "2026-09-14"]
    assert monday == [{"date": "2026-09-14", "session": "AM", "code": "I"}]


def test_a_day_taken_back_is_replaced_when_the_later_tally_speaks_for_it() -> None:
    only_tuesday = _register("""
        school | pupil | 2026-09-15
        100001 | 1     | / \\
    """)
    earlier = counted(MONDAY_N, revision=1)
    silent = counted(only_tuesday, revision=2)
    speaking = counted(only_tuesday, revision=2, days=[date(2026, 9, 14), date(2026, 9, 15)])
    assert "N" in {row["code"] for row in shown(merge(earlier, silent).cells, "code")}
    assert shown(merge(earlier, speaking).cells, "date", "session", "code", "n") == drawn("""
        date       | session | code | n
        2026-09-14 | AM      | -    | 0
        2026-09-15 | AM      | /    | 1
        2026-09-15 | PM      | \\   | 1
    """)


def test_one_revision_with_different_counts_is_refused() -> None:
    with pytest.raises(VerificationProblem, match="different counts"):
        merge(counted(MONDAY_N, revision=1), counted(MONDAY_I, revision=1))


def test_one_revision_with_other_numbers_in_the_same_cells_is_refused() -> None:
    cells = counted(MONDAY_N).cells
    more = Tally(cells.set_column(9, CELLS.field("n"), pc.add(cells["n"], 1)))
    with pytest.raises(VerificationProblem, match="different counts"):
        merge(counted(MONDAY_N), more)


def test_one_revision_that_lacks_cells_is_refused() -> None:
    with pytest.raises(VerificationProblem, match="different counts"):
        merge(counted(MONDAY_N, revision=1), Tally(counted(MONDAY_N, revision=1).cells.slice(1)))


def test_one_revision_with_another_phase_is_refused() -> None:
    moved = counted(MONDAY_N).cells
    moved = moved.set_column(3, "phase", [["Secondary"] * moved.num_rows])
    with pytest.raises(VerificationProblem, match="different counts"):
        merge(counted(MONDAY_N), Tally(moved))


def test_persistent_absence_is_replaced_window_by_window() -> None:
    def of(marks: Register, revision: int, last: date) -> Tally:
        return Tally(EMPTY.cells, persistent(marks, revision=revision, last=last))

    monday, year = date(2026, 9, 14), date(2026, 11, 20)
    earlier = merge(of(MONDAY_N, 1, monday), of(MONDAY_N, 1, year))
    merged = merge(earlier, of(MONDAY_I, 2, monday))
    assert shown(merged.persistent, "last", "revision", "enrolments", "persistent", "severe") == drawn("""
        last       | revision | enrolments | persistent | severe
        2026-09-14 | 2        | 1          | 1          | 1
        2026-11-20 | 1        | 1          | 1          | 1
    """)
