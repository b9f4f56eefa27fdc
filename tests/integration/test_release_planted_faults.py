"""For every check one fault, planted alone in a valid release: exactly that check reports it."""

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.lib.ees import Release, meta_row

from tallyroll.release import Outcome, Report, check
from tallyroll.release.checks.catalogue import STAGES
from tallyroll.release.checks.opening import FILENAMES, READING

Plant = Callable[[Release], object]

FAIL, WARN = Outcome.FAIL, Outcome.WARN
PLANTS: dict[str, tuple[Outcome, Plant]] = {}


def plants(name: str, outcome: Outcome = FAIL) -> Callable[[Plant], Plant]:
    def keep(plant: Plant) -> Plant:
        PLANTS[name] = (outcome, plant)
        return plant

    return keep


def faults(report: Report) -> list[tuple[str, Outcome]]:
    (file,) = report.files
    return [(result.check, result.outcome) for result in file.faults]


def grouped(release: Release, *, groups: list[str], filters: list[str]) -> None:
    """A filter `breakdown` grouped by `breakdown_topic`, described as the standard asks."""
    release.add_column("breakdown_topic", groups)
    release.add_column("breakdown", filters)
    release.meta.insert(0, meta_row("breakdown_topic", "Filter", "Topic"))
    release.meta.insert(1, meta_row("breakdown", "Filter", "Breakdown", filter_grouping_column="breakdown_topic"))


# --- file names and columns ---------------------------------------------------------------------------------------


@plants("filename_spaces")
def _(release: Release) -> None:
    release.name = "attendance ytd"


@plants("filename_special")
def _(release: Release) -> None:
    release.name = "attendance+ytd"


@plants("col_req_meta")
def _(release: Release) -> None:
    for row in release.meta:
        del row["filter_hint"]


@plants("col_invalid_meta")
def _(release: Release) -> None:
    for row in release.meta:
        row["comment"] = "ours"


@plants("col_req_data")
def _(release: Release) -> None:
    release.drop_column("country_name")


@plants("col_to_rows")
def _(release: Release) -> None:
    release.meta.extend(dict(release.meta[1]) for _ in range(9))


@plants("cross_meta_to_data")
def _(release: Release) -> None:
    release.meta.append(meta_row("session_total", "Indicator", "All sessions", indicator_dp="0"))


@plants("cross_data_to_meta", WARN)
def _(release: Release) -> None:
    release.add_column("day_number", ["1", "2", "1", "2", "1", "2"])


@plants("col_names_spaces")
def _(release: Release) -> None:
    release.add_column("drawn from", "registers")


@plants("col_snake_case", WARN)
def _(release: Release) -> None:
    release.add_column("drawnFrom", "registers")


@plants("col_var_start", WARN)
def _(release: Release) -> None:
    release.add_column("2nd_version", "no")


@plants("col_ind_smushed")
def _(release: Release) -> None:
    release.add_column("session_count_female", "12")
    release.meta.append(meta_row("session_count_female", "Indicator", "Sessions of girls", indicator_dp="0"))


# --- the meta file ------------------------------------------------------------------------------------------------


@plants("meta_col_type")
def _(release: Release) -> None:
    release.described("session_count")["col_type"] = "indicator"


@plants("meta_ob_unit")
def _(release: Release) -> None:
    release.meta.append(meta_row("region_name", "Filter", "Region"))


@plants("meta_col_name")
def _(release: Release) -> None:
    release.meta.append(meta_row("", "Indicator", "Something", indicator_dp="0"))


@plants("meta_dupe_label")
def _(release: Release) -> None:
    release.described("session_percent")["label"] = "Sessions"


@plants("meta_fil_grp")
def _(release: Release) -> None:
    release.described("session_count")["filter_grouping_column"] = "education_phase"


@plants("meta_fil_grp_dupe")
def _(release: Release) -> None:
    grouped(release, groups=["Total", "Sex"] * 3, filters=["Total", "Female"] * 3)
    release.described("education_phase")["filter_grouping_column"] = "breakdown_topic"


@plants("meta_fil_grp_is_fil", WARN)
def _(release: Release) -> None:
    grouped(release, groups=["Total", "Sex"] * 3, filters=["Total", "Female"] * 3)
    release.meta.remove(release.described("breakdown_topic"))


@plants("meta_fil_grp_match")
def _(release: Release) -> None:
    release.described("education_phase")["filter_grouping_column"] = "phase_group"


@plants("meta_fil_grp_stripped")
def _(release: Release) -> None:
    groups = ["Total", "FSM status", "Total", "FSM-status", "Total", "FSM status"]
    grouped(release, groups=groups, filters=["Total", "FSM eligible"] * 3)


@plants("meta_label")
def _(release: Release) -> None:
    release.described("session_count")["label"] = ""


@plants("meta_filter_hint")
def _(release: Release) -> None:
    release.described("session_count")["filter_hint"] = "Filter by sessions"


@plants("meta_geog_catch")
def _(release: Release) -> None:
    release.add_column("mca", ["Total", "North"] * 3)
    release.meta.append(meta_row("mca", "Filter", "Mayoral authority"))


@plants("meta_indicator_dp")
def _(release: Release) -> None:
    release.described("education_phase")["indicator_dp"] = "0"


@plants("meta_col_name_dupe")
def _(release: Release) -> None:
    release.meta.append(meta_row("session_count", "Indicator", "Sessions again", indicator_dp="0"))


@plants("meta_ind_dp_set", WARN)
def _(release: Release) -> None:
    release.described("session_count")["indicator_dp"] = ""


@plants("meta_ind_dp_values")
def _(release: Release) -> None:
    release.described("session_count")["indicator_dp"] = "-1"


@plants("meta_ind_unit")
def _(release: Release) -> None:
    release.described("education_phase")["indicator_unit"] = "%"


@plants("meta_ind_unit_validation")
def _(release: Release) -> None:
    release.described("session_percent")["indicator_unit"] = "per cent"


@plants("meta_indicator_grouping")
def _(release: Release) -> None:
    release.described("education_phase")["indicator_grouping"] = "Schools"


# --- time ---------------------------------------------------------------------------------------------------------


def every(release: Release, **cells: str) -> None:
    for row in release.data:
        row.update(cells)


@plants("time_period_num")
def _(release: Release) -> None:
    every(release, time_period="2026/27")


@plants("time_id_valid")
def _(release: Release) -> None:
    every(release, time_period="2026", time_identifier="Week 53")


@plants("time_id_mix")
def _(release: Release) -> None:
    for row in release.of_level("Regional"):
        row["time_identifier"] = "Autumn term"


@plants("time_period")
def _(release: Release) -> None:
    every(release, time_period="2026")


@plants("time_period_six")
def _(release: Release) -> None:
    every(release, time_period="202628")


# --- filters ------------------------------------------------------------------------------------------------------


@plants("filter_not_singular")
def _(release: Release) -> None:
    release.add_column("sex", "Total")
    release.meta.append(meta_row("sex", "Filter", "Sex"))


@plants("filter_defaults", WARN)
def _(release: Release) -> None:
    for row in release.data:
        row["education_phase"] = row["education_phase"].replace("Total", "Secondary")


@plants("filter_group_level")
def _(release: Release) -> None:
    grouped(release, groups=["Total", "Sex", "Year group"] * 2, filters=["Total", "Female", "Total"] * 2)


@plants("filter_item_limit")
def _(release: Release) -> None:
    release.data = [{**release.data[0], "education_phase": f"Phase {n}"} for n in range(25_000)] + release.data[:1]


@plants("filter_whitespace")
def _(release: Release) -> None:
    release.data[1]["education_phase"] = "Primary "


@plants("filter_ob_total")
def _(release: Release) -> None:
    release.data[0]["la_name"] = "Total"


@plants("filter_blanks")
def _(release: Release) -> None:
    release.data[1]["education_phase"] = ""


# --- geography ----------------------------------------------------------------------------------------------------


@plants("geog_level")
def _(release: Release) -> None:
    for row in release.of_level("Local authority"):
        row["geographic_level"] = "LA"


@plants("geog_level_present")
def _(release: Release) -> None:
    release.drop_column("la_name")


@plants("geog_country_combos")
def _(release: Release) -> None:
    every(release, country_name="Wales")


@plants("geog_region_combos")
def _(release: Release) -> None:
    for row in release.of_level("Regional"):
        row.update(region_code="E12000003", region_name="Yorkshire and the Humber")


@plants("geog_la_combos")
def _(release: Release) -> None:
    for row in release.of_level("Local authority"):
        row["la_name"] = "Camden Town"


@plants("geog_ward_combos")
def _(release: Release) -> None:
    release.add_row("Ward", ward_code="E04000001", ward_name="Abbey")


@plants("geog_pcon_combos")
def _(release: Release) -> None:
    release.add_row("Parliamentary constituency", pcon_code="E14001", pcon_name="Aldershot")


@plants("geog_lad_combos")
def _(release: Release) -> None:
    place = {"region_code": "E12000004", "region_name": "East Midlands", "lad_code": "E07000032"}
    release.add_row("Local authority district", lad_name="Amber Valley", **place)
    release.add_row("Local authority district", lad_name="Amber Vale", **place)


@plants("geog_lep_combos")
def _(release: Release) -> None:
    level, stem = "Local enterprise partnership", "local_enterprise_partnership"
    release.add_row(level, **{f"{stem}_code": "37", f"{stem}_name": "Solent"})


@plants("geog_lsip_combos")
def _(release: Release) -> None:
    release.add_row("Local skills improvement plan area", lsip_code="E96000001", lsip_name="Cumbria")


@plants("geog_eda_combos")
def _(release: Release) -> None:
    place = {"english_devolved_area_code": "GMCA", "english_devolved_area_name": "Greater Manchester"}
    release.add_row("English devolved area", **place)


@plants("geog_level_completed")
def _(release: Release) -> None:
    release.of_level("Local authority")[0]["old_la_code"] = ""


@plants("geog_ignored_rows")
def _(release: Release) -> None:
    every(release, geographic_level="Institution", institution_id="8001", institution_name="A college")


@plants("geog_other_dupes")
def _(release: Release) -> None:
    release.add_row("MAT", trust_id="TR1", trust_name="Oak Trust")
    release.add_row("MAT", trust_id="TR2", trust_name="Oak Trust")


@plants("geog_other_code_dupes")
def _(release: Release) -> None:
    release.add_row("MAT", trust_id="TR1", trust_name="Oak Trust")
    release.add_row("MAT", trust_id="TR1", trust_name="Elm Trust")


@plants("geog_la_col_present")
def _(release: Release) -> None:
    release.data = release.data[:4]
    release.drop_column("old_la_code")


@plants("geog_region_col_present")
def _(release: Release) -> None:
    release.data = release.data[:2]
    release.drop_column("region_name")


@plants("geog_region_for_la", WARN)
def _(release: Release) -> None:
    for row in release.of_level("Local authority"):
        row.update(region_code="", region_name="")


@plants("geog_region_for_lad", WARN)
def _(release: Release) -> None:
    release.add_row("Local authority district", lad_code="E07000032", lad_name="Amber Valley")


@plants("geog_na")
def _(release: Release) -> None:
    release.add_row("MAT", trust_id="x", trust_name="Oak Trust")


@plants("geog_na_code")
def _(release: Release) -> None:
    release.add_row("MAT", trust_id="TR1", trust_name="Not available")


@plants("geog_overcompleted_cols")
def _(release: Release) -> None:
    for row in release.of_level("Regional"):
        row.update(new_la_code="E09000007", la_name="Camden", old_la_code="202")


# --- content ------------------------------------------------------------------------------------------------------


@plants("general_dupes")
def _(release: Release) -> None:
    release.data.append({**release.data[3], "session_count": "1"})


@plants("general_null")
def _(release: Release) -> None:
    release.data[5]["session_count"] = "NULL"


@plants("ind_invalid_entry")
def _(release: Release) -> None:
    release.data[5]["session_count"] = ":"


@plants("ind_blank")
def _(release: Release) -> None:
    release.data[5]["session_count"] = ""


# --- harmonised variables and the API -----------------------------------------------------------------------------


@plants("harmonised_variables")
def _(release: Release) -> None:
    release.add_column("school_type", ["Total", "Primary"] * 3)
    release.meta.append(meta_row("school_type", "Filter", "School type"))


@plants("harmonised_eth_vals", WARN)
def _(release: Release) -> None:
    release.add_column("ethnicity_major", "Asian")


@plants("harmonised_eth_char_grp")
def _(release: Release) -> None:
    release.add_column("characteristic_group", "Ethnic group")


@plants("harmonised_eth_char_vals", WARN)
def _(release: Release) -> None:
    release.add_column("characteristic_group", "Ethnicity Major")
    release.add_column("characteristic", "Asian")


@plants("api_char_col_name", WARN)
def _(release: Release) -> None:
    release.add_column("n" * 51, "1")


@plants("api_char_col_label", WARN)
def _(release: Release) -> None:
    release.described("session_count")["label"] = "S" * 101


@plants("api_char_loc_code", WARN)
def _(release: Release) -> None:
    release.add_row("MAT", trust_id="T" * 31, trust_name="Oak Trust")


@plants("api_char_filter_items", WARN)
def _(release: Release) -> None:
    release.add_row("MAT", trust_id="TR1", trust_name="O" * 121)


@plants("data_dict_col_name", WARN)
def _(release: Release) -> None:
    release.add_column("session_mean", "12.5")
    release.meta.append(meta_row("session_mean", "Indicator", "Mean", indicator_dp="1"))


@plants("data_dict_fil_item", WARN)
def _(release: Release) -> None:
    release.data[1]["education_phase"] = "Primary school"


# --- the tests ----------------------------------------------------------------------------------------------------


def test_a_valid_release_passes_every_check(tmp_path: Path) -> None:
    report = check(Release().write(tmp_path))

    assert faults(report) == []
    assert report.passed
    assert report.api_suitable


@pytest.mark.parametrize("name", PLANTS)
def test_exactly_this_check_reports_its_fault(name: str, tmp_path: Path) -> None:
    outcome, plant = PLANTS[name]
    release = Release()
    plant(release)

    report = check(release.write(tmp_path))

    assert faults(report) == [(name, outcome)]
    assert report.passed is (outcome is WARN)
    (result,) = report.files[0].faults
    assert result.where, "a fault names a place"
    assert len(result.where) <= 10


ELSEWHERE = {
    "filenames_match",  # below: needs a file to be missing
    "col_var_characteristic",  # below: the data dictionary has no such word either
    "meta_col_name_spaces",  # below: a fault of the data file comes first
    *(one.name for one in READING),  # tests/unit/test_release_check.py: bytes, not rows
}


def test_every_check_has_a_planted_fault() -> None:
    every_check = [one.name for one in FILENAMES] + [one.name for one in READING]
    every_check += [one.name for stage in STAGES for one in stage.checks]

    assert sorted(every_check) == sorted({*PLANTS, *ELSEWHERE})


@pytest.mark.parametrize(("gone", "left"), [("meta.csv", "csv"), ("csv", "meta.csv")])
def test_a_file_without_its_partner_fails_by_name(gone: str, left: str, tmp_path: Path) -> None:
    folder = Release().write(tmp_path)
    (folder / f"attendance_ytd.{gone}").unlink()

    report = check(folder)

    assert faults(report) == [("filenames_match", FAIL)]
    assert report.files[0].faults[0].where == (f"attendance_ytd.{left}",)


def test_characteristic_is_warned_of_beside_the_data_dictionary(tmp_path: Path) -> None:
    release = Release()
    release.add_column("characteristic", ["Total", "Female"] * 3)
    release.meta.append(meta_row("characteristic", "Filter", "Characteristic"))

    report = check(release.write(tmp_path))

    assert faults(report) == [("col_var_characteristic", WARN), ("data_dict_col_name", WARN)]


def test_a_space_in_a_col_name_is_reported_first_for_the_data_file(tmp_path: Path) -> None:
    release = Release()
    release.add_column("session mean", "12.5")
    release.meta.append(meta_row("session mean", "Indicator", "Mean", indicator_dp="1"))

    assert faults(check(release.write(tmp_path))) == [("col_names_spaces", FAIL)]


def test_after_a_stage_fails_no_later_stage_runs(tmp_path: Path) -> None:
    release = Release()
    every(release, time_period="2026/27")
    release.data[5]["session_count"] = ":"

    (file,) = check(release.write(tmp_path)).files

    ran = [result.stage for result in file.results if result.outcome is not Outcome.NOT_RUN]
    assert ran[-1] == "precheck_time"
    assert {result.outcome for result in file.results if result.check == "ind_invalid_entry"} == {Outcome.NOT_RUN}
