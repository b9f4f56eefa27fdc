"""AttendanceMarks: read where it is certain, refused whole where it could have slipped."""

from datetime import date

import pytest

from tallyroll.connectors.ctf.marks import LONGEST, decode, n_marks
from tallyroll.vocab.periods import Session

MONDAY = date(2026, 9, 7)
BEFORE_AUGUST_2024 = date(2024, 6, 3)  # a Monday


def codes(text: str, start: date = MONDAY) -> list[tuple[str, str, str]]:
    return [(mark.day.isoformat(), mark.session.value, mark.code) for mark in decode(text, start=start).marks]


def test_one_character_is_a_session_morning_first() -> None:
    assert codes("/\\L\\") == [
        ("2026-09-07", "AM", "/"),
        ("2026-09-07", "PM", "\\"),
        ("2026-09-08", "AM", "L"),
        ("2026-09-08", "PM", "\\"),
    ]


@pytest.mark.parametrize("filler", [" ", "-", "#"])
def test_weekends_are_filled_and_not_marks(filler: str) -> None:
    week = "/\\" * 5 + filler * 4 + "II"
    days = [day for day, _, _ in codes(week)]
    assert days[-2:] == ["2026-09-14", "2026-09-14"]
    assert len(days) == 12


def test_filler_on_a_weekday_is_nothing_received() -> None:
    assert codes("  /\\") == [("2026-09-08", "AM", "/"), ("2026-09-08", "PM", "\\")]


def test_closure_sign_on_a_weekday_is_not_taken_and_counted() -> None:
    run = decode("##/\\", start=MONDAY)
    assert (len(run.marks), run.n_closures) == (2, 2)
    assert decode("/\\" * 5 + "####", start=MONDAY).n_closures == 0


@pytest.mark.parametrize(
    ("text", "check"),
    [
        ("/\\Y1/\\", "ctf_code_two_characters"),
        ("/\\/1", "ctf_code_two_characters"),
        ("/\\/?", "ctf_code_unknown"),
        ("/\\/é", "ctf_code_unknown"),
        ("/\\/\n", "ctf_code_unknown"),
        ("/\\/l", "ctf_code_unknown"),
        ("/\\" * 6, "ctf_weekend_mark"),
        ("/\\" * 5 + "  I", "ctf_weekend_mark"),
        ("\\/", "ctf_marks_shifted"),
        ("/\\ /\\", "ctf_marks_shifted"),
        (" " * LONGEST + "I", "ctf_marks_long"),
    ],
)
def test_string_that_may_have_slipped_is_refused_whole(text: str, check: str) -> None:
    run = decode(text, start=MONDAY)
    assert (run.refused, run.marks) == (check, ())


@pytest.mark.parametrize("code", ["J", "Y"])
def test_withdrawn_code_that_may_be_half_of_another_is_not_taken(code: str) -> None:
    assert decode(f"/\\{code}\\", start=MONDAY).halved == 1
    assert len(decode(f"/\\{code}\\", start=MONDAY).marks) == 3


def test_same_code_is_taken_on_a_day_when_it_was_in_force() -> None:
    assert codes("J\\", BEFORE_AUGUST_2024) == [("2024-06-03", "AM", "J"), ("2024-06-03", "PM", "\\")]


def test_other_withdrawn_codes_are_passed_on_for_screening_to_flag() -> None:
    assert codes("HF") == [("2026-09-07", "AM", "H"), ("2026-09-07", "PM", "F")]


def test_marks_are_counted_without_fillers() -> None:
    assert n_marks("/\\ -#I") == 3


def test_session_words_are_those_of_the_house() -> None:
    assert [mark.session for mark in decode("/\\", start=MONDAY).marks] == [Session.AM, Session.PM]
