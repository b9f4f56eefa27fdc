"""Durations: read, written, said and added to days; every expected day was counted on a calendar."""

from datetime import date, timedelta

import pytest

from tallyroll.vocab.durations import Duration


@pytest.mark.parametrize(
    ("text", "duration", "canonical", "words"),
    [
        ("P6Y", Duration(years=6), "P6Y", "6 years"),
        ("P13M", Duration(months=13), "P13M", "13 months"),
        ("P21D", Duration(days=21), "P21D", "21 days"),
        ("P3W", Duration(days=21), "P21D", "21 days"),
        ("P1Y", Duration(years=1), "P1Y", "1 year"),
        ("P0D", Duration(), "P0D", "0 days"),
        ("P1Y2M21D", Duration(1, 2, 21), "P1Y2M21D", "1 year, 2 months and 21 days"),
        ("P1Y1D", Duration(1, 0, 1), "P1Y1D", "1 year and 1 day"),
        ("P1W1D", Duration(days=8), "P8D", "8 days"),
    ],
)
def test_a_duration_is_read_written_and_said(text, duration, canonical, words):
    assert Duration.parse(text) == duration
    assert (duration.text, duration.words) == (canonical, words)


@pytest.mark.parametrize("text", ["", "P", "6Y", "P6", "p6y", "P-1Y", "P1.5Y", "PT5H", "P1DT1H", "P6Y ", "P٣Y"])
def test_anything_but_whole_calendar_units_is_refused_with_an_example(text):
    with pytest.raises(ValueError, match="write P6Y, P13M or P21D"):
        Duration.parse(text)


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("P6Y", date(2020, 9, 1), date(2026, 9, 1)),
        ("P6Y", date(2020, 2, 29), date(2026, 2, 28)),
        ("P4Y", date(2020, 2, 29), date(2024, 2, 29)),
        ("P1M", date(2026, 1, 31), date(2026, 2, 28)),
        ("P13M", date(2026, 12, 15), date(2028, 1, 15)),
        ("P21D", date(2026, 12, 20), date(2027, 1, 10)),
        ("P1M1D", date(2026, 1, 31), date(2026, 3, 1)),
        ("P0D", date(2026, 11, 21), date(2026, 11, 21)),
    ],
)
def test_it_is_added_to_a_day_by_the_calendar(text, start, end):
    assert Duration.parse(text).after(start) == end


@pytest.mark.parametrize(
    ("text", "end", "start"),
    [
        ("P6Y", date(2026, 9, 1), date(2020, 9, 1)),
        ("P6Y", date(2026, 2, 28), date(2020, 2, 29)),  # 28 and 29 February are both over; the later counts
        ("P1M", date(2026, 3, 30), date(2026, 2, 28)),  # no day of February gives 30 March
        ("P21D", date(2027, 1, 10), date(2026, 12, 20)),
    ],
)
def test_the_last_day_that_is_over_is_found(text, end, start):
    assert Duration.parse(text).before(end) == start


@pytest.mark.parametrize("text", ["P6Y", "P13M", "P1M", "P1M1D", "P21D", "P0D"])
def test_before_is_the_last_day_whose_time_is_over_on_every_day_of_four_years(text):
    duration = Duration.parse(text)
    for n in range(4 * 366):
        end = date(2023, 1, 1) + timedelta(days=n)
        start = duration.before(end)
        assert duration.after(start) <= end < duration.after(start + timedelta(days=1))


def test_durations_are_ordered_by_length():
    six, thirteen, year, twelve = (Duration.parse(text) for text in ("P6Y", "P13M", "P1Y", "P12M"))
    assert thirteen < six
    assert six > thirteen
    assert year <= twelve <= year
    assert not year < twelve
    assert Duration.parse("P66Y") > six
