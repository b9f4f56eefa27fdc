"""How daily area tallies become the published tables. Every expected number below is worked out by hand."""

from datetime import date

import pyarrow as pa
import pytest
from tests.lib.area import (
    BUCKINGHAMSHIRE,
    CITY_OF_LONDON,
    DARLINGTON,
    ENGLAND,
    LONDON,
    NORTH_EAST,
    day,
    headcounts,
    hidden,
    persistent,
    pick,
    rows_of,
    tallies,
)

from tallyroll.disclosure import protect
from tallyroll.tally.estimate import Method
from tallyroll.tally.layouts import AREA
from tallyroll.tally.tabulate import Tables, tabulate
from tallyroll.vocab.errors import InputProblem

MONDAY, TUESDAY = date(2025, 9, 15), date(2025, 9, 16)
NEXT_MONDAY = date(2025, 9, 22)
HEADS = headcounts(
    (ENGLAND, "Primary", 12, 3000),
    (ENGLAND, "Secondary", 6, 1000),
    (NORTH_EAST, "Primary", 11, 2500),
    (NORTH_EAST, "Secondary", 4, 500),
    (DARLINGTON, "Primary", 10, 1200),
    (DARLINGTON, "Secondary", 2, 800),
)


def made(*rows, method=Method.POOLED, heads=HEADS, first=None, last=None, **more) -> Tables:
    days = [row["attendance_date"] for row in rows]
    return tabulate(
        tallies(*rows, **{k: more.pop(k) for k in ("new", "phase") if k in more}),
        heads,
        method=method,
        first=first or min(days),
        last=last or max(days),
        **more,
    )


def protected(tables: Tables, *, profile="dfe-single-school", last=TUESDAY) -> dict[str, pa.Table]:
    done = protect({"daily": tables.daily, "weekly": tables.weekly, "ytd": tables.ytd}, profile=profile, last=last)
    return {one.name: one.table for one in done.tables}


# Days to weeks and years


def test_sessions_are_added_over_days_and_schools_and_enrolments_averaged():
    tables = made(
        #                                schools     pupils       sessions
        day(MONDAY, DARLINGTON, "Primary", schools=10, pupils=1000, possible=2000, absent=100),
        day(TUESDAY, DARLINGTON, "Primary", schools=11, pupils=1101, possible=2100, absent=310),
    )
    for table in (tables.weekly, tables.ytd):
        row = pick(table, education_phase="Primary")
        assert (row["num_schools"], row["enrolments"]) == (10.5, 1050.5)
        assert (row["possible_sessions"], row["overall_absence"]) == (4100, 410)


def test_means_are_over_the_days_an_area_sent_not_over_all_days():
    tables = made(
        day(MONDAY, DARLINGTON, "Primary", schools=10),
        day(TUESDAY, DARLINGTON, "Primary", schools=12),
        day(MONDAY, DARLINGTON, "Secondary", schools=2),  # its schools were closed on Tuesday
    )
    assert pick(tables.weekly, education_phase="Secondary")["num_schools"] == 2
    assert pick(tables.weekly, education_phase="Total")["num_schools"] == 13  # 11 + 2


def test_a_rate_is_divided_once_from_sums_and_never_averaged():
    tables = made(
        day(MONDAY, DARLINGTON, "Primary", possible=100, absent=10),  # 10 %
        day(TUESDAY, DARLINGTON, "Primary", possible=300, absent=6),  # 2 %
    )
    assert pick(tables.weekly, education_phase="Primary")["overall_absence_perc"] == 4  # 16 of 400, not 6 %
    assert [row["overall_absence_perc"] for row in tables.daily.to_pylist() if row["education_phase"] == "Primary"] == [
        10,
        2,
    ]


def test_each_rate_has_its_own_numerator():
    tables = made(
        day(
            MONDAY,
            DARLINGTON,
            "Primary",
            possible=200,
            attended=180,
            absent=20,
            authorised_absence=14,
            unauthorised_absence=6,
            illness=8,
            reason_t_authorised_mobile_child=2,
            reason_n_no_reason_yet=5,
        )
    )
    row = pick(tables.daily, education_phase="Primary")
    rates = ("attendance", "overall_absence", "authorised_absence", "unauthorised_absence")
    assert [row[f"{name}_perc"] for name in rates] == pytest.approx([90, 10, 7, 3], rel=1e-14)
    assert (row["illness_perc"], row["auth_mob_perc"], row["unauth_not_yet_perc"]) == (4, 1, 2.5)


def test_weeks_are_kept_apart_and_the_year_holds_them_both():
    tables = made(
        day(MONDAY, DARLINGTON, "Primary", possible=100),
        day(NEXT_MONDAY, DARLINGTON, "Primary", possible=10),
    )
    by_week = {
        (row["time_identifier"], row["possible_sessions"])
        for row in tables.weekly.to_pylist()
        if row["education_phase"] == "Primary"
    }
    assert by_week == {("Week 38", 100), ("Week 39", 10)}
    assert pick(tables.ytd, education_phase="Primary")["possible_sessions"] == 110


def test_days_outside_the_window_are_left_out():
    rows = [day(on, DARLINGTON, "Primary", possible=100) for on in (MONDAY, TUESDAY, NEXT_MONDAY)]
    tables = made(*rows, first=TUESDAY, last=TUESDAY)
    assert pick(tables.ytd, education_phase="Primary")["possible_sessions"] == 100
    assert {row["attendance_date"] for row in tables.daily.to_pylist()} == {TUESDAY}


# How time is named


def test_the_year_to_date_is_named_by_its_academic_year():
    tables = made(day(date(2026, 8, 31), DARLINGTON, "Primary"))
    assert set(rows_of(tables.ytd, ["time_period", "time_identifier"])) == {("202526", "Academic year")}
    assert tables.ytd.column_names[0] == "time_period"
    assert tables.ytd.column_names[-1] == "time_identifier"


@pytest.mark.parametrize(
    ("on", "year", "week"),
    [
        (date(2024, 12, 31), "2025", "Week 1"),  # a Tuesday of the week that holds 2 January 2025
        (date(2023, 1, 1), "2022", "Week 52"),  # a Sunday
        (date(2021, 1, 4), "2021", "Week 1"),
        (date(2025, 9, 15), "2025", "Week 38"),
    ],
)
def test_a_week_carries_its_iso_year(on, year, week):
    tables = made(day(on, DARLINGTON, "Primary"))
    assert set(rows_of(tables.weekly, ["time_period", "time_identifier"])) == {(year, week)}
    assert set(rows_of(tables.daily, ["time_period", "time_identifier"])) == {(year, week)}


def test_weeks_stand_in_the_order_of_their_numbers():
    first, tenth = date(2026, 2, 23), date(2026, 3, 2)  # weeks 9 and 10 of 2026
    tables = made(day(tenth, DARLINGTON, "Primary"), day(first, DARLINGTON, "Primary"))
    assert [week for (week,) in rows_of(tables.weekly, ["time_identifier"])] == ["Week 9"] * 2 + ["Week 10"] * 2


def test_a_window_over_two_academic_years_is_refused():
    with pytest.raises(InputProblem, match="spans two academic years"):
        made(
            day(date(2025, 7, 18), DARLINGTON, "Primary"),
            day(date(2025, 9, 15), DARLINGTON, "Primary"),
        )


def test_a_window_without_a_day_says_what_the_file_holds():
    with pytest.raises(InputProblem, match="2025-09-15 to 2025-09-16"):
        made(
            day(MONDAY, DARLINGTON, "Primary"),
            day(TUESDAY, DARLINGTON, "Primary"),
            first=date(2025, 10, 1),
            last=date(2025, 10, 2),
        )


# Totals over phases


def test_a_weighted_total_weighs_phase_rates_by_census_pupils():
    tables = made(
        day(MONDAY, NORTH_EAST, "Primary", possible=1000, absent=40),  # 4 %, weight 2,500
        day(MONDAY, NORTH_EAST, "Secondary", possible=100, absent=10),  # 10 %, weight 500
        method=Method.WEIGHTED,
    )
    total = pick(tables.daily, education_phase="Total")
    assert total["overall_absence_perc"] == 5  # (4 x 2,500 + 10 x 500) / 3,000; pooled it would be 4.545…
    assert (total["possible_sessions"], total["overall_absence"]) == (1100, 50)
    assert (total["total_num_schools"], total["total_enrolments"]) == (15, 3000)


def test_a_pooled_total_divides_added_counts():
    tables = made(
        day(MONDAY, NORTH_EAST, "Primary", possible=1000, absent=40),
        day(MONDAY, NORTH_EAST, "Secondary", possible=600, absent=60),
    )
    assert pick(tables.daily, education_phase="Total")["overall_absence_perc"] == 6.25  # 100 of 1,600


def test_authorities_have_totals_when_pooled_and_none_when_weighted():
    rows = [
        day(MONDAY, DARLINGTON, "Primary", schools=10, possible=1000, absent=40),
        day(MONDAY, DARLINGTON, "Secondary", schools=2, possible=1000, absent=60),
        day(MONDAY, NORTH_EAST, "Primary", possible=1000, absent=40),
    ]
    pooled, weighted = made(*rows), made(*rows, method=Method.WEIGHTED)
    total = pick(pooled.ytd, la_name="Darlington", education_phase="Total")
    assert (total["overall_absence_perc"], total["num_schools"]) == (5, 12)
    assert rows_of(weighted.ytd, ["geographic_level", "education_phase"]) == [
        ("Regional", "Primary"),
        ("Regional", "Total"),
        ("Local authority", "Primary"),
        ("Local authority", "Secondary"),
    ]


def test_an_area_without_census_figures_has_rates_and_no_head_counts():
    tables = made(day(MONDAY, BUCKINGHAMSHIRE, "Primary", possible=200, absent=10))
    row = pick(tables.daily, education_phase="Primary")
    assert (row["overall_absence_perc"], row["total_num_schools"], row["total_enrolments"]) == (5, None, None)
    assert pick(protected(tables)["daily"], education_phase="Primary")["total_enrolments"] == "x"


def test_a_weighted_total_without_weights_is_not_known():
    tables = made(
        day(MONDAY, NORTH_EAST, "Primary", possible=100, absent=10),
        method=Method.WEIGHTED,
        heads=headcounts((NORTH_EAST, "Primary", 0, 0)),
    )
    assert pick(tables.daily, education_phase="Total")["overall_absence_perc"] is None


# Nothing possible, nothing known


def test_a_day_without_possible_sessions_has_no_rate_and_says_z():
    tables = made(
        day(MONDAY, DARLINGTON, "Primary", possible=0, absent=0),
        day(TUESDAY, DARLINGTON, "Primary", possible=200, absent=10),
    )
    monday = pick(tables.daily, attendance_date=MONDAY, education_phase="Primary")
    assert (monday["possible_sessions"], monday["overall_absence_perc"]) == (0, None)
    shown = pick(protected(tables)["daily"], attendance_date=MONDAY, education_phase="Primary")
    assert shown["overall_absence_perc"] == "z"
    assert float(shown["possible_sessions"]) == 0
    assert pick(tables.weekly, education_phase="Primary")["overall_absence_perc"] == 5


def test_a_row_hidden_upstream_hides_its_week_its_year_and_its_total():
    tables = made(
        hidden(MONDAY, DARLINGTON, "Primary"),
        day(TUESDAY, DARLINGTON, "Primary", possible=200, absent=10),
        day(MONDAY, DARLINGTON, "Secondary", possible=200, absent=10),
    )
    shown = protected(tables)
    assert pick(shown["daily"], attendance_date=MONDAY, education_phase="Primary")["overall_absence"] == "c"
    assert pick(shown["daily"], attendance_date=MONDAY, education_phase="Total")["overall_absence"] == "c"
    assert pick(shown["daily"], attendance_date=TUESDAY, education_phase="Primary")["overall_absence"] == "10"
    for name in ("weekly", "ytd"):
        cells = {row["education_phase"]: row["overall_absence_perc"] for row in shown[name].to_pylist()}
        assert cells == {"Primary": "c", "Secondary": "5", "Total": "c"}


# One school behind an authority


def test_one_school_behind_an_authority_hides_its_row_and_keeps_its_school_numbers():
    tables = made(
        day(MONDAY, CITY_OF_LONDON, "Primary", schools=1, pupils=207, possible=352, absent=20),
        day(MONDAY, LONDON, "Primary", schools=1, pupils=207, possible=352, absent=20),
        heads=headcounts((CITY_OF_LONDON, "Primary", 1, 210)),
    )
    shown = pick(protected(tables)["daily"], la_name="City of London", education_phase="Primary")
    stays = {"time_period", "time_identifier", *AREA, "attendance_date", "education_phase"}
    stays |= {"num_schools", "total_num_schools"}
    assert {name for name, cell in shown.items() if cell != "c"} == stays
    assert (shown["num_schools"], shown["total_num_schools"]) == (1, 1)
    region = pick(protected(tables)["daily"], geographic_level="Regional", education_phase="Primary")
    assert region["overall_absence"] == "20"  # a region is never hidden by this rule: open to subtraction


def test_to_2024_25_a_hidden_row_hid_the_census_number_of_schools_too():
    tables = made(
        day(date(2023, 9, 11), CITY_OF_LONDON, "Primary", schools=1),
        method=Method.WEIGHTED,
        heads=headcounts((CITY_OF_LONDON, "Primary", 1, 210)),
        new=False,
        phase="school_type",
    )
    shown = pick(protected(tables)["daily"], school_type="Primary")
    assert (shown["num_schools"], shown["total_num_schools"], shown["total_enrolments"]) == (1, "c", "c")


def test_before_february_2023_the_department_hid_nothing():
    tables = made(day(date(2022, 9, 20), CITY_OF_LONDON, "Primary", schools=1, absent=7), new=False)
    as_then = protected(tables, profile="dfe-as-published", last=date(2022, 9, 20))
    as_now = protected(tables, last=date(2022, 9, 20))
    assert pick(as_then["daily"], education_phase="Primary")["overall_absence"] == 7
    assert pick(as_now["daily"], education_phase="Primary")["overall_absence"] == "c"


def test_two_schools_on_one_day_of_the_week_show_the_week():
    """As in the department's files, though the days with one school are hidden: the mean is not 1."""
    tables = made(
        day(MONDAY, CITY_OF_LONDON, "Primary", schools=1, absent=3, possible=100),
        day(TUESDAY, CITY_OF_LONDON, "Primary", schools=2, absent=5, possible=100),
    )
    shown = protected(tables)
    assert pick(shown["daily"], attendance_date=MONDAY, education_phase="Primary")["overall_absence"] == "c"
    assert pick(shown["weekly"], education_phase="Primary")["overall_absence"] == 8


# Persistent absence


def test_persistent_absence_pooled_is_flags_over_enrolments():
    tables = made(
        day(MONDAY, ENGLAND, "Primary"),
        day(MONDAY, ENGLAND, "Secondary"),
        persistent=persistent((ENGLAND, "Primary", 200, 20), (ENGLAND, "Secondary", 50, 15)),
    )
    shares = dict(rows_of(tables.ytd, ["education_phase", "pa_perc"]))
    assert shares == pytest.approx({"Primary": 10, "Secondary": 30, "Total": 14}, rel=1e-14)  # 35 of 250
    assert "pa_perc" not in tables.weekly.column_names


def test_persistent_absence_weighted_weighs_phases_by_census_pupils():
    tables = made(
        day(MONDAY, ENGLAND, "Primary"),  # 3,000 pupils in the census
        day(MONDAY, ENGLAND, "Secondary"),  # 1,000
        persistent=persistent((ENGLAND, "Primary", 200, 20), (ENGLAND, "Secondary", 50, 15)),
        method=Method.WEIGHTED,
    )
    assert pick(tables.ytd, education_phase="Total")["pa_perc"] == 15  # (10 x 3,000 + 30 x 1,000) / 4,000


def test_an_authority_without_persistent_absence_figures_has_none():
    tables = made(
        day(MONDAY, ENGLAND, "Primary"),
        day(MONDAY, DARLINGTON, "Primary"),
        persistent=persistent((ENGLAND, "Primary", 200, 20)),
    )
    assert pick(tables.ytd, la_name="Darlington", education_phase="Primary")["pa_perc"] is None


# Days left out


def test_the_bank_holiday_of_19_september_2022_is_in_no_table():
    holiday, after = date(2022, 9, 19), date(2022, 9, 20)
    tables = made(
        day(holiday, DARLINGTON, "Primary", possible=50, schools=2),
        day(after, DARLINGTON, "Primary", possible=100, schools=10),
    )
    assert {on for (on,) in rows_of(tables.daily, ["attendance_date"])} == {after}
    for table in (tables.weekly, tables.ytd):
        row = pick(table, education_phase="Primary")
        assert (row["possible_sessions"], row["num_schools"]) == (100, 10)


def test_a_national_strike_day_is_in_the_week_and_the_year_but_not_in_the_days():
    strike, after = date(2023, 2, 1), date(2023, 2, 2)
    tables = made(
        day(strike, DARLINGTON, "Primary", possible=50),
        day(after, DARLINGTON, "Primary", possible=100),
    )
    assert {on for (on,) in rows_of(tables.daily, ["attendance_date"])} == {after}
    assert pick(tables.weekly, education_phase="Primary")["possible_sessions"] == 150
    assert pick(tables.ytd, education_phase="Primary")["possible_sessions"] == 150


def test_a_regional_strike_leaves_out_its_regions_their_authorities_and_the_nation():
    strike = date(2023, 2, 28)  # North East, North West, Yorkshire and The Humber
    areas = (ENGLAND, NORTH_EAST, LONDON, DARLINGTON, BUCKINGHAMSHIRE)
    tables = made(*(day(strike, area, "Primary") for area in areas))
    assert set(rows_of(tables.daily, ["region_name", "la_name"])) == {
        ("London", ""),
        ("South East", "Buckinghamshire"),
    }
    assert len(set(rows_of(tables.weekly, ["geographic_level", "region_name", "la_name"]))) == len(areas)


def test_two_authorities_beside_the_midlands_strike_are_left_out_with_it():
    tables = made(*(day(date(2023, 3, 1), area, "Primary") for area in (BUCKINGHAMSHIRE, DARLINGTON)))
    assert {name for (name,) in rows_of(tables.daily, ["la_name"])} == {"Darlington"}


def test_a_window_of_strike_days_only_has_an_empty_daily_table():
    tables = made(day(date(2023, 2, 1), DARLINGTON, "Primary", possible=50))
    assert tables.daily.num_rows == 0
    assert protected(tables)["daily"].num_rows == 0
    assert pick(tables.weekly, education_phase="Primary")["possible_sessions"] == 50


# Layout


def test_pooled_tables_call_the_phase_education_phase_and_weighted_ones_keep_its_name():
    old = {"new": False, "phase": "school_type"}
    assert "education_phase" in made(day(MONDAY, DARLINGTON, "Primary"), **old).daily.column_names
    assert "school_type" in made(day(MONDAY, DARLINGTON, "Primary"), method=Method.WEIGHTED, **old).daily.column_names


def test_the_old_layout_has_holiday_and_traveller_rates_and_the_new_one_has_not():
    old = made(day(MONDAY, DARLINGTON, "Primary"), new=False).daily.column_names
    new = made(day(MONDAY, DARLINGTON, "Primary")).daily.column_names
    assert set(old) - set(new) == {
        "reason_t_authorised_grt_absence",
        "reason_h_authorised_holiday",
        "auth_grt_perc",
        "auth_holiday_perc",
    }
    assert {"auth_mob_perc", "auth_performance_perc", "auth_interview_perc", "auth_part_time_perc"} <= set(new)


def test_rows_stand_by_level_area_and_phase():
    tables = made(
        day(MONDAY, DARLINGTON, "Secondary"),
        day(MONDAY, NORTH_EAST, "Primary"),
        day(MONDAY, DARLINGTON, "Primary"),
        day(MONDAY, ENGLAND, "Primary"),
        day(MONDAY, LONDON, "Primary"),
    )
    phases = [row for row in rows_of(tables.ytd, ["region_name", "la_name", "education_phase"]) if row[2] != "Total"]
    assert phases == [
        ("", "", "Primary"),
        ("North East", "", "Primary"),
        ("London", "", "Primary"),
        ("North East", "Darlington", "Primary"),
        ("North East", "Darlington", "Secondary"),
    ]
