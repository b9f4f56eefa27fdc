"""When a delta is enough."""

from datetime import UTC, date, datetime, timedelta

import pytest

from tallyroll.connectors.wonde import bookmarks
from tallyroll.connectors.wonde.bookmarks import Bookmark, continues, read

NOW = datetime(2026, 11, 20, 16, tzinfo=UTC)
KNOWN = Bookmark("A1", date(2026, 9, 1), NOW - timedelta(hours=5), NOW - timedelta(days=3), generation=2)


def enough(known=KNOWN, *, school="A1", first=date(2026, 9, 1), now=NOW, full_sync_days=7):
    return continues(known, school=school, first=first, now=now, full_sync_days=full_sync_days)


def test_bookmark_survives_its_text():
    assert read(KNOWN.text()) == KNOWN
    assert len(KNOWN.text()) < 200


@pytest.mark.parametrize("text", ["", "{", '{"school":1}', KNOWN.text().replace('"version":1', '"version":2'), "[]"])
def test_text_that_is_no_bookmark_means_a_whole_reading(text):
    assert read(text) is None


def test_delta_is_enough_for_the_same_school_and_days():
    assert enough()
    assert enough(first=date(2026, 10, 1))


def test_whole_reading_is_due():
    assert not enough(None)
    assert not enough(school="A2")
    assert not enough(first=date(2026, 8, 31))
    assert not enough(now=KNOWN.full + timedelta(days=7))
    assert not enough(now=KNOWN.full - timedelta(hours=1)), "the clock went back"
    assert bookmarks.VERSION == 1
