"""Identifiers: check letters by hand, and what is refused."""

import pytest

from tallyroll.vocab.errors import InputProblem
from tallyroll.vocab.identifiers import Laestab, Urn, is_temporary_upn, is_upn, upn_check_letter

# By hand: 8x2 + 2x3 + 0x4 + 2x5 + 0x6 + 0x7 + 1x8 + 1x9 + 2x10 + 0x11 + 0x12 + 1x13 = 82; 82 = 3 x 23 + 13: letter
# number 13 of A B C D E F G H J K L M N P Q R T U V W X Y Z (counted from 0) is P.
PERMANENT = "P820200112001"
# The same with B (1) in the last place in place of 1: the sum is the same.
TEMPORARY = "P82020011200B"


def test_the_check_letter_is_the_weighted_sum_modulo_23():
    assert upn_check_letter(PERMANENT[1:]) == "P"
    assert upn_check_letter("000000000000") == "A"
    assert upn_check_letter("000000000001") == "P"  # 13
    assert upn_check_letter("100000000000") == "C"  # 2
    assert upn_check_letter("00000000000Z") == "L"  # 22 x 13 = 286 = 12 x 23 + 10


def test_permanent_and_temporary_forms_are_told_apart():
    assert is_upn(PERMANENT)
    assert is_upn(TEMPORARY)
    assert (is_temporary_upn(PERMANENT), is_temporary_upn(TEMPORARY)) == (False, True)


@pytest.mark.parametrize("letter", sorted(set("ABCDEFGHIJKLMNOPQRSTUVWXYZ") - {"P"}))
def test_every_other_check_letter_is_wrong(letter):
    assert not is_upn(letter + PERMANENT[1:])


@pytest.mark.parametrize("place", range(1, 13))
def test_every_single_wrong_digit_is_found(place):
    for digit in set("0123456789") - {PERMANENT[place]}:
        assert not is_upn(PERMANENT[:place] + digit + PERMANENT[place + 1 :])


@pytest.mark.parametrize("place", range(1, 12))
def test_neighbours_that_change_places_are_found(place):
    swapped = PERMANENT[:place] + PERMANENT[place + 1] + PERMANENT[place] + PERMANENT[place + 2 :]
    assert is_upn(swapped) == (swapped == PERMANENT)


@pytest.mark.parametrize(
    "text",
    [
        *("", "P", PERMANENT[:-1], PERMANENT + "1", PERMANENT.lower(), f" {PERMANENT}", f"{PERMANENT}\n"),
        *("P8202O0112001", "P82020011200I", "P82020011200O", "P82020011200S", "P٨20200112001"),
    ],
)
def test_other_forms_are_no_upn(text):
    assert not is_upn(text)


@pytest.mark.parametrize("number", [100_000, 999_999])
def test_a_urn_has_six_digits(number):
    assert str(Urn(number)) == str(number)


@pytest.mark.parametrize("number", [0, -100_000, 99_999, 1_000_000])
def test_a_urn_of_another_length_is_refused(number):
    with pytest.raises(InputProblem, match="six digits"):
        Urn(number)


@pytest.mark.parametrize("text", ["3054001", "305/4001", " 305/4001 "])
def test_a_laestab_is_read_in_both_forms(text):
    read = Laestab.parse(text)
    assert (read.la, read.establishment, str(read)) == ("305", "4001", "3054001")


@pytest.mark.parametrize("text", ["", "305", "305400", "30540011", "E05/4001", "305-4001", "305 4001", "٣٠٥٤٠٠١"])
def test_a_laestab_of_another_form_is_refused(text):
    with pytest.raises(InputProblem, match="three digits and four digits"):
        Laestab.parse(text)
