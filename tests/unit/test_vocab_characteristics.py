"""Characteristics: stored rolls and cells hold the numbers, so none may ever change its meaning."""

import pytest

from tallyroll.vocab.characteristics import (
    BY_NAME,
    ETHNICITY_MAJOR,
    ETHNICITY_MINOR,
    MAJOR_OF_MINOR,
    ROLL_CHARACTERISTICS,
)
from tallyroll.vocab.items import ESSENTIAL, Item

NUMBERS = {
    "year_group": " N1 N2 R 1 2 3 4 5 6 7 8 9 10 11 12 13 14 X",
    "sex": " F M",
    "fsm": " N Y",
    "fsm6": " N Y",
    "pupil_premium": " N Y",
    "sen": " N K E",
    "ethnicity_minor": (
        " WBRI WIRI WIRT WROM WOTH MWBC MWBA MWAS MOTH AIND APKN ABAN CHNE AOTH BAFR BCRB BOTH OOTH REFU NOBT"
    ),
    "looked_after": " N Y",
    "previously_looked_after": " N Y",
    "ethnicity_major": " WHIT MIXD ASIA BLAC OTHE",
}


@pytest.mark.parametrize("name", NUMBERS)
def test_the_numbers_of_values_are_stable(name):
    assert [value.code for value in BY_NAME[name].values] == NUMBERS[name].split(" ")


def test_every_characteristic_is_here():
    assert set(BY_NAME) == set(NUMBERS)
    assert [one.name for one in ROLL_CHARACTERISTICS] == [name for name in NUMBERS if name != "ethnicity_major"]


@pytest.mark.parametrize("name", NUMBERS)
def test_unknown_is_number_0_and_labels_are_distinct(name):
    values = BY_NAME[name].values
    assert BY_NAME[name].number("") == 0
    assert "Unknown" in values[0].label
    assert len({value.label for value in values}) == len({value.code for value in values}) == len(values)
    with pytest.raises(KeyError):
        BY_NAME[name].number("no such value")


@pytest.mark.parametrize(
    ("minor", "major"),
    [
        *(("", ""), ("WROM", "WHIT"), ("MWAS", "MIXD"), ("CHNE", "ASIA"), ("BOTH", "BLAC")),
        *(("OOTH", "OTHE"), ("REFU", ""), ("NOBT", "")),
    ],
)
def test_a_minor_group_belongs_to_its_major_group(minor, major):
    assert MAJOR_OF_MINOR[ETHNICITY_MINOR.number(minor)] == ETHNICITY_MAJOR.number(major)


def test_every_characteristic_of_a_roll_is_an_item_that_must_be_permitted():
    assert {one.name for one in ROLL_CHARACTERISTICS} <= {item.value for item in Item}
    assert not {one.name for one in ROLL_CHARACTERISTICS} & {item.value for item in ESSENTIAL}
    assert not {"name", "forename", "surname", "address", "postcode", "birth"} & {item.value for item in Item}
