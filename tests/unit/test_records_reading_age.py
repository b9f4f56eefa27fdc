"""Reading age: the published formula, syllables as a dictionary counts them, and every example's notices held to it."""

from pathlib import Path

import pytest

from tallyroll.governance.lifecycle import Version
from tallyroll.governance.manifest import read
from tallyroll.governance.records.notice import Audience, notice
from tallyroll.governance.records.reading_age import CHILD, PARENT, grade, page_age, prose, reading_age, syllables

EXAMPLES = Path(__file__).parents[2] / "examples"
WHOLE = ("tallies-only", "trust-local", "nation-pupil-level")  # the fourth cannot be read, on purpose


def test_the_published_worked_example_has_its_grade() -> None:
    # "The Australian platypus is seemingly a hybrid of a mammal and reptilian creature": 13 words, 24 syllables, 11.3
    assert round(grade(words=13, sentences=1, syllables=24), 1) == 11.3


def test_the_sentence_of_the_worked_example_is_counted_as_published() -> None:
    sentence = "The Australian platypus is seemingly a hybrid of a mammal and reptilian creature."
    assert round(reading_age(sentence) - 5, 1) == 11.3


def test_one_syllable_words_in_short_sentences_have_the_grade_that_the_formula_gives() -> None:
    assert reading_age("The cat sat on the mat.") == pytest.approx(0.39 * 6 + 11.8 - 15.59 + 5)


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        *(("school", 1), ("rule", 1), ("rules", 1), ("names", 1), ("asked", 1), ("used", 1), ("tried", 1)),
        *(("table", 2), ("tables", 2), ("little", 2), ("counted", 2), ("people", 2), ("children", 2), ("science", 2)),
        *(("places", 2), ("safely", 2), ("being", 2), ("religious", 3), ("idea", 3), ("area", 3), ("register", 3)),
        *(("statistics", 3), ("society", 4), ("authority", 4), ("education", 4), ("organisation", 5), ("you", 1)),
        *(("UPN", 3), ("child’s", 1), ("1996", 1)),
    ],
)
def test_syllables_are_those_of_a_dictionary(word: str, expected: int) -> None:
    assert syllables(word) == expected


def test_markup_digests_and_pictures_are_not_read() -> None:
    page = "<style>p {}</style><h1>A head</h1><p>Read <em>this</em>: <code>ab12</code></p><svg><title>x</title></svg>"
    assert prose(page) == "A head\nRead this:"


def test_no_prose_has_no_age() -> None:
    assert page_age("<p><code>ab</code></p>") == 0.0


def test_short_cells_do_not_make_a_hard_sentence_look_easy() -> None:
    hard = "<p>Authorities administering compulsory statistical collections demonstrate proportionality.</p>"
    assert page_age(hard + "<td>Yes</td>" * 50) == page_age(hard)


@pytest.mark.parametrize("name", WHOLE)
def test_the_notices_of_every_example_can_be_read_by_those_they_are_for(name: str) -> None:
    version = Version(read(EXAMPLES / f"{name}.toml"))
    assert page_age(notice(version, Audience.CHILD)) <= CHILD == 11
    assert page_age(notice(version, Audience.PARENT)) <= PARENT == 14
