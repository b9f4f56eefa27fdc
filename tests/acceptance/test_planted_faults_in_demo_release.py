"""`tallyroll release check` on the demo's own release: it passes as made, and each planted fault is found by name."""

import csv
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.acceptance.conftest import Demo

from tallyroll.cli.main import main

Row = dict[str, str]


@dataclass
class Pair:
    """One table of the release, with its description, to be spoilt and written somewhere."""

    name: str
    data: list[Row]
    meta: list[Row]

    def first(self, level: str, **cells: str) -> Row:
        """The first row of a level (with these cells) that shows its figures."""
        return next(
            row
            for row in self.data
            if row["geographic_level"] == level
            and "c" not in row.values()
            and all(row[name] == cell for name, cell in cells.items())
        )

    def described(self, column: str) -> Row:
        return next(row for row in self.meta if row["col_name"] == column)

    def rename(self, old: str, new: str) -> None:
        """Another name for a column, in both files."""
        self.data = [{new if name == old else name: cell for name, cell in row.items()} for row in self.data]
        self.described(old)["col_name"] = new

    def without(self, column: str) -> None:
        for row in self.data:
            del row[column]

    def write(self, folder: Path) -> None:
        folder.mkdir()
        for ending, rows in ((".csv", self.data), (".meta.csv", self.meta)):
            with (folder / f"{self.name}{ending}").open("w", encoding="utf-8", newline="") as out:
                writer = csv.DictWriter(out, rows[0], lineterminator="\n")
                writer.writeheader()
                writer.writerows(rows)


def rows_of(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


@pytest.fixture
def check(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, dict[str, list[str]]]]:
    """The verb: its exit code, and the names of the checks that failed (or warned) in each file."""

    def run(folder: Path, outcome: str = "FAIL") -> tuple[int, dict[str, list[str]]]:
        with pytest.raises(SystemExit) as left:
            main(["release", "check", str(folder), "--json"])
        told = capsys.readouterr()
        assert told.err == ""
        files = json.loads(told.out)["files"]
        assert isinstance(left.value.code, int)
        failed = {
            file["name"]: [one["check"] for one in file["results"] if one["outcome"] == outcome] for file in files
        }
        return left.value.code, failed

    return run


@pytest.fixture
def pair(demo: Demo) -> Pair:
    """The year to date: the smallest table that has every level, totals, hidden rows and rates."""
    name = "attendance_ytd"
    release = demo.folder / "release"
    return Pair(name, rows_of(release / f"{name}.csv"), rows_of(release / f"{name}.meta.csv"))


# The faults


def wrong_la_name(pair: Pair) -> None:
    pair.first("Local authority")["la_name"] = "Atlantis"


def wrong_region_code(pair: Pair) -> None:
    pair.first("Regional")["region_code"] = "E12000099"


def la_code_on_a_regional_row(pair: Pair) -> None:
    local = pair.first("Local authority")
    pair.first("Regional").update({name: local[name] for name in ("new_la_code", "la_name", "old_la_code")})


def no_name_of_the_region(pair: Pair) -> None:
    pair.first("Regional")["region_name"] = ""


def two_names_for_one_code(pair: Pair) -> None:
    pair.first("National")["country_name"] = "Great Britain"


def a_row_twice(pair: Pair) -> None:
    pair.data.append(dict(pair.data[0]))


def an_obsolete_symbol(pair: Pair) -> None:
    pair.first("Regional")["overall_absence"] = ":"


def what_programs_write_for_nothing(pair: Pair) -> None:
    pair.first("Regional")["overall_absence"] = "NA"


def a_blank_figure(pair: Pair) -> None:
    pair.first("Regional")["attendance_perc"] = ""


def text_for_a_figure(pair: Pair) -> None:
    pair.first("Regional")["attendance_perc"] = "about 93"


def thousands_with_commas(pair: Pair) -> None:
    pair.first("National")["possible_sessions"] = "1,234,567"


def a_calendar_year_for_an_academic_one(pair: Pair) -> None:
    for row in pair.data:
        row["time_period"] = "2026"


def years_that_do_not_follow(pair: Pair) -> None:
    for row in pair.data:
        row["time_period"] = "202629"


def mixed_identifiers(pair: Pair) -> None:
    pair.data[0].update(time_period="2026", time_identifier="Week 40")


def an_identifier_nobody_knows(pair: Pair) -> None:
    for row in pair.data:
        row["time_identifier"] = "Michaelmas"


def a_figure_that_nothing_describes(pair: Pair) -> None:
    pair.meta.remove(pair.described("illness_perc"))


def a_filter_that_nothing_describes(pair: Pair) -> None:
    pair.meta.remove(pair.described("education_phase"))


def a_description_of_nothing(pair: Pair) -> None:
    pair.without("illness_perc")


def a_label_twice(pair: Pair) -> None:
    pair.described("illness_perc")["label"] = pair.described("attendance_perc")["label"]


def a_unit_nobody_knows(pair: Pair) -> None:
    pair.described("attendance_perc")["indicator_unit"] = "percent"


def parts_of_a_decimal_place(pair: Pair) -> None:
    pair.described("attendance_perc")["indicator_dp"] = "1.5"


def a_filter_without_its_total(pair: Pair) -> None:
    pair.data = [row for row in pair.data if row["education_phase"] != "Total"]


def the_old_name_of_the_phase(pair: Pair) -> None:
    pair.rename("education_phase", "school_type")


def a_kind_of_column_nobody_knows(pair: Pair) -> None:
    pair.described("education_phase")["col_type"] = "Dimension"


def a_name_with_a_space(pair: Pair) -> None:
    pair.name = "attendance ytd"


def a_column_name_with_a_space(pair: Pair) -> None:
    pair.rename("illness_perc", "illness perc")


def no_country(pair: Pair) -> None:
    pair.without("country_code")


FAULTS: dict[Callable[[Pair], None], str] = {
    wrong_la_name: "geog_la_combos",
    wrong_region_code: "geog_region_combos",
    la_code_on_a_regional_row: "geog_overcompleted_cols",
    no_name_of_the_region: "geog_level_completed",
    two_names_for_one_code: "geog_country_combos",
    a_row_twice: "general_dupes",
    an_obsolete_symbol: "ind_invalid_entry",
    what_programs_write_for_nothing: "general_null",
    a_blank_figure: "ind_blank",
    text_for_a_figure: "ind_invalid_entry",
    thousands_with_commas: "ind_invalid_entry",
    a_calendar_year_for_an_academic_one: "time_period",
    years_that_do_not_follow: "time_period_six",
    mixed_identifiers: "time_id_mix",
    an_identifier_nobody_knows: "time_id_valid",
    a_filter_that_nothing_describes: "general_dupes",
    a_description_of_nothing: "cross_meta_to_data",
    a_label_twice: "meta_dupe_label",
    a_unit_nobody_knows: "meta_ind_unit_validation",
    parts_of_a_decimal_place: "meta_ind_dp_values",
    the_old_name_of_the_phase: "harmonised_variables",
    a_kind_of_column_nobody_knows: "meta_col_type",
    a_name_with_a_space: "filename_spaces",
    a_column_name_with_a_space: "col_names_spaces",
    no_country: "col_req_data",
}
"""Each fault and the check that must find it. Source of the names: the department's own screener."""

WARNINGS: dict[Callable[[Pair], None], str] = {
    a_figure_that_nothing_describes: "cross_data_to_meta",
    a_filter_without_its_total: "filter_defaults",
}
"""What the department's screener warns of and lets pass, and so do we."""


def test_the_demo_s_release_passes_every_check(demo, check):
    code, failed = check(demo.folder / "release")
    assert code == 0
    assert len(failed) == 5
    assert set(map(len, failed.values())) == {0}


def test_a_pair_that_nobody_spoilt_passes(check, pair, tmp_path):
    """A check of the test itself: reading and writing the files again plants nothing."""
    pair.write(tmp_path / "release")
    assert check(tmp_path / "release") == (0, {pair.name: []})


@pytest.mark.parametrize("plant", FAULTS, ids=lambda plant: plant.__name__)
def test_a_planted_fault_is_found_by_its_check(check, pair, tmp_path, plant):
    plant(pair)
    pair.write(tmp_path / "release")
    code, failed = check(tmp_path / "release")
    assert code == 4
    assert FAULTS[plant] in [name for names in failed.values() for name in names]


@pytest.mark.parametrize("plant", WARNINGS, ids=lambda plant: plant.__name__)
def test_what_only_deserves_a_warning_gets_one_by_name(check, pair, tmp_path, plant):
    pair.write(tmp_path / "unspoilt")
    plant(pair)
    pair.write(tmp_path / "release")
    _, before = check(tmp_path / "unspoilt", "WARN")
    code, warned = check(tmp_path / "release", "WARN")
    assert code == 0
    assert sorted(warned[pair.name]) == sorted([*before[pair.name], WARNINGS[plant]])


def test_a_fault_in_one_table_fails_the_whole_release_and_names_the_table(demo, check, pair, tmp_path):
    folder = shutil.copytree(demo.folder / "release", tmp_path / "release")
    wrong_la_name(pair)
    pair.write(tmp_path / "spoilt")
    shutil.copy(tmp_path / "spoilt" / f"{pair.name}.csv", folder)
    code, failed = check(folder)
    assert code == 4
    assert [name for name, checks in failed.items() if checks] == [pair.name]


def test_a_table_without_its_description_fails(demo, check, tmp_path):
    folder = shutil.copytree(demo.folder / "release", tmp_path / "release")
    (folder / "attendance_weekly.meta.csv").unlink()
    code, failed = check(folder)
    assert code == 4
    assert failed["attendance_weekly"] != []


def test_for_a_person_the_message_names_the_check_and_the_place(check, pair, tmp_path, capsys):
    wrong_la_name(pair)
    pair.write(tmp_path / "release")
    with pytest.raises(SystemExit) as left:
        main(["release", "check", str(tmp_path / "release")])
    told = capsys.readouterr()
    assert (left.value.code, told.err) == (4, "")
    assert "Atlantis" in told.out
    assert "Failed" in told.out
