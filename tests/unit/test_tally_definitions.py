"""The definitions agree with the list of codes, with the department's column names, and with their printed page."""

from csv import DictReader
from datetime import date
from importlib.resources import files
from pathlib import Path

import pytest

from tallyroll.tally.definitions import (
    ABSENT,
    ATTENDING,
    COMPULSORY_SCHOOL_AGE,
    HEADLINES,
    MEASURES,
    NOT_POSSIBLE,
    POSSIBLE,
    REASONS,
    Definition,
    Population,
    second_half_of_summer,
)
from tallyroll.tally.document import definitions_page
from tallyroll.tally.layouts import REASONS as PUBLISHED_REASONS
from tallyroll.tally.layouts import SUMS
from tallyroll.vocab import codes
from tallyroll.vocab.errors import UsageProblem
from tallyroll.vocab.items import Item
from tallyroll.vocab.schools import SchoolCalendar, Term
from tallyroll.vocab.shapes import OPEN_END

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "definitions.md"


def _columns() -> dict[str, str]:
    """The current column of each code in the department's files."""
    text = files("tallyroll.vocab").joinpath("data/attendance_codes.csv").read_text(encoding="utf-8")
    return {
        row["code"]: row["ees_column"].split(" (")[0].split(" / ")[0]
        for row in DictReader(text.splitlines())
        if row["ees_column"]
    }


def test_every_code_has_the_column_that_the_department_gives_it() -> None:
    for code, column in _columns().items():
        assert MEASURES[column].codes == (code,)


def test_every_code_is_counted_and_none_twice() -> None:
    singles = [measure.codes for measure in MEASURES.values() if len(measure.codes) == 1]
    assert sorted(code for (code,) in singles) == sorted([*codes.BY_TEXT, ""])


def test_code_sets_agree_with_the_categories_of_the_regulations() -> None:
    assert codes.numbers(POSSIBLE) == codes.numbers_in(*codes.POSSIBLE)
    assert codes.numbers(ATTENDING) == codes.numbers_in(*codes.ATTENDING)
    assert codes.numbers(ABSENT) == codes.numbers_in(*codes.ABSENT)
    assert {measure.codes[0] for measure in NOT_POSSIBLE}.isdisjoint(POSSIBLE)


def test_the_columns_are_those_of_the_published_layout() -> None:
    assert {measure.name for measure in HEADLINES} == set(SUMS)
    names = [measure.name for measure in REASONS]
    assert names == [name for name in PUBLISHED_REASONS if name in names]


def test_the_printed_page_is_not_stale() -> None:
    assert PAGE.read_text(encoding="utf-8") == definitions_page(), (
        "Print it again: write definitions_page() of tallyroll.tally.document to docs/reference/definitions.md."
    )


def test_counting_reads_the_items_that_it_counts_by() -> None:
    assert Definition(("ethnicity_major", "fsm")).items == {
        Item.PUPIL,
        Item.MARK,
        Item.YEAR_GROUP,
        Item.ETHNICITY,
        Item.FSM,
    }


@pytest.mark.parametrize("names", [("shoe_size",), ("fsm", "fsm"), ("all",)])
def test_a_breakdown_that_is_not_known_or_named_twice_is_refused(names: tuple[str, ...]) -> None:
    with pytest.raises(UsageProblem, match="breakdown"):
        Definition(names)


def test_year_11_is_away_from_its_day_to_the_end_of_the_academic_year() -> None:
    away = Population(COMPULSORY_SCHOOL_AGE.year_groups, date(2027, 6, 7), {100001: date(2027, 5, 31)})
    assert away.year_11_away(100002) == (date(2027, 6, 7), date(2027, 8, 31))
    assert away.year_11_away(100001) == (date(2027, 5, 31), date(2027, 8, 31))
    assert COMPULSORY_SCHOOL_AGE.year_11_away(100001) == (OPEN_END, OPEN_END)


def test_the_second_half_of_summer_starts_after_its_half_term() -> None:
    autumn = Term("Autumn", date(2026, 9, 1), date(2026, 12, 18), date(2026, 10, 26), date(2026, 10, 30))
    summer = Term("Summer", date(2027, 4, 12), date(2027, 7, 21), date(2027, 5, 31), date(2027, 6, 4))
    assert second_half_of_summer(SchoolCalendar((autumn, summer))) == date(2027, 6, 5)
    assert second_half_of_summer(SchoolCalendar((autumn,))) is None
