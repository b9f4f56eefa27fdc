"""Whatever file comes, reading ends in a table or in one Problem that says where and how to mend it."""

from contextlib import suppress
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.lib.area import count_columns

from tallyroll.tally.layouts import AREA
from tallyroll.tally.reading import read_headcounts, read_persistent, read_tallies
from tallyroll.vocab.errors import InputProblem, Problem, UsageProblem

HEAD_COLUMNS = ("geographic_level", "region_name", "la_name", "phase", "total_num_schools", "total_enrolments")
TALLY_COLUMNS = (*AREA, "attendance_date", "education_phase", *count_columns(new=True))


def tally_row(**cells: str) -> dict[str, str]:
    row = dict.fromkeys(TALLY_COLUMNS, "1")
    row |= {
        "geographic_level": "Local authority",
        "country_code": "E92000001",
        "country_name": "England",
        "region_code": "E12000001",
        "region_name": "North East",
        "new_la_code": "E06000005",
        "la_name": "Darlington",
        "old_la_code": "841",
        "attendance_date": "2025-09-15",
        "education_phase": "Primary",
    }
    return row | cells


def head_row(**cells: str) -> dict[str, str]:
    row = dict.fromkeys(HEAD_COLUMNS, "") | {"geographic_level": "National", "phase": "Primary"}
    return row | {"total_num_schools": "10", "total_enrolments": "1000"} | cells


def text_of(*rows: dict[str, str], end: str = "\n") -> str:
    return "".join(",".join(line) + end for line in ([*rows[0]], *(row.values() for row in rows)))


@pytest.fixture
def write(tmp_path):
    def _write(content: str | bytes) -> Path:
        path = tmp_path / "file.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return _write


def refused(read, path: Path, *, kind: type[Problem] = InputProblem) -> str:
    with pytest.raises(kind) as caught:
        read(path)
    problem = caught.value
    assert problem.mend
    assert path.name in problem.where
    return str(problem)


# Files that are good


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.encode(),
        lambda text: b"\xef\xbb\xbf" + text.encode(),
        lambda text: text.replace("\n", "\r\n").encode(),
        lambda text: text.rstrip("\n").encode(),
        lambda text: (text + "\n\n").encode(),
        lambda text: text.replace("Darlington", '"Darlington"').encode(),
        lambda text: text.replace("geographic_level", '"geographic_level"').encode(),
    ],
    ids=["plain", "byte order mark", "CRLF", "no last line feed", "blank lines at the end", "quoted", "quoted header"],
)
def test_the_same_table_in_other_dress_reads_the_same(write, change):
    plain = read_tallies(write(text_of(tally_row())))
    assert read_tallies(write(change(text_of(tally_row())))).equals(plain)


def test_both_forms_of_a_date_are_the_same_day(write):
    rows = [tally_row(attendance_date="2025-09-05"), tally_row(attendance_date="06/09/2025", old_la_code="841")]
    read = read_tallies(write(text_of(*rows, tally_row(attendance_date="7/9/2025"))))
    assert read["attendance_date"].to_pylist() == [date(2025, 9, 5), date(2025, 9, 6), date(2025, 9, 7)]


@pytest.mark.parametrize("cell", ["NA", "", "c"])
def test_a_cell_without_a_number_is_not_zero(write, cell):
    assert read_tallies(write(text_of(tally_row(overall_absence=cell))))["overall_absence"].to_pylist() == [None]


def test_na_and_blank_name_the_same_area(write):
    row = {"geographic_level": "National", "region_code": "", "region_name": "NA", "new_la_code": "", "la_name": "NA"}
    read = read_tallies(write(text_of(tally_row(**row, old_la_code="NA"))))
    assert (read["region_name"][0].as_py(), read["la_name"][0].as_py(), read["old_la_code"][0].as_py()) == ("", "", "")


def test_other_kinds_of_school_and_ready_totals_are_left_out(write):
    rows = [tally_row(education_phase=phase) for phase in ("Primary", "Independent school", "Total")]
    assert read_tallies(write(text_of(*rows)))["education_phase"].to_pylist() == ["Primary"]


def test_a_ready_total_of_persistent_absence_is_not_added_to_its_parts(write):
    columns = ("geographic_level", "region_name", "la_name", "education_phase", "ytd_enrolments", "pa_flag")
    rows = [
        dict(zip(columns, ("National", "", "", phase, "10", "1"), strict=True))
        for phase in ("Primary", "Secondary", "Total")
    ]
    assert read_persistent(write(text_of(*rows)))["phase"].to_pylist() == ["Primary", "Secondary"]


# Places that are wrong


@pytest.mark.parametrize("read", [read_tallies, read_headcounts, read_persistent])
def test_a_missing_file_and_a_folder_are_a_matter_of_the_call(tmp_path, read):
    assert "no such file" in refused(read, tmp_path / "nowhere.csv", kind=UsageProblem)
    assert "cannot be read" in refused(read, tmp_path, kind=UsageProblem)


@pytest.mark.parametrize("read", [read_tallies, read_headcounts, read_persistent])
@pytest.mark.parametrize("content", ["", "\n", " \n\n", text_of(head_row()).splitlines()[0], "a,b\n"])
def test_a_file_without_rows_says_so(write, read, content):
    assert "holds no row" in refused(read, write(content))


# Tables that are wrong


def test_every_missing_column_is_named_at_once(write):
    row = tally_row()
    for name in ("la_name", "possible_sessions", "reason_c1_authorised_regulated_performance"):
        del row[name]
    said = refused(read_tallies, write(text_of(row)))
    assert "columns la_name, possible_sessions, reason_c1_authorised_regulated_performance are missing" in said


def test_a_file_of_something_else_says_what_it_has(write):
    said = refused(read_headcounts, write("name,score\nx,1\n"))
    assert all(column in said for column in HEAD_COLUMNS)
    assert "The file has name, score." in said


def test_a_column_that_stands_twice_is_named(write):
    header, row = text_of(head_row()).splitlines()
    assert "'phase' stands twice" in refused(read_headcounts, write(f"{header},phase\n{row},Primary\n"))


def test_a_column_of_ours_called_row_does_no_harm(write):
    assert read_headcounts(write(text_of(head_row() | {"row": "9"}))).num_rows == 1


def test_text_in_another_encoding_names_the_row(write):
    latin = text_of(head_row(), head_row(la_name="Darling")).replace("Darling", "Dérling").encode("latin-1")
    assert "Row 3 is not UTF-8" in refused(read_headcounts, write(latin))
    assert "Row 1 is not UTF-8" in refused(read_headcounts, write(text_of(head_row()).encode("utf-16")))


@pytest.mark.parametrize(
    "spoil", [lambda line: line.rsplit(",", 1)[0], lambda line: line + ",7"], ids=["short", "long"]
)
def test_a_ragged_row_is_named_and_its_contents_are_not(write, spoil):
    lines = text_of(head_row(), head_row(phase="Secondary"), head_row(phase="Special")).splitlines()
    said = refused(read_headcounts, write("\n".join([*lines[:2], spoil(lines[2]), lines[3]])))
    assert "Row 3 has" in said
    assert "Secondary" not in said


def test_a_file_cut_off_in_transit_is_refused(write):
    whole = text_of(tally_row(), tally_row(education_phase="Secondary"))
    assert "Row 3 has" in refused(read_tallies, write(whole[:-60]))


def test_a_quotation_mark_that_swallows_rows_is_found(write):
    rows = [head_row(phase=phase) | {"note": ""} for phase in ("Primary", "Secondary", "Special")]
    rows[1]["note"] = '"see below'
    assert "Row 3 holds a line break or a quotation mark" in refused(read_headcounts, write(text_of(*rows)))


def test_a_row_that_stands_twice_would_count_twice(write):
    rows = [tally_row(), tally_row(education_phase="Secondary"), tally_row(attendance_date="15/09/2025")]
    assert "Row 4 repeats an earlier row" in refused(read_tallies, write(text_of(*rows)))
    assert "Row 3 repeats" in refused(read_headcounts, write(text_of(head_row(), head_row())))


def test_blank_lines_do_not_shift_the_row_numbers(write):
    header, good, bad = text_of(head_row(), head_row(phase="Special", total_enrolments="x")).splitlines()
    assert "Row 5 has total_enrolments 'x'" in refused(read_headcounts, write(f"{header}\n\n{good}\n\n{bad}\n"))


# Cells that are wrong


@pytest.mark.parametrize("cell", ['"1,000"', "1 000", "-1", "ten", "1e999", "inf", "nan", "0x10", "1.", "٣", "9" * 400])
def test_a_cell_that_is_no_plain_number_names_row_and_column(write, cell):
    rows = [tally_row(), tally_row(education_phase="Special", possible_sessions=cell)]
    said = refused(read_tallies, write(text_of(*rows)))
    assert "Row 3 has possible_sessions" in said
    assert "plain number" in said


@pytest.mark.parametrize(
    "cell",
    ["31/02/2023", "2023-02-29", "2023-13-01", "0000-01-01", "09/15/2025", "15.09.2025", "15 Sep 2025", "", "NA"],
)
def test_a_date_that_is_no_day_names_the_row(write, cell):
    rows = [tally_row(), tally_row(attendance_date=cell)]
    said = refused(read_tallies, write(text_of(*rows)))
    assert f"Row 3 has attendance_date '{cell}'" in said
    assert "2023-09-11 or 11/09/2023" in said


@pytest.mark.parametrize("code", ["E06009999", "841", "", "NA"])
def test_an_unknown_authority_names_the_row(write, code):
    assert f"Row 2 has new_la_code '{code}'" in refused(read_tallies, write(text_of(tally_row(new_la_code=code))))


@pytest.mark.parametrize("level", ["Local Authority", "LA", "local authority", "Local authority ", "School", ""])
@pytest.mark.parametrize(("read", "row"), [(read_tallies, tally_row), (read_headcounts, head_row)])
def test_a_level_spelt_otherwise_would_escape_protection_and_is_refused(write, read, row, level):
    said = refused(read, write(text_of(row(geographic_level=level))))
    assert f"Row 2 has geographic_level '{level}'" in said
    assert "National, Regional, Local authority" in said


@pytest.mark.parametrize("phase", ["primary", " Primary", "SPECIAL"])
def test_a_phase_spelt_otherwise_is_not_dropped_in_silence(write, phase):
    rows = [tally_row(), tally_row(education_phase=phase, attendance_date="2025-09-16")]
    assert f"Row 3 has education_phase '{phase}'" in refused(read_tallies, write(text_of(*rows)))


# Anything at all


def only_problems(read, path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with suppress(Problem):
        read(path)


READERS = st.sampled_from([read_tallies, read_headcounts, read_persistent])
FUZZ = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@FUZZ
@given(read=READERS, content=st.binary(max_size=300))
def test_no_bytes_end_in_anything_but_a_problem(tmp_path, read, content):
    only_problems(read, tmp_path / "any.csv", content)


HEADS = {"phase": "Primary", "total_num_schools": "1", "total_enrolments": "9", "ytd_enrolments": "5", "pa_flag": "c"}
SEED = text_of(tally_row() | HEADS, tally_row(education_phase="Special") | HEADS)


@FUZZ
@given(
    read=READERS,
    edits=st.lists(
        st.tuples(
            st.integers(0, len(SEED)),
            st.integers(0, 12),
            st.sampled_from([",", '"', "\n", "\r", "\r\n", "", "\0", "NA", "-", "1e9", "é", "\ufeff", "31/02/2023"]),
        ),
        min_size=1,
        max_size=4,
    ),
)
def test_no_damaged_file_ends_in_anything_but_a_problem(tmp_path, read, edits):
    text = SEED
    for place, length, with_text in edits:
        text = text[:place] + with_text + text[place + length :]
    only_problems(read, tmp_path / "damaged.csv", text.encode())
