"""Attendance codes: meaning, validity and category, against the regulations as written in the project's notes."""

from collections import Counter
from datetime import date

import pytest

from tallyroll.vocab.codes import ABSENT, ATTENDING, BY_TEXT, CODES, POSSIBLE, Category, numbers, numbers_in

LAST_OLD_DAY, FIRST_NEW_DAY = date(2024, 8, 18), date(2024, 8, 19)

# Regulations of 2024, reg. 10: every code in force, by how it counts.
IN_FORCE = {
    Category.PRESENT: "/ \\ L",
    Category.AEA: "K V P W B",
    Category.AUTHORISED: "C1 M J1 S C2 C T R I E",
    Category.UNAUTHORISED: "G N O U",
    Category.NOT_REQUIRED: "D X",
    Category.UNABLE: "Q Y1 Y2 Y3 Y4 Y5 Y6 Y7",
    Category.ADMINISTRATIVE: "Z #",
}
# Regulations of 2006, as read before 19 August 2024.
BEFORE = {
    Category.PRESENT: "/ \\ L",
    Category.AEA: "V P W B J",
    Category.AUTHORISED: "M S C T R I E H F",
    Category.UNAUTHORISED: "G N O U",
    Category.NOT_REQUIRED: "D X",
    Category.UNABLE: "Y",
    Category.ADMINISTRATIVE: "Z #",
}


def as_counted(on: date) -> dict[Category, set[str]]:
    return {c: {code.text for code in CODES if code.category is c and code.in_force(on)} for c in Category}


def test_the_34_codes_of_2024_count_as_the_regulations_say():
    assert as_counted(FIRST_NEW_DAY) == {category: set(codes.split()) for category, codes in IN_FORCE.items()}
    assert sum(len(codes.split()) for codes in IN_FORCE.values()) == 34


def test_the_codes_before_count_as_the_regulations_then_said():
    assert as_counted(LAST_OLD_DAY) == {category: set(codes.split()) for category, codes in BEFORE.items()}


def test_four_codes_were_withdrawn_and_eleven_came():
    withdrawn = {code.text for code in CODES if code.valid_to == LAST_OLD_DAY}
    came = {code.text for code in CODES if code.valid_from == FIRST_NEW_DAY}
    assert withdrawn == {"J", "H", "F", "Y"}
    assert came == {"C1", "C2", "J1", "K", "Q", "Y1", "Y2", "Y3", "Y4", "Y5", "Y6", "Y7"}
    assert {code.valid_to for code in CODES} == {None, LAST_OLD_DAY}


def test_an_interview_was_an_activity_and_is_an_absence():
    assert BY_TEXT["J"].category in ATTENDING
    assert BY_TEXT["J1"].category in ABSENT
    assert (BY_TEXT["J"].in_force(LAST_OLD_DAY), BY_TEXT["J"].in_force(FIRST_NEW_DAY)) == (True, False)
    assert (BY_TEXT["J1"].in_force(LAST_OLD_DAY), BY_TEXT["J1"].in_force(FIRST_NEW_DAY)) == (False, True)


def test_withdrawn_codes_still_count_by_their_category():
    assert numbers("JHFY") <= numbers_in(*Category)
    assert numbers("HF") <= numbers_in(Category.AUTHORISED)
    assert numbers("J") <= numbers_in(Category.AEA)
    assert not numbers("Y") & numbers_in(*POSSIBLE)


@pytest.mark.parametrize("text", [code.text for code in CODES])
def test_every_row_of_the_list_is_whole(text):
    code = BY_TEXT[text]
    assert code.name
    assert code.who
    assert code.valid_to is None or code.valid_from < code.valid_to
    assert 1 <= len(code.text) <= 2


def test_numbers_are_the_bytes_1_to_38_and_0_is_no_code():
    assert [code.number for code in CODES] == list(range(1, 39))
    assert len(BY_TEXT) == len(CODES)
    assert 0 not in numbers_in(*Category)


@pytest.mark.parametrize(
    ("text", "number"), [("/", 1), ("\\", 2), ("L", 3), ("J", 9), ("D", 10), ("I", 20), ("N", 34), ("#", 38)]
)
def test_numbers_never_change_for_stored_marks_hold_them(text, number):
    assert BY_TEXT[text].number == number


def test_every_category_is_attending_or_absent_or_not_possible():
    assert set() == ATTENDING & ABSENT
    assert Counter(code.category in POSSIBLE for code in CODES) == {True: 3 + 5 + 1 + 10 + 2 + 4, False: 13}


def test_a_code_that_does_not_exist_has_no_number():
    with pytest.raises(KeyError):
        numbers(["A"])
