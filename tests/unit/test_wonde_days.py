"""Dates in all the forms the service writes them."""

from datetime import UTC, datetime

import pytest

from tallyroll.connectors.wonde.days import london_day, moment
from tallyroll.connectors.wonde.records import Stamp


@pytest.mark.parametrize(
    ("given", "day"),
    [
        (Stamp("2026-09-15 00:00:00.000000", "Europe/London"), "2026-09-15"),
        (Stamp("2026-09-15 00:00:00", "Europe/London"), "2026-09-15"),
        (Stamp("2026-09-14 23:00:00.000000", "UTC"), "2026-09-15"),  # midnight of a summer day in London
        (Stamp("2026-09-15 00:00:00.000000", "UTC"), "2026-09-15"),
        (Stamp("2026-12-15 00:00:00.000000", "UTC"), "2026-12-15"),
        (Stamp("2026-12-15 00:00:00", "+00:00"), "2026-12-15"),  # a zone we cannot name counts as London
        ("2026-09-15", "2026-09-15"),
        ("2026-09-15T00:00:00+01:00", "2026-09-15"),
        ("2026-09-14T23:00:00Z", "2026-09-15"),
        ("the fifteenth", "the fifteenth"),  # for screening to reject
        ("", ""),
        (None, ""),
    ],
)
def test_day_is_the_school_day_in_london(given, day):
    assert london_day(given) == day


def test_moment_is_in_utc_and_none_when_unreadable():
    assert moment(Stamp("2026-09-15 10:00:00", "Europe/London")) == datetime(2026, 9, 15, 9, tzinfo=UTC)
    assert moment("2026-09-15 10:00:00") == datetime(2026, 9, 15, 10, tzinfo=UTC)
    assert moment("soon") is None
    assert moment(None) is None
