"""What is missing from a full extract: silent sessions and pupils, half days, and an unusual fall."""

from datetime import UTC, date, datetime

import pytest
from tests.lib.registers import FRIDAY, MONDAY, TUESDAY, WEDNESDAY, checks, extract, screened

from tallyroll.register import Completeness

ROLL = [("ann", None, "F", "2026-09-01"), ("bob", None, "M", "2026-09-01")]


def marks(*, days=(16, 17), pupils=("ann", "bob"), sessions=("AM", "PM")):
    return [(pupil, f"2026-11-{day}", session, "L") for pupil in pupils for day in days for session in sessions]


def said(judged, check):
    return [(finding.row, finding.n_rows, finding.message) for finding in judged.findings if finding.check == check]


def test_a_whole_register_lacks_nothing():
    judged = screened(extract(roll=ROLL, last=TUESDAY, marks=marks()))
    assert checks(judged) == []
    assert judged.completeness == Completeness(8, 8)


def test_an_open_session_without_marks_is_named():
    judged = screened(
        extract(roll=ROLL, last=TUESDAY, marks=[mark for mark in marks() if mark[1:3] != ("2026-11-17", "PM")])
    )
    assert [message for _, _, message in said(judged, "session_without_marks")] == [
        "An open session should have marks. 2026-11-17 PM has none."
    ]
    assert "half_day_unmarked" not in checks(judged)  # nobody was marked: the session says so already


def test_a_closed_session_is_not_due():
    judged = screened(extract(roll=ROLL, first=WEDNESDAY, last=WEDNESDAY, marks=marks(days=[18], sessions=["AM"])))
    assert (checks(judged), judged.completeness) == ([], Completeness(2, 2))


def test_a_pupil_without_any_mark_is_named_by_the_row_of_the_roll():
    judged = screened(extract(roll=ROLL, last=TUESDAY, marks=marks(pupils=["ann"])))
    assert [(row, n) for row, n, _ in said(judged, "pupil_without_marks")] == [(3, 1)]


def test_a_pupil_who_left_before_the_period_owes_no_mark():
    roll = [*ROLL, ("old", None, "M", "2026-09-01", "2026-10-01")]
    assert checks(screened(extract(roll=roll, last=TUESDAY, marks=marks()))) == []


def test_half_days_are_counted_once_for_the_school():
    rows = [mark for mark in marks() if mark[:3] != ("bob", "2026-11-16", "PM")]
    judged = screened(extract(roll=ROLL, last=TUESDAY, marks=rows))
    assert [(row, n) for row, n, _ in said(judged, "half_day_unmarked")] == [(None, 1)]
    assert judged.completeness == Completeness(7, 8)


def test_the_three_days_with_the_most_half_days_are_named():
    names = ["ann", "bob", "cat", "dan"]
    lost = {16: names[:1], 17: names[:2], 18: [], 19: names[:3], 20: names[:1]}
    rows = [
        mark
        for day, absent in lost.items()
        for mark in marks(days=[day], pupils=names, sessions=["AM"] if day == 18 else ["AM", "PM"])
        if not (mark[2] == "PM" and mark[0] in absent)
    ]
    judged = screened(extract(roll=[(name, None, "F", "2026-09-01") for name in names], marks=rows))
    ((_, n, message),) = said(judged, "half_day_unmarked")
    assert n == 7
    assert message.endswith("7 half days lack theirs, the most on 2026-11-19 (3), 2026-11-17 (2), 2026-11-16 (1).")


@pytest.mark.parametrize(
    ("hour", "due"),
    [(10, 0), (11, 1), (15, 1), (16, 2)],
)
def test_sessions_of_today_are_due_once_their_register_should_be_in(hour, due):
    taken = datetime(2026, 11, 20, hour, 0, tzinfo=UTC)
    judged = screened(extract(roll=ROLL[:1], first=FRIDAY, last=FRIDAY, taken_at=taken))
    assert judged.completeness == Completeness(0, due)


def test_summer_registers_are_due_by_the_clock_of_london():
    taken = datetime(2026, 9, 1, 10, 0, tzinfo=UTC)  # eleven o'clock in London
    day = date(2026, 9, 1)
    judged = screened(extract(roll=ROLL[:1], first=day, last=day, taken_at=taken))
    assert judged.completeness == Completeness(0, 1)


def test_an_unusual_fall_is_said_with_both_shares():
    rows = marks(pupils=["ann"]) + marks(pupils=["bob"], sessions=["AM"])
    judged = screened(extract(roll=ROLL, last=TUESDAY, marks=rows), usual=Completeness(97, 100))
    assert [message for _, _, message in said(judged, "completeness_fell")] == [
        "The share of sessions with a mark should not fall five points below what is usual for the school."
        " It is 75.0% now, and 97.0% usually."
    ]


def test_a_small_fall_is_not_unusual():
    rows = marks(pupils=["ann"]) + marks(pupils=["bob"], sessions=["AM"])
    judged = screened(extract(roll=ROLL, last=TUESDAY, marks=rows), usual=Completeness(79, 100))
    assert "completeness_fell" not in checks(judged)


def test_changes_are_not_judged_for_what_they_lack():
    judged = screened(extract(roll=ROLL, first=MONDAY, full=False, marks=marks(pupils=["ann"], days=[16])))
    assert (checks(judged), judged.completeness) == ([], None)
