"""The checker's reading, reporting and refusing; the faults of content stand in the planted-fault tests."""

import json
from pathlib import Path

import pytest
from tests.lib.ees import Release, meta_row

from tallyroll.release import Outcome, check
from tallyroll.release.checks.catalogue import STAGES
from tallyroll.release.checks.opening import FILENAMES, READING
from tallyroll.release.pair import Meta, Pair
from tallyroll.release.reference import page
from tallyroll.release.sheet import read
from tallyroll.vocab.errors import InputProblem, UsageProblem

PAGE = Path(__file__).parents[2] / "docs/reference/release-check.md"

# Written by hand from the names that the department's screener (0.3.1) reports.
DEPARTMENT = """
filename_spaces filename_special filenames_match
col_req_meta col_invalid_meta col_req_data col_to_rows
cross_meta_to_data cross_data_to_meta
col_names_spaces col_snake_case col_var_start col_ind_smushed col_var_characteristic
meta_col_type meta_ob_unit meta_col_name
meta_dupe_label meta_fil_grp meta_fil_grp_dupe meta_fil_grp_is_fil meta_fil_grp_match meta_fil_grp_stripped meta_label
meta_filter_hint meta_geog_catch meta_indicator_dp meta_col_name_spaces meta_col_name_dupe meta_ind_dp_set
meta_ind_dp_values meta_ind_unit meta_ind_unit_validation meta_indicator_grouping
time_period_num time_id_valid time_id_mix
filter_not_singular
geog_level geog_level_present
time_period time_period_six
filter_defaults filter_group_level filter_item_limit filter_whitespace filter_ob_total filter_blanks
geog_country_combos geog_region_combos geog_ward_combos geog_pcon_combos geog_lad_combos geog_lep_combos
geog_lsip_combos geog_eda_combos geog_la_combos geog_level_completed geog_ignored_rows geog_other_dupes
geog_la_col_present geog_region_col_present geog_region_for_la geog_region_for_lad geog_na geog_na_code
geog_other_code_dupes geog_overcompleted_cols
general_dupes general_null ind_invalid_entry
harmonised_variables harmonised_eth_vals harmonised_eth_char_grp harmonised_eth_char_vals
api_char_col_name api_char_col_label api_char_loc_code api_char_filter_items data_dict_col_name data_dict_fil_item
""".split()  # noqa: SIM905 - a list to be read by people
OURS = ["file_utf8", "file_header", "file_rows_even", "file_has_rows", "ind_blank"]


def failing(folder: Path) -> list[tuple[str, tuple[str, ...]]]:
    (file,) = check(folder).files
    return [(result.check, result.where) for result in file.faults]


def test_every_check_of_the_department_is_there_by_name_and_in_its_order() -> None:
    names = [one.name for one in (*FILENAMES, *READING)] + [one.name for stage in STAGES for one in stage.checks]

    assert [name for name in names if name not in OURS] == DEPARTMENT
    assert [name for name in names if name in OURS] == OURS


def test_every_result_is_reported_once_for_every_file(tmp_path: Path) -> None:
    Release(name="daily").write(tmp_path)
    Release(name="weekly").write(tmp_path)

    report = check(tmp_path)

    assert [file.name for file in report.files] == ["daily", "weekly"]
    for file in report.files:
        assert len({result.check for result in file.results}) == len(file.results) == len(DEPARTMENT) + len(OURS)


def test_one_file_that_fails_fails_the_folder(tmp_path: Path) -> None:
    Release(name="daily").write(tmp_path)
    weekly = Release(name="weekly")
    weekly.data[0]["country_name"] = "Wales"
    weekly.write(tmp_path)

    report = check(tmp_path)

    assert [file.passed for file in report.files] == [True, False]
    assert not report.passed
    assert not report.api_suitable


def test_a_warning_of_the_last_stage_makes_a_file_unfit_for_the_api_only(tmp_path: Path) -> None:
    release = Release()
    release.described("session_count")["label"] = "S" * 101

    report = check(release.write(tmp_path))

    assert report.passed
    assert not report.api_suitable


def test_the_report_as_plain_values_is_json(tmp_path: Path) -> None:
    release = Release()
    release.data[5]["session_count"] = ""
    told = json.loads(json.dumps(check(release.write(tmp_path)).as_dict()))

    assert told["passed"] is False
    (file,) = told["files"]
    (blank,) = [result for result in file["results"] if result["outcome"] == "FAIL"]
    assert blank["check"] == "ind_blank"
    assert blank["stage"] == "check_indicators"
    assert blank["where"] == ["attendance_ytd.csv row 7, column session_count"]
    assert "session_count" in blank["message"]


def test_other_files_and_folders_below_are_not_looked_at(tmp_path: Path) -> None:
    folder = Release().write(tmp_path)
    (folder / "release.json").write_text("{}")
    (folder / "README.md").write_text("About.")
    (folder / ".draft.csv").write_text("a,b\n1\n")
    Release(name="other name").write(folder / "older")

    assert check(folder).passed


def test_a_byte_order_mark_is_no_part_of_the_first_name(tmp_path: Path) -> None:
    folder = Release().write(tmp_path)
    path = folder / "attendance_ytd.csv"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())

    assert check(folder).passed


def test_windows_line_ends_and_blank_lines_at_the_end_are_no_fault(tmp_path: Path) -> None:
    folder = Release().write(tmp_path)
    path = folder / "attendance_ytd.csv"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n") + b"\r\n\r\n")

    assert check(folder).passed


def test_a_quoted_comma_is_part_of_a_cell(tmp_path: Path) -> None:
    release = Release()
    for row in release.of_level("Local authority"):
        row.update(region_code="E12000009", region_name="South West")
        row.update(new_la_code="E06000023", la_name="Bristol, City of", old_la_code="801")

    assert check(release.write(tmp_path)).passed


SPOILED = {
    "not UTF-8": (
        lambda text: text.replace(b"Camden", b"C\xe4mden"),
        ("file_utf8", "attendance_ytd.csv line 6"),
    ),
    "UTF-16": (lambda text: text.decode().encode("utf-16"), ("file_utf8", "attendance_ytd.csv line 1")),
    "empty": (lambda _: b"", ("file_header", "attendance_ytd.csv")),
    "blank lines only": (lambda _: b"\n\n", ("file_header", "attendance_ytd.csv")),
    "a blank line first": (lambda text: b"\n" + text, ("file_header", "attendance_ytd.csv row 1")),
    "a lone carriage return first": (lambda text: b"\r" + text, ("file_header", "attendance_ytd.csv row 1")),
    "a name twice": (
        lambda text: text.replace(b"session_percent", b"session_count", 1),
        ("file_header", "attendance_ytd.csv row 1"),
    ),
    "a name missing": (
        lambda text: text.replace(b"session_percent", b"", 1),
        ("file_header", "attendance_ytd.csv row 1"),
    ),
    "a cell too many": (
        lambda text: text.replace(b"180200", b"180,200"),
        ("file_rows_even", "attendance_ytd.csv row 5"),
    ),
    "a cell missing": (
        lambda text: text.replace(b",180200", b""),
        ("file_rows_even", "attendance_ytd.csv row 5"),
    ),
    "an open quotation mark": (
        lambda text: text.rstrip(b"c\n") + b'"c\n',
        ("file_rows_even", "attendance_ytd.csv"),
    ),
    "header only": (lambda text: text.split(b"\n")[0] + b"\n", ("file_has_rows", "attendance_ytd.csv")),
    "header without a line end": (lambda text: text.split(b"\n")[0], ("file_has_rows", "attendance_ytd.csv")),
}


@pytest.mark.parametrize("how", SPOILED)
def test_a_file_that_is_no_table_fails_with_the_place(how: str, tmp_path: Path) -> None:
    spoil, (name, where) = SPOILED[how]
    folder = Release().write(tmp_path)
    path = folder / "attendance_ytd.csv"
    path.write_bytes(spoil(path.read_bytes()))

    assert failing(folder) == [(name, (where,))]
    assert check(folder).files[0].results[-1].outcome is Outcome.NOT_RUN


def test_a_meta_file_that_is_no_table_fails_too(tmp_path: Path) -> None:
    folder = Release().write(tmp_path)
    (folder / "attendance_ytd.meta.csv").write_bytes(b"\xff\xfe")

    assert failing(folder) == [("file_utf8", ("attendance_ytd.meta.csv line 1",))]


def test_a_folder_that_is_not_there_is_a_usage_problem(tmp_path: Path) -> None:
    with pytest.raises(UsageProblem, match="no folder"):
        check(tmp_path / "nowhere")


def test_a_folder_without_ees_files_is_an_input_problem(tmp_path: Path) -> None:
    (tmp_path / "release.json").write_text("{}")

    with pytest.raises(InputProblem, match="no EES file"):
        check(tmp_path)


def test_ten_places_are_named_and_no_more(tmp_path: Path) -> None:
    release = Release()
    release.data = [*release.data, *(dict(release.data[0]) for _ in range(30))]

    (result,) = check(release.write(tmp_path)).files[0].faults

    assert "30 row(s)" in result.message
    assert result.where == tuple(f"attendance_ytd.csv row {row}" for row in range(8, 18))


def one(name: str, folder: Path) -> list[str]:
    """What one check finds, whatever the stages before it say."""
    pair = Pair(read(folder / "attendance_ytd.csv"), Meta.of(read(folder / "attendance_ytd.meta.csv")))
    (found,) = [check_ for stage in STAGES for check_ in stage.checks if check_.name == name]
    return [fault.what for fault in found.find(pair)]


def test_a_space_in_a_col_name_is_found(tmp_path: Path) -> None:
    release = Release()
    release.meta.append(meta_row("session mean", "Indicator", "Mean", indicator_dp="1"))

    assert one("meta_col_name_spaces", release.write(tmp_path)) == ["There is a space in 'session mean'."]


@pytest.mark.parametrize("cell", ["0", "-3", "12.5", "1e-7", "z", "x", "c", "low", "u", "k", "2026-09-08"])
def test_an_indicator_may_hold_a_number_a_date_or_a_symbol(cell: str, tmp_path: Path) -> None:
    release = Release()
    release.data[5]["session_count"] = cell

    assert one("ind_invalid_entry", release.write(tmp_path)) == []


@pytest.mark.parametrize("cell", ["1,234", "79.1%", "about 5", "~", ":", "Inf", "12 345", "C"])
def test_an_indicator_may_hold_nothing_else(cell: str, tmp_path: Path) -> None:
    release = Release()
    release.data[5]["session_count"] = cell

    (what,) = one("ind_invalid_entry", release.write(tmp_path))
    assert "session_count" in what


@pytest.mark.parametrize("cell", ["", " ", "   "])
def test_a_cell_of_spaces_is_a_blank_indicator(cell: str, tmp_path: Path) -> None:
    release = Release()
    release.data[5]["session_count"] = cell

    assert one("ind_blank", release.write(tmp_path)) == ["There are blanks in 'session_count'."]


@pytest.mark.parametrize(("word", "outcome"), [("NaN", Outcome.FAIL), ("NA", Outcome.FAIL), ("..", Outcome.WARN)])
def test_words_for_nothing_fail_and_old_symbols_warn(word: str, outcome: Outcome, tmp_path: Path) -> None:
    release = Release()
    release.data[5]["session_count"] = word

    (file,) = check(release.write(tmp_path)).files

    assert [(result.check, result.outcome) for result in file.faults] == [("general_null", outcome)]


def test_a_word_for_nothing_in_the_meta_file_fails(tmp_path: Path) -> None:
    release = Release()
    release.described("session_count")["indicator_grouping"] = "NULL"

    assert failing(release.write(tmp_path)) == [("general_null", ("attendance_ytd.meta.csv row 3 (session_count)",))]


def test_a_default_in_the_meta_file_stands_for_a_total(tmp_path: Path) -> None:
    release = Release()
    for row in release.data:
        row["education_phase"] = row["education_phase"].replace("Total", "All schools")
    for row in release.meta:
        row["filter_default"] = "All schools" if row["col_name"] == "education_phase" else ""

    assert failing(release.write(tmp_path)) == []


def test_an_authority_of_last_years_files_is_known(tmp_path: Path) -> None:
    release = Release()
    for row in release.of_level("Local authority"):
        row.update(region_code="E12000002", region_name="North West")
        row.update(new_la_code="E10000006", la_name="Cumbria", old_la_code="909")  # two authorities since April 2023

    assert check(release.write(tmp_path)).passed


@pytest.mark.parametrize(
    ("code", "name", "second"),
    [("x", "Not available", ""), ("z", "Unknown", "z"), ("z", "Not applicable", "")],
)
def test_places_without_a_code_are_accepted(code: str, name: str, second: str, tmp_path: Path) -> None:
    release = Release()
    release.add_row("School", new_la_code=code, la_name=name, old_la_code=second, school_urn="100001", school_name="A")

    assert one("geog_la_combos", release.write(tmp_path)) == []


@pytest.mark.parametrize(
    ("identifiers", "fine"),
    [
        (("Autumn term", "Summer term"), True),
        (("Financial year Q1", "Financial year Q4"), True),
        (("Academic year", "Financial year"), False),
        (("Autumn term", "Autumn and spring term"), False),
    ],
)
def test_identifiers_of_one_kind_go_together(identifiers: tuple[str, str], fine: bool, tmp_path: Path) -> None:
    release = Release()
    for place, row in enumerate(release.data):
        row["time_identifier"] = identifiers[place % 2]

    assert (one("time_id_mix", release.write(tmp_path)) == []) is fine


def test_the_turn_of_a_century_is_two_years_in_a_row(tmp_path: Path) -> None:
    release = Release()
    for row in release.data:
        row["time_period"] = "209900"

    assert one("time_period_six", release.write(tmp_path)) == []


def test_both_ways_of_writing_an_ethnic_group_are_harmonised(tmp_path: Path) -> None:
    release = Release()
    release.add_column("ethnicity_major", ["Total", "Asian/Asian British", "Asian / Asian British"] * 2)
    release.add_column("ethnicity_minor", ["Total", "Indian", "Chinese"] * 2)

    assert one("harmonised_eth_vals", release.write(tmp_path)) == []


def test_a_minor_group_under_the_wrong_major_one_is_not_harmonised(tmp_path: Path) -> None:
    release = Release()
    release.add_column("ethnicity_major", "White")
    release.add_column("ethnicity_minor", "Indian")

    assert one("harmonised_eth_vals", release.write(tmp_path)) == [
        "Not among the harmonised ethnic groups: 'White, Indian'."
    ]


@pytest.mark.parametrize(
    ("alone", "found"), [(True, ["1 row(s) repeat time, place and filters of a row above."]), (False, [])]
)
def test_rows_of_schools_are_compared_only_where_there_are_no_others(
    alone: bool, found: list[str], tmp_path: Path
) -> None:
    release = Release()
    release.add_row("School", school_urn="100001", school_name="A", school_laestab="2024001")
    release.data.append(dict(release.data[-1]))
    if alone:
        release.data = release.of_level("School")

    assert one("general_dupes", release.write(tmp_path)) == found


def test_the_reference_page_is_not_stale() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run `make docs`"


def test_the_reference_page_names_every_check_once() -> None:
    text = PAGE.read_text(encoding="utf-8")

    assert [name for name in DEPARTMENT + OURS if text.count(f"| `{name}` |") != 1] == []
