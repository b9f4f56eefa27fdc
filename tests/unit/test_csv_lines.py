"""Rows as bytes: nothing is lost unseen, and one broken row takes no other with it."""

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.lib.builders import permit

from tallyroll.connectors.csvfile.faults import Report, Stage
from tallyroll.connectors.csvfile.generic import MARKS
from tallyroll.connectors.csvfile.lines import MAX_ROW, Survey, survey
from tallyroll.connectors.csvfile.opening import open_sheet
from tallyroll.connectors.csvfile.reading import read_parts
from tallyroll.vocab.identifiers import Urn

HEADER = "pupil,date,session,code\n"
PERMIT = permit(schools=[Urn(100001)])


def look(text: str, *, n_fields: int = 4, last: bool = True) -> Survey:
    return survey(text.encode(), separator=b",", n_fields=n_fields, first_row=2, last=last)


def faults(found: Survey) -> dict[str, list[int]]:
    return {fault.check: fault.rows.tolist() for fault in found.faults}


def test_sound_rows_pass_untouched() -> None:
    found = look("a,b,c,d\ne,f,g,h\n")
    assert (found.clean, found.rows.tolist(), found.faults) == (b"a,b,c,d\ne,f,g,h\n", [2, 3], ())


@pytest.mark.parametrize(
    ("broken", "check"),
    [
        ("a,b,c", "csv_fields_few"),
        ("a,b,c,d,e", "csv_fields_many"),
        ('a,"b,c,d', "csv_quote_unclosed"),
        ('a,b"b"b,c,d', "csv_quote_misplaced"),
        ("a,b\0,c,d", "csv_nul"),
        ("a,b,c," + "d" * MAX_ROW, "csv_row_long"),
        (",,,", "csv_rows_blank"),
        (",,,,,,", "csv_rows_blank"),
    ],
)
def test_broken_row_is_found_by_its_place_and_the_others_stay(broken: str, check: str) -> None:
    found = look(f"1,b,c,d\n2,b,c,d\n{broken}\n3,b,c,d\n4,b,c,d\n")
    assert faults(found) == {check: [4]}
    assert found.clean == b"1,b,c,d\n2,b,c,d\n3,b,c,d\n4,b,c,d\n"
    assert found.rows.tolist() == [2, 3, 5, 6]


def test_unclosed_quotation_mark_does_not_swallow_rows_up_to_the_next_one() -> None:
    found = look('1,"b,c,d\n2,b,c,d\n3,"b",c,d\n4,b,c,"d\n5,b,c,d\n')
    assert faults(found) == {"csv_quote_unclosed": [2, 5]}
    assert found.rows.tolist() == [3, 4, 6]


def test_cell_with_a_line_break_is_one_row_as_in_a_spreadsheet() -> None:
    found = look('1,"b\nb",c,d\n2,b,c,d\n3,b,c\n')
    assert found.rows.tolist() == [2, 3]
    assert faults(found) == {"csv_fields_few": [4]}
    assert found.n_rows == 3


def test_empty_lines_count_as_rows_and_say_nothing() -> None:
    found = look("1,b,c,d\n\n2,b,c,d\n")
    assert (found.rows.tolist(), found.faults) == ([2, 4], ())


def test_surplus_empty_cells_are_cut_off_and_the_row_kept() -> None:
    found = look("1,b,c,d,,,\n2,b,c,d\n")
    assert (found.clean, found.faults) == (b"1,b,c,d\n2,b,c,d\n", ())


def test_row_cut_by_the_end_of_a_block_waits_for_the_next_one() -> None:
    found = look('1,b,c,d\n2,"b\n', last=False)
    assert found.rows.tolist() == [2]
    assert found.used == len("1,b,c,d\n")
    assert found.n_rows == 1


def read(
    tmp_path: Path, text: str, *, block: int
) -> tuple[list[tuple[object, ...]], list[tuple[str, int | None, int]]]:
    path = tmp_path / "marks.csv"
    path.write_bytes(text.encode())
    report = Report("marks.csv", Stage.MARKS)
    opened = open_sheet(path, sheet=MARKS)
    rows: list[tuple[object, ...]] = []
    for part in read_parts(PERMIT, opened, report=report, block=block):
        columns = [part.columns[name].to_pylist() for name in ("pupil", "date", "session", "code")]
        rows += zip(part.rows.tolist(), *columns, strict=True)
    return rows, [(finding.check, finding.row, finding.n_rows) for finding in report.findings()]


cells = st.text(st.sampled_from('ab ",\n;é/\\'), max_size=6)


@settings(max_examples=60, deadline=None)
@given(rows=st.lists(st.lists(cells, min_size=4, max_size=4), min_size=1, max_size=12), block=st.integers(40, 90))
def test_what_a_csv_writer_writes_is_read_back_whatever_the_block(
    rows: list[list[str]], block: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows([["x", "d", "s", "c"], *rows])
    whole = HEADER + text.getvalue()
    got, found = read(tmp_path_factory.mktemp("csv"), whole, block=block)
    assert got == [(number, *row) for number, row in enumerate([["x", "d", "s", "c"], *rows], start=2)]
    assert found == []


@settings(max_examples=100, deadline=None)
@given(text=st.text(st.sampled_from('ab",,,\n\n\0'), min_size=1, max_size=200), block=st.integers(1, 50))
def test_every_row_is_kept_or_reported_whatever_the_bytes_and_the_block(
    text: str, block: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("csv")
    whole = HEADER + "x,d,s,c\n" + text
    n_lines = len((whole if whole.endswith("\n") else whole + "\n").split("\n")) - 1
    at_once = read(folder, whole, block=1 << 20)
    assert read(folder, whole, block=block) == at_once
    seen = [row for row, *_ in at_once[0]]
    assert seen == sorted(set(seen))
    assert all(1 < row <= n_lines for row in seen)
    if '"' not in text:  # then a row is a line, and every line that is not empty must be accounted for
        assert len(seen) + sum(n_rows for *_, n_rows in at_once[1]) == sum(map(bool, whole.split("\n"))) - 1


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("block", [7, 1 << 20])
def test_all_three_line_ends_are_read(tmp_path: Path, end: str, block: int) -> None:
    text = (HEADER + "1,2026-09-01,AM,/\n2,2026-09-01,AM,L\n").replace("\n", end)
    rows, found = read(tmp_path, text, block=block)
    assert rows == [(2, "1", "2026-09-01", "AM", "/"), (3, "2", "2026-09-01", "AM", "L")]
    assert found == []


def test_last_row_needs_no_line_end(tmp_path: Path) -> None:
    assert read(tmp_path, HEADER + "1,2026-09-01,AM,/", block=1 << 20)[0] == [(2, "1", "2026-09-01", "AM", "/")]
