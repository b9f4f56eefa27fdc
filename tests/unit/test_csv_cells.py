"""Cells: what a spreadsheet does to values is undone where that is certain, and named where it is not."""

import pytest

from tallyroll.connectors.csvfile.cells import reader_of, writes_day_first
from tallyroll.connectors.csvfile.words import WORDS
from tallyroll.vocab.characteristics import BY_NAME
from tallyroll.vocab.codes import CODES


@pytest.mark.parametrize(
    ("column", "cell", "text", "check"),
    [
        ("code", " / ", "/", ""),
        ("code", "\u00a0L", "L", ""),
        ("code", "#", "#", ""),
        ("code", "'/", "/", "csv_apostrophe"),
        ("code", '="C1"', "C1", ""),
        ("code", "=A2+1", "=A2+1", "csv_formula"),
        ("code", "#NAME?", "#NAME?", "csv_excel_error"),
        ("code", "#N/A", "#N/A", "csv_excel_error"),
        ("code", "01/09/2026", "01/09/2026", "csv_excel_date"),
        ("code", "1-Sep", "1-Sep", "csv_excel_date"),
        ("code", "Jan-00", "Jan-00", "csv_excel_date"),
        ("code", "x" * 201, "x" * 201, "csv_cell_long"),
        ("code", "??", "??", ""),
        ("pupil", "1.23457E+12", "1.23457E+12", "csv_excel_number"),
        ("pupil", "2-Jan", "2-Jan", "csv_excel_date"),
        ("pupil", "000123", "000123", ""),
        ("pupil", "E1234567", "E1234567", ""),
        ("upn", "8.01E+11", "", "csv_upn_number"),
        ("date", "2026-09-07", "2026-09-07", ""),
        ("date", "7/9/2026", "2026-09-07", ""),
        ("date", "07/09/2026", "2026-09-07", ""),
        ("date", "07/09/2026 00:00", "2026-09-07", ""),
        ("date", "2026-09-07T08:45:00", "2026-09-07", ""),
        ("date", "2026-09-07T00:00:00Z", "2026-09-07", ""),
        ("date", "2026-09-06T23:00:00Z", "2026-09-06T23:00:00Z", "csv_date_zone"),
        ("date", "31/02/2026", "31/02/2026", ""),
        ("date", "09/13/2026", "09/13/2026", ""),
        ("date", "46272", "46272", "csv_date_serial"),
        ("date", "########", "########", "csv_excel_error"),
        ("date", "", "", ""),
        ("session", "am", "AM", ""),
        ("session", "Afternoon", "PM", ""),
        ("session", "Period 1", "Period 1", ""),
        ("year_group", "Year 7", "7", ""),
        ("year_group", "07", "7", ""),
        ("year_group", "RECEPTION", "R", ""),
        ("year_group", "Year 15", "", "csv_value_unknown"),
        ("sex", "Female", "F", ""),
        ("sex", "?", "?", ""),
        ("fsm", "TRUE", "Y", ""),
        ("fsm", "unknown", "", ""),
        ("sen", "SEN Support", "K", ""),
        ("ethnicity_minor", "wbri", "WBRI", ""),
        ("ethnicity_minor", "Gypsy / Roma", "WROM", ""),
        ("enrolment_status", "Main", "M", ""),
    ],
)
def test_cell_is_read(column: str, cell: str, text: str, check: str) -> None:
    assert reader_of(column)(cell) == (text, check)


@pytest.mark.parametrize("code", [code.text for code in CODES])
def test_no_attendance_code_is_taken_for_damage(code: str) -> None:
    assert reader_of("code")(code) == (code, "")


@pytest.mark.parametrize("item", [name for name in WORDS if name in BY_NAME])
def test_every_code_of_a_code_set_stands_for_itself(item: str) -> None:
    codes = [value.code for value in BY_NAME[item].values if value.code not in ("", "NOBT")]
    assert [reader_of(item)(code) for code in codes] == [(code, "") for code in codes]


@pytest.mark.parametrize("item", [name for name in WORDS if name in BY_NAME])
def test_every_word_stands_for_a_code_of_its_set(item: str) -> None:
    legacy = {"S", "A", "P"} if item == "sen" else set()  # screening counts these as E and K
    assert set(WORDS[item].values()) - legacy <= {value.code for value in BY_NAME[item].values}


def test_form_of_a_date_is_known_only_where_it_is_one() -> None:
    forms = {"07/09/2026": True, "2026-09-07": False, "31/02/2026": None, "": None}
    assert {text: writes_day_first(text) for text in forms} == forms
