"""Screening of the roll and of dated attributes: each check by the smallest example that shows it."""

from datetime import date

import pytest
from tests.lib.registers import MONDAY, checks, extract, screened

from tallyroll.register import Screened
from tallyroll.register.words import date_of, read_day, read_value
from tallyroll.vocab.characteristics import ROLL_CHARACTERISTICS
from tallyroll.vocab.shapes import OPEN_END

GOOD_UPN, TEMPORARY_UPN = "C201200126001", "B20120012601A"  # check letters worked out by hand below


def spans(judged: Screened) -> list[tuple[str, str, str, dict[str, str]]]:
    """Spans as (key, first, last, characteristics that are known)."""
    found = []
    for row in judged.spans.to_pylist():
        values = {c.name: c.values[row[c.name]].code for c in ROLL_CHARACTERISTICS if row[c.name]}
        last = "" if row["last"] == OPEN_END else str(row["last"])
        found.append((judged.keys[row["pupil"]], str(row["first"]), last, values))
    return found


ROLL_CASES = [
    # what is wrong, the row, the check, whether the row is rejected
    ("no key", (" ", None, "F", "2026-09-01"), "roll_pupil_blank", True),
    ("admission in words", ("bea", None, "F", "1st Sept"), "roll_admission_unreadable", True),
    ("admission on 31 February", ("bea", None, "F", "2026-02-31"), "roll_admission_unreadable", True),
    ("admission month first", ("bea", None, "F", "09/25/2026"), "roll_admission_unreadable", True),
    ("no admission", ("bea", None, "F", None), "roll_admission_blank", False),
    ("leaving in words", ("bea", None, "F", "2026-09-01", "soon"), "roll_leaving_unreadable", True),
    ("left before admission", ("bea", None, "F", "2026-09-02", "2026-09-01"), "roll_dates_reversed", True),
    ("same pupil twice", ("ann", None, "F", "2026-10-01"), "roll_overlap", True),
    ("sex X", ("bea", None, "X", "2026-09-01"), "roll_sex_unknown", False),
    ("status Q", ("bea", None, "F", "2026-09-01", None, "Q"), "roll_status_unknown", False),
    ("UPN of 12 characters", ("bea", "T20120012600", "F", "2026-09-01"), "upn_impossible", False),
    ("UPN with the wrong letter", ("bea", "A201200126001", "F", "2026-09-01"), "upn_impossible", False),
]


@pytest.mark.parametrize(
    ("row", "check", "rejected"), [case[1:] for case in ROLL_CASES], ids=[c[0] for c in ROLL_CASES]
)
def test_roll_check(row, check, rejected):
    judged = screened(extract(roll=[("ann", GOOD_UPN if row[1] else None, "F", "2026-09-01"), row]))
    assert check in checks(judged)
    assert (judged.roll_rows.received, judged.roll_rows.rejected) == (2, int(rejected))


def test_check_letter_of_the_examples_by_hand():
    letters = "ABCDEFGHJKLMNPQRTUVWXYZ"
    tail = [2, 0, 1, 2, 0, 0, 1, 2, 6, 0, 0, 1]
    assert letters[sum(n * place for place, n in enumerate(tail, start=2)) % 23] == GOOD_UPN[0]
    tail = [2, 0, 1, 2, 0, 0, 1, 2, 6, 0, 1, letters.index("A")]
    assert letters[sum(n * place for place, n in enumerate(tail, start=2)) % 23] == TEMPORARY_UPN[0]


def test_rows_without_a_fault_raise_nothing():
    judged = screened(extract(roll=[("ann", None, "F", "2026-09-01"), ("bob", None, "MALE", "01/09/2026", None, "s")]))
    assert [check for check in checks(judged) if check.startswith(("roll", "upn"))] == []
    assert spans(judged) == [
        ("ann", "2026-09-01", "", {"sex": "F"}),
        ("bob", "2026-09-01", "", {"sex": "M"}),
    ]


def test_upns_are_compared_only_where_the_source_has_them():
    roll = [("ann", GOOD_UPN, "F", "2026-09-01"), ("bob", None, "M", "2026-09-01")]
    assert [name for name in checks(screened(extract(roll=roll))) if name.startswith("upn")] == ["upn_blank"]
    assert "upn_blank" not in checks(screened(extract(roll=[("ann", None, "F", "2026-09-01")])))


def test_two_pupils_with_one_upn_are_both_kept_and_named():
    roll = [("ann", GOOD_UPN, "F", "2026-09-01"), ("bob", GOOD_UPN, "M", "2026-09-01")]
    judged = screened(extract(roll=roll))
    assert [finding.row for finding in judged.findings if finding.check == "upn_duplicate"] == [2, 3]
    assert judged.roll_rows.kept == 2


def test_one_pupil_enrolled_twice_under_one_upn_is_no_duplicate():
    roll = [("ann", GOOD_UPN, "F", "2026-09-01", "2026-10-01"), ("ann", GOOD_UPN, "F", "2026-11-01")]
    judged = screened(extract(roll=roll))
    assert "upn_duplicate" not in checks(judged)
    assert [span[1:3] for span in spans(judged)] == [("2026-09-01", "2026-10-01"), ("2026-11-01", "")]


def test_temporary_upn_is_noted():
    assert "upn_temporary" in checks(screened(extract(roll=[("ann", TEMPORARY_UPN, "F", "2026-09-01")])))


def test_of_two_enrolments_that_overlap_the_later_row_is_kept():
    roll = [("ann", None, "F", "2026-09-01", "2026-12-01"), ("ann", None, "F", "2026-10-01")]
    judged = screened(extract(roll=roll))
    assert [finding.row for finding in judged.findings if finding.check == "roll_overlap"] == [2]
    assert spans(judged) == [("ann", "2026-10-01", "", {"sex": "F"})]


def test_pupil_without_admission_date_counts_from_the_start_of_the_school_year():
    assert spans(screened(extract(roll=[("ann", None, "F", "")])))[0][1] == "2026-09-01"


STATUS_CASES = [
    ("no key", ("", "fsm", "Y"), "status_pupil_blank", True),
    ("unknown item", ("ann", "shoe_size", "9"), "status_item_unknown", True),
    ("nobody", ("zoe", "fsm", "Y"), "status_not_on_roll", True),
    ("first day in words", ("ann", "fsm", "Y", "autumn"), "status_date_unreadable", True),
    ("last day in words", ("ann", "fsm", "Y", None, "autumn"), "status_date_unreadable", True),
    ("ends before it begins", ("ann", "fsm", "Y", "2026-10-02", "2026-10-01"), "status_dates_reversed", True),
    ("year 15", ("ann", "year_group", "15"), "status_value_unknown", False),
    ("ethnicity of no code set", ("ann", "ethnicity_minor", "WHIT"), "status_value_unknown", False),
    ("SEN Q", ("ann", "sen", "Q"), "status_value_unknown", False),
    ("yes-no 'maybe'", ("ann", "looked_after", "maybe"), "status_value_unknown", False),
    ("SEN statement", ("ann", "sen", "S"), "status_value_legacy", False),
    ("of an earlier school", ("ann", "fsm", "Y", "2019-09-01", "2020-07-20"), "status_outside_enrolment", False),
]


@pytest.mark.parametrize(
    ("row", "check", "rejected"), [case[1:] for case in STATUS_CASES], ids=[c[0] for c in STATUS_CASES]
)
def test_status_check(row, check, rejected):
    judged = screened(extract(status=[row, ("ann", "fsm6", "Y", "2026-11-01")]))
    assert [name for name in checks(judged) if name.startswith("status")] == [check]
    assert (judged.status_rows.received, judged.status_rows.rejected) == (2, int(rejected))
    assert spans(judged)[-1][3]["fsm6"] == "Y"


def test_an_unknown_value_becomes_unknown_and_the_pupil_stays():
    judged = screened(extract(roll=[("ann", None, "?", "2026-09-01")], status=[("ann", "sen", "Q")]))
    assert spans(judged) == [("ann", "2026-09-01", "", {})]


def test_dated_attributes_cut_an_enrolment_where_they_change():
    status = [
        ("ann", "fsm", "N", None, "2026-10-04"),
        ("ann", "fsm", "Y", "2026-10-05"),
        ("ann", "sen", "K", "2026-10-12", "2026-10-31"),
    ]
    assert [
        (first, last, values.get("fsm"), values.get("sen"))
        for _, first, last, values in spans(screened(extract(status=status)))
    ] == [
        ("2026-09-01", "2026-10-04", "N", None),
        ("2026-10-05", "2026-10-11", "Y", None),
        ("2026-10-12", "2026-10-31", "Y", "K"),
        ("2026-11-01", "", "Y", None),
    ]


def test_of_two_values_on_one_day_the_later_row_counts():
    status = [("ann", "fsm", "Y", "2026-10-01", "2026-10-31"), ("ann", "fsm", "N", "2026-10-15")]
    judged = screened(extract(status=status))
    assert [finding.row for finding in judged.findings if finding.check == "status_overlap"] == [2]
    assert [(first, values.get("fsm")) for _, first, _, values in spans(judged)] == [
        ("2026-09-01", None),
        ("2026-10-01", "Y"),
        ("2026-10-15", "N"),
    ]


def test_equal_values_that_overlap_are_one_stretch_and_no_fault():
    status = [("ann", "fsm", "Y", "2026-10-01", "2026-10-31"), ("ann", "fsm", "yes", "2026-10-15")]
    judged = screened(extract(status=status))
    assert "status_overlap" not in checks(judged)
    assert [first for _, first, _, _ in spans(judged)] == ["2026-09-01", "2026-10-01"]


def test_a_status_is_cut_to_both_enrolments_of_a_pupil():
    roll = [("ann", None, "F", "2026-09-01", "2026-09-30"), ("ann", None, "F", "2026-11-01")]
    judged = screened(extract(roll=roll, status=[("ann", "fsm", "Y", "2026-09-10")]))
    assert [(first, last, values.get("fsm")) for _, first, last, values in spans(judged)] == [
        ("2026-09-01", "2026-09-09", None),
        ("2026-09-10", "2026-09-30", "Y"),
        ("2026-11-01", "", "Y"),
    ]


def test_sex_of_the_status_is_later_than_sex_of_the_roll():
    judged = screened(extract(status=[("ann", "sex", "M", "2026-11-01")]))
    assert [values["sex"] for *_, values in spans(judged)] == ["F", "M"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-09-01", date(2026, 9, 1)),
        (" 2026-09-01 ", date(2026, 9, 1)),
        ("2026-09-01T00:00:00", date(2026, 9, 1)),
        ("2026-09-01 00:00:00.000000", date(2026, 9, 1)),
        ("01/09/2026", date(2026, 9, 1)),
        ("1/9/2026", date(2026, 9, 1)),
        ("9999-12-31", date(9999, 12, 31)),
        ("1905-01-01", date(1905, 1, 1)),
    ],
)
def test_dates_that_are_read(text, expected):
    assert date_of(read_day(text)) == expected


@pytest.mark.parametrize(
    "text", ["20260901", "2026-9-1", "01-09-2026", "01/09/26", "2026-13-01", "0000-01-01", "46266"]
)
def test_dates_that_are_not_guessed(text):
    with pytest.raises((ValueError, OverflowError)):
        date_of(read_day(text))


def test_every_code_of_every_characteristic_reads_as_its_own_number():
    for place, characteristic in enumerate(ROLL_CHARACTERISTICS):
        for number, value in enumerate(characteristic.values):
            assert read_value(place, value.code.lower()) == number


def test_an_enrolment_long_before_the_period_is_whole():
    roll = [("ann", None, "F", "1990-09-01", str(MONDAY))]
    assert spans(screened(extract(roll=roll)))[0][1:3] == ("1990-09-01", "2026-11-16")
