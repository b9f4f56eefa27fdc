"""What reaches the loops: numbers for which they have no place are refused before, for nothing is checked within."""

from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from tallyroll.engines.counts import AuthorityCounts
from tallyroll.engines.kernel.counting import count_authority
from tallyroll.engines.plan import Breakdown, Plan
from tallyroll.vocab.errors import VerificationProblem
from tallyroll.vocab.packing import pack

MONDAY = date(2026, 9, 14).toordinal() - date(1970, 1, 1).toordinal()
PLAN = Plan(
    (Breakdown("sex", "sex", 2),), frozenset({5}), 0, frozenset(), frozenset({1, 2}), 0, 9, {"persistent": (1, 10)}
)
MARKS = pack(np.array([[1, 2] * 5], dtype=np.uint8))


def count(*mondays: int, marks_type: pa.DataType | None = None, **of_pupil: Any) -> AuthorityCounts:
    """One week from Monday on, of a school with one pupil, of whom something may be otherwise."""
    pupil = {
        "urn": 100001,
        "pupil": 0,
        "first_day": MONDAY,
        "last_day": MONDAY + 6,
        "year_group": 5,
        "sex": 1,
    } | of_pupil
    spans = pa.table({name: pa.array([number], pa.int32()) for name, number in pupil.items()})
    far = pa.array([2**31 - 1], pa.int32())
    urns = pa.array([100001], pa.int32())
    schools = pa.table({"urn": urns, "away_first": far, "away_last": far, "phase": pa.array([0], pa.int32())})
    weeks = pa.table(
        {
            "urn": pa.array([100001] * len(mondays), pa.int32()),
            "monday": pa.array(mondays, pa.int32()).view(pa.date32()),
            "n_pupils": pa.array([1] * len(mondays), pa.int32()),
            "marks": pa.array([MARKS] * len(mondays), marks_type or pa.binary()),
        }
    )
    return count_authority(PLAN, schools, spans, [weeks], phases=1, first=MONDAY, last=MONDAY + 6)


@pytest.mark.parametrize("marks_type", [pa.binary(), pa.large_binary()])
def test_a_week_of_one_pupil_is_ten_marks(marks_type):
    assert count(MONDAY, marks_type=marks_type).cells[:, :, :, 0].sum() == 10


@pytest.mark.parametrize("mondays", [(MONDAY + 1,), (MONDAY + 6,), (MONDAY, MONDAY)])
def test_a_week_that_begins_on_another_day_or_comes_twice_is_refused(mondays):
    with pytest.raises(VerificationProblem, match="does not begin on a Monday, or is here twice"):
        count(*mondays)


@pytest.mark.parametrize("monday", [MONDAY - 7, MONDAY + 7, -(2**31) + 700, 2**31 - 700])
def test_a_week_outside_the_days_counts_nothing(monday):
    assert count(monday).cells.sum() == 0


@pytest.mark.parametrize(
    "number", [{"pupil": -1}, {"pupil": 2**31 - 1}, {"sex": -1}, {"sex": 256}, {"year_group": -1}, {"year_group": 300}]
)
def test_a_number_for_which_the_loops_have_no_place_is_refused(number):
    with pytest.raises(VerificationProblem, match="There is no such"):
        count(MONDAY, **number)


def test_a_school_of_which_nobody_counts_has_no_marks():
    assert count(MONDAY, year_group=6).cells.sum() == 0
