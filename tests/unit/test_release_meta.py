"""How tables are described: the words, what is left out, and what is refused."""

import csv
import io
from collections.abc import Collection
from datetime import date

import pyarrow as pa
import pytest

from tallyroll.release.files import meta_file
from tallyroll.release.meta import FILTERS, INDICATORS, Filter, Indicator, describe
from tallyroll.tally.definitions import MEASURES
from tallyroll.tally.layouts import HEADCOUNTS, MEANS, REASONS, SUMS, layout_of
from tallyroll.vocab.errors import UsageProblem


def table(**columns: list[object]) -> pa.Table:
    """Two national rows with these columns beside time and place."""
    when_and_where: dict[str, list[object]] = {
        "time_period": ["202627"] * 2,
        "time_identifier": ["Academic year"] * 2,
        "geographic_level": ["National"] * 2,
        "country_code": ["E92000001"] * 2,
        "country_name": ["England"] * 2,
    }
    return pa.table({**when_and_where, **columns})


def meta_rows(made: pa.Table, *more: Filter | Indicator) -> list[dict[str, str]]:
    text = meta_file(describe("attendance", made, more=more)).decode()
    return list(csv.DictReader(io.StringIO(text)))


def test_filters_come_first_then_indicators_in_the_order_of_the_table() -> None:
    made = table(attendance_perc=[93.1, 94.2], education_phase=["Total", "Primary"], possible_sessions=[10, 8])

    rows = meta_rows(made)

    assert [(row["col_name"], row["col_type"]) for row in rows] == [
        ("education_phase", "Filter"),
        ("attendance_perc", "Indicator"),
        ("possible_sessions", "Indicator"),
    ]


def test_a_rate_has_a_unit_and_one_decimal_place_and_a_count_neither() -> None:
    rate, count = meta_rows(table(attendance_perc=[93.1, 94.2], possible_sessions=[10, 8]))

    assert (rate["label"], rate["indicator_unit"], rate["indicator_dp"]) == ("Attendance rate", "%", "1")
    assert (count["label"], count["indicator_unit"], count["indicator_dp"]) == ("Possible sessions", "", "0")


@pytest.mark.parametrize(("means", "places"), [([24.0, 30.0], "0"), ([24.0, 29.6], "1"), (["24", "c"], "0")])
def test_a_mean_shows_a_decimal_place_only_where_one_is_needed(means: list[object], places: str) -> None:
    (row,) = meta_rows(table(num_schools=means))

    assert row["indicator_dp"] == places


def test_a_filter_with_one_item_is_left_out() -> None:
    made = table(education_phase=["Primary", "Primary"], possible_sessions=[10, 8])

    assert [row["col_name"] for row in meta_rows(made)] == ["possible_sessions"]


def test_columns_of_time_and_place_are_left_out() -> None:
    made = table(region_code=["", "E12000007"], la_name=["", "Camden"], possible_sessions=[10, 8])

    assert [row["col_name"] for row in meta_rows(made)] == ["possible_sessions"]


def test_breakdowns_are_grouped_by_their_topic() -> None:
    topic, breakdown = meta_rows(table(breakdown_topic=["Total", "Sex"], breakdown=["Total", "Female"]))

    assert (topic["col_name"], topic["filter_grouping_column"]) == ("breakdown_topic", "")
    assert (breakdown["col_name"], breakdown["filter_grouping_column"]) == ("breakdown", "breakdown_topic")


def test_breakdowns_of_one_topic_are_not_grouped() -> None:
    (breakdown,) = meta_rows(table(breakdown_topic=["Sex", "Sex"], breakdown=["Male", "Female"]))

    assert (breakdown["col_name"], breakdown["filter_grouping_column"]) == ("breakdown", "")


def test_without_a_total_the_latest_day_is_shown_first() -> None:
    days, phase = meta_rows(
        table(
            attendance_date=[date(2026, 9, 30), date(2026, 10, 1)],
            education_phase=["Total", "Primary"],
        )
    )

    assert (days["col_name"], days["filter_default"]) == ("attendance_date", "2026-10-01")
    assert (phase["col_name"], phase["filter_default"]) == ("education_phase", "")


def test_where_no_default_is_needed_there_is_no_column_for_it() -> None:
    (row,) = meta_rows(table(education_phase=["Total", "Primary"]))

    assert "filter_default" not in row


@pytest.mark.parametrize("of_2023", [("school_type", "reason_t_authorised_grt_absence"), ()])
def test_every_column_of_both_layouts_has_words(of_2023: tuple[str, ...]) -> None:
    layout = layout_of([*of_2023, *(reason for reason in REASONS if "grt" not in reason)])
    indicators = [*MEANS, *SUMS, *REASONS, *HEADCOUNTS, *(rate for rate, _ in layout.rates), "pa_perc"]

    assert [name for name in indicators if name not in INDICATORS] == []
    assert layout.phase in FILTERS


@pytest.mark.parametrize("columns", [MEASURES, ["ytd_enrolments", "pa_flag", "severe_flag"]])
def test_every_column_of_a_breakdown_has_words(columns: Collection[str]) -> None:
    assert [name for name in columns if name not in INDICATORS] == []


def test_no_two_columns_have_the_same_label() -> None:
    labels = [one.label for one in (*FILTERS.values(), *INDICATORS.values())]

    assert len(set(labels)) == len(labels)
    assert max(map(len, labels)) <= 80


def test_a_column_that_nothing_describes_is_refused_by_name() -> None:
    with pytest.raises(UsageProblem, match="shoe_size"):
        describe("attendance", table(shoe_size=[1, 2]))


def test_a_caller_may_describe_a_column_of_its_own() -> None:
    (row,) = meta_rows(table(shoe_size=[1.5, 2.0]), Indicator("shoe_size", "Size of shoes", dp=1))

    assert (row["label"], row["indicator_dp"]) == ("Size of shoes", "1")


@pytest.mark.parametrize("name", ["Attendance", "attendance daily", "a" * 51, "", "../daily"])
def test_a_name_that_ees_refuses_is_refused(name: str) -> None:
    with pytest.raises(UsageProblem, match="cannot name"):
        describe(name, table(possible_sessions=[1, 2]))


def test_a_table_that_does_not_say_when_is_refused() -> None:
    with pytest.raises(UsageProblem, match="time_period"):
        describe("attendance", table(possible_sessions=[1, 2]).drop_columns(["time_period"]))


def test_a_table_without_rows_is_refused() -> None:
    with pytest.raises(UsageProblem, match="no rows"):
        describe("attendance", table(possible_sessions=[1, 2]).slice(0, 0))
