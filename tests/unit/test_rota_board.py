"""The health board, by hand: which word each school has, who needs attention, and how stale the data is."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from tests.lib.builders import school
from tests.lib.registers import CALENDAR

from tallyroll.connectors.interface import SchoolState, SourceSchool
from tallyroll.flows.rota.board import ATTENTION, MEANING, Board, Health, board, percentile
from tallyroll.flows.rota.interface import Line, Turn
from tallyroll.flows.rota.schedule import Hours, pulls_of

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)  # a Friday, four hours into the first pull of two
FIRST, SECOND = pulls_of(NOW.date(), hours=Hours(), a_day=2)
HOUR = timedelta(hours=1)
THIS_WEEK = date(2026, 11, 16)


def line(urn: int = 100001, **changes: object) -> Line:
    """A school that was collected an hour ago, when it was due, and sends marks."""
    source = SourceSchool(f"A{urn}", school(urn), SchoolState.APPROVED)
    usual = Line(
        source=source,
        listed=True,
        barred="",
        round_id=FIRST.round_id("wonde"),
        due=NOW - HOUR,
        turn=Turn.KEPT,
        tries=1,
        home="here",
        kept_at=NOW - HOUR,
        latest_week=THIS_WEEK,
    )
    return replace(usual, **changes)  # type: ignore[arg-type]  # the fields of a line


def state(to: SchoolState) -> dict[str, object]:
    return {"source": SourceSchool("A100001", school(100001), to), "turn": Turn.NONE}


def shown(*lines: Line, now: datetime = NOW) -> Board:
    pull = FIRST if now < SECOND.opens else SECOND
    return board(lines, pull=pull, source="wonde", calendar_of=lambda school: CALENDAR, silent_days=3, now=now)


WORDS = {
    "collected when it was due": ({}, Health.ON_TIME),
    "waits for its moment": ({"turn": Turn.WAITING, "due": NOW + HOUR}, Health.ON_TIME),
    "overdue by no more than a batch": ({"turn": Turn.WAITING, "due": NOW - HOUR / 2}, Health.ON_TIME),
    "overdue": ({"turn": Turn.WAITING, "due": NOW - HOUR}, Health.LATE),
    "held and overdue": ({"turn": Turn.CLAIMED, "due": NOW - HOUR}, Health.LATE),
    "missed in the pull before": ({"turn": Turn.WAITING, "due": NOW + HOUR, "missed": 1}, Health.LATE),
    "nobody took up the pull under way": ({"round_id": "wonde 2026-11-19 2"}, Health.LATE),
    "failed, another try comes": ({"turn": Turn.WAITING, "failures": 1, "reason": "Slow."}, Health.RETRYING),
    "given up in this pull": ({"turn": Turn.GIVEN_UP, "failures": 6, "reason": "Slow."}, Health.FAILING),
    "given up in the last": ({"turn": Turn.WAITING, "failures": 6, "missed": 1, "due": NOW + HOUR}, Health.FAILING),
    "its first moment is to come": ({"turn": Turn.WAITING, "due": NOW + HOUR, "kept_at": None}, Health.NEW),
    "its first moment went by": ({"turn": Turn.WAITING, "due": NOW - HOUR, "kept_at": None}, Health.NEVER),
    "not in a whole pull": ({"turn": Turn.WAITING, "due": NOW + HOUR, "kept_at": None, "missed": 1}, Health.NEVER),
    "withdrew": (state(SchoolState.REVOKED), Health.REVOKED),
    "declined": (state(SchoolState.DECLINED), Health.REVOKED),
    "has not answered": (state(SchoolState.PENDING), Health.PENDING),
    "was not asked": (state(SchoolState.UNKNOWN), Health.PENDING),
    "families not told": ({"barred": "Its families were not told.", "turn": Turn.NONE}, Health.BARRED),
    "left the list": ({"listed": False, "turn": Turn.NONE}, Health.GONE),
    "marks last week only": ({"latest_week": date(2026, 11, 9)}, Health.SILENT),  # Monday to Thursday: four school days
    "no mark at all this term": ({"latest_week": None}, Health.SILENT),
}


@pytest.mark.parametrize(("changes", "word"), WORDS.values(), ids=WORDS)
def test_each_school_has_the_word_that_fits(changes, word):
    (row,) = shown(line(**changes)).rows
    assert row.health is word
    assert row.needs_attention == (word in ATTENTION)


def test_a_school_is_silent_from_the_third_school_day_after_its_last_week_with_marks_today_not_counted():
    last_week = line(latest_week=date(2026, 11, 9), round_id="")
    healths = [
        shown(last_week, now=datetime(2026, 11, day, 6, 10, tzinfo=UTC)).rows[0].health for day in (16, 18, 19, 20)
    ]
    assert healths == [Health.ON_TIME, Health.ON_TIME, Health.SILENT, Health.SILENT]


def test_holidays_make_no_school_silent():
    before_half_term = line(latest_week=date(2026, 10, 19))
    now = datetime(2026, 11, 2, 6, 10, tzinfo=UTC)
    calendar = replace(CALENDAR, closed=frozenset(date(2026, 10, 26) + timedelta(days=n) for n in range(5)))
    made = board([before_half_term], pull=None, source="wonde", calendar_of=lambda _: calendar, silent_days=3, now=now)
    assert made.rows[0].health is Health.ON_TIME


def test_who_needs_attention_comes_the_weightiest_first_with_the_reason_and_how_often():
    made = shown(
        line(100001),
        line(100002, turn=Turn.WAITING),
        line(100003, turn=Turn.GIVEN_UP, failures=6, reason="The service does not answer."),
        line(100004, turn=Turn.GIVEN_UP, failures=1, reason="The token is not ours."),
        line(100005, turn=Turn.WAITING, missed=2),
    )
    assert [(row.line.urn.number, row.reason) for row in made.attention] == [
        (100003, "The service does not answer. (6 times in a row)"),
        (100004, "The token is not ours. (once)"),
        (100002, ""),
        (100005, "2 pulls in a row missed"),
    ]
    assert made.counts == {Health.FAILING: 2, Health.LATE: 2, Health.ON_TIME: 1}
    assert list(made.counts) == [Health.FAILING, Health.LATE, Health.ON_TIME]


def test_staleness_is_of_the_schools_that_are_pulled_and_were_ever_kept():
    hours = [line(100000 + n, kept_at=NOW - n * HOUR) for n in range(1, 21)]
    others = [line(200001, kept_at=None), line(200002, kept_at=NOW - 99 * HOUR, **state(SchoolState.REVOKED))]
    made = shown(*hours, *others)
    assert (made.median_hours, made.p95_hours) == (10.0, 19.0)
    assert (shown().median_hours, shown().p95_hours) == (None, None)


def test_a_percentile_is_the_least_value_that_so_many_do_not_exceed():
    assert [percentile([1.0, 2.0, 3.0, 4.0], share) for share in (0, 25, 26, 50, 95, 100)] == [1, 1, 2, 2, 4, 4]


def test_the_next_moments_are_the_soonest_to_come():
    due = [line(100001 + n, turn=Turn.WAITING, due=NOW + (n - 1) * HOUR) for n in range(8)]
    assert [(at, one.urn.number) for at, one in shown(*due).next_due] == [
        (NOW + n * HOUR, 100002 + n) for n in range(1, 6)
    ]


def test_it_says_where_the_rolls_lie():
    assert shown(line(100001), line(100002), line(100003, home="there"), line(100004, home="")).homes == {
        "here": 2,
        "there": 1,
    }


def test_every_word_is_explained():
    assert set(MEANING) == set(Health)
    assert all(to_do for word, (_, to_do) in MEANING.items() if word in ATTENTION)
