"""When the pulls of a day are, by hand: an ordinary day, the two on which the clocks change, and the days left out."""

from datetime import UTC, date, datetime, timedelta

import pytest

from tallyroll.flows.rota.schedule import Hours, hours_of, last_pull, next_pull, pull_at, pulls_of
from tallyroll.vocab.errors import UsageProblem

FRIDAY = date(2026, 11, 20)
WHOLE_DAY = hours_of("00:00-24:00", weekends=True)


def edges(day: date, hours: Hours, a_day: int) -> list[str]:
    """When its pulls open and the last one closes, in UTC."""
    pulls = pulls_of(day, hours=hours, a_day=a_day)
    return [f"{moment:%d %H:%M}" for moment in (*(pull.opens for pull in pulls), pulls[-1].closes)]


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_the_hours_are_divided_evenly_among_the_pulls():
    assert edges(FRIDAY, Hours(), 4) == ["20 06:00", "20 09:30", "20 13:00", "20 16:30", "20 20:00"]


def test_hours_are_those_of_london_in_summer_too():
    assert edges(date(2026, 7, 3), Hours(), 2) == ["03 05:00", "03 12:00", "03 19:00"]


def test_on_the_day_the_clocks_go_forward_the_day_has_23_hours():
    assert edges(date(2027, 3, 28), WHOLE_DAY, 2) == ["28 00:00", "28 11:30", "28 23:00"]


def test_on_the_day_the_clocks_go_back_the_day_has_25_hours():
    assert edges(date(2026, 10, 25), WHOLE_DAY, 5) == [
        "24 23:00",
        "25 04:00",
        "25 09:00",
        "25 14:00",
        "25 19:00",
        "26 00:00",
    ]


def test_an_hour_that_the_day_leaves_out_makes_the_pull_shorter_and_no_pull_void():
    assert edges(date(2027, 3, 28), hours_of("01:30-03:30", weekends=True), 1) == ["28 01:30", "28 02:30"]


def test_between_the_hours_there_is_no_pull_and_the_next_is_the_next_mornings():
    night = utc("2026-11-19T20:00")
    assert pull_at(night, hours=Hours(), a_day=2) is None
    assert next_pull(night, hours=Hours(), a_day=2) == pulls_of(FRIDAY, hours=Hours(), a_day=2)[0]
    assert last_pull(night, hours=Hours(), a_day=2).opens == utc("2026-11-19T13:00")


def test_the_weekend_is_left_out_unless_it_is_asked_for():
    evening = utc("2026-11-20T20:00")
    assert next_pull(evening, hours=Hours(), a_day=1).day == date(2026, 11, 23)
    assert next_pull(evening, hours=Hours(weekends=True), a_day=1).day == date(2026, 11, 21)
    assert pulls_of(date(2026, 11, 21), hours=Hours(), a_day=1) == ()


def test_the_round_of_a_pull_is_that_of_its_day_in_london():
    assert pulls_of(date(2026, 10, 25), hours=WHOLE_DAY, a_day=1)[0].round_id("wonde") == "wonde 2026-10-25 1"


@pytest.mark.parametrize(
    "text", ["", "6-20", "20:00-06:00", "06:00", "06:00-07:59", "06:00-24:01", "06:00-20:00-22:00"]
)
def test_what_are_no_hours_is_refused_with_a_sample(text):
    with pytest.raises(UsageProblem, match="hours") as problem:
        hours_of(text, weekends=False)
    assert "06:00-20:00" in problem.value.mend


def test_hours_may_last_until_midnight():
    assert hours_of(" 07:15 - 24:00", weekends=False) == Hours(timedelta(hours=7, minutes=15), timedelta(days=1))
