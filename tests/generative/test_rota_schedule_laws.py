"""The laws of the schedule, for any day, hours and number of pulls: everybody once, evenly, within the hours."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tallyroll.flows.rota.schedule import (
    Hours,
    Retries,
    last_pull,
    moment_of,
    next_pull,
    pull_at,
    pulls_of,
    retry_at,
)
from tallyroll.vocab.clock import LONDON
from tallyroll.vocab.identifiers import Urn

SPRING, AUTUMN = date(2027, 3, 28), date(2026, 10, 25)  # the clocks go forward, and back
MINUTE = timedelta(minutes=1)

days = st.dates(date(2026, 9, 1), date(2027, 8, 31)) | st.sampled_from([SPRING, AUTUMN])
a_day = st.integers(1, 48)
urns = st.integers(100_000, 999_999).map(Urn)


@st.composite
def hours(draw: st.DrawFn, *, weekends: bool | None = None) -> Hours:
    """Any hours of a day that are at least two, to the minute."""
    first = draw(st.integers(0, 22 * 60))
    last = draw(st.integers(first + 120, 24 * 60))
    return Hours(first * MINUTE, last * MINUTE, draw(st.booleans()) if weekends is None else weekends)


@given(days, hours(weekends=True), a_day)
def test_the_pulls_of_a_day_follow_each_other_without_a_gap_within_its_hours(day, hours, a_day):
    pulls = pulls_of(day, hours=hours, a_day=a_day)
    assert [(pull.day, pull.number) for pull in pulls] == [(day, n + 1) for n in range(a_day)]
    assert all(one.closes == other.opens for one, other in pairwise(pulls))
    assert all(pull.opens < pull.closes for pull in pulls)
    assert pulls[0].opens.astimezone(LONDON).date() == day
    assert (pulls[-1].closes - timedelta(microseconds=1)).astimezone(LONDON).date() == day
    lengths = [pull.closes - pull.opens for pull in pulls]
    assert max(lengths) - min(lengths) <= timedelta(microseconds=1)


@given(days, hours(), a_day, st.integers(0, 24 * 60))
def test_at_any_moment_the_last_pull_the_one_under_way_and_the_next_agree(day, hours, a_day, minute):
    now = datetime(day.year, day.month, day.day, tzinfo=UTC) + minute * MINUTE
    here, before, after = (find(now, hours=hours, a_day=a_day) for find in (pull_at, last_pull, next_pull))
    assert before.opens <= now < after.opens
    assert here == (before if now < before.closes else None)
    assert before < after
    assert hours.hold(before.day)
    assert hours.hold(after.day)


@given(urns, days, hours(weekends=True), a_day)
def test_a_school_has_one_moment_in_each_pull_within_its_first_three_quarters(urn, day, hours, a_day):
    for pull in pulls_of(day, hours=hours, a_day=a_day):
        due = moment_of(urn, pull)
        assert due == moment_of(urn, pull)
        assert pull.opens <= due <= pull.opens + 0.75 * (pull.closes - pull.opens)


@given(st.lists(urns, unique=True, max_size=30), urns, days)
def test_a_school_that_is_added_moves_no_other(others, added, day):
    (pull,) = pulls_of(day, hours=Hours(weekends=True), a_day=1)
    before = {urn: moment_of(urn, pull) for urn in others}
    after = {urn: moment_of(urn, pull) for urn in (*others, added)}
    assert {urn: after[urn] for urn in others} == before


@given(urns, days, st.integers(1, 6))
def test_from_one_pull_of_a_day_to_the_next_a_school_waits_as_long_as_a_pull_lasts(urn, day, a_day):
    pulls = pulls_of(day, hours=Hours(weekends=True), a_day=a_day)
    gaps = [moment_of(urn, later) - moment_of(urn, earlier) for earlier, later in pairwise(pulls)]
    assert all(abs(gap - (pulls[0].closes - pulls[0].opens)) <= timedelta(microseconds=2) for gap in gaps)


@given(st.integers(100_000, 977_000), days)
def test_moments_are_spread_evenly(first_urn, day):
    """22,000 schools over 60 parts of a pull: the chi-square of 59 degrees stays below 135, which 1 in 10^7 exceeds."""
    (pull,) = pulls_of(day, hours=Hours(weekends=True), a_day=1)
    part = 0.75 * (pull.closes - pull.opens) / 60
    found = Counter((moment_of(Urn(first_urn + n), pull) - pull.opens) // part for n in range(0, 22_000, 10))
    expected = 2_200 / 60
    assert sum((found[n] - expected) ** 2 / expected for n in range(60)) < 135
    assert set(found) <= set(range(61))


@given(urns, days, st.integers(1, 12), st.integers(0, 14 * 60 - 1))
def test_a_school_that_failed_is_tried_again_within_the_pull_and_the_budget_or_not_at_all(urn, day, tries, minute):
    (pull,), retries = pulls_of(day, hours=Hours(weekends=True), a_day=1), Retries(budget=6)
    now = pull.opens + minute * MINUTE
    again = retry_at(urn, pull, tries=tries, retries=retries, now=now)
    pause = min(2 * 2 ** (tries - 1), 30) * MINUTE
    if tries >= 6:
        assert again is None
    elif again is None:
        assert now + 1.5 * pause >= pull.closes
    else:
        assert now + 0.5 * pause <= again < min(pull.closes, now + 1.5 * pause)
