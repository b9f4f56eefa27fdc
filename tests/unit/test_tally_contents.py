"""What a tally says of itself: whose counts it holds, and by what they are broken down."""

from tests.lib.payloads import tally_of
from tests.lib.small_registers import joined, register

from tallyroll import tally
from tallyroll.tally import EMPTY, Tally
from tallyroll.vocab.identifiers import Urn

ONE = register(
    roll="school | pupil | year_group | sex\n100001 | 1 | 3 | F", marks="school | pupil | 2026-09-30\n100001 | 1 | / \\"
)
OTHER = register(
    schools="school | la | phase\n100002 | 301 | Special",
    roll="school | pupil | year_group\n100002 | 1 | 9",
    marks="school | pupil | 2026-09-30\n100002 | 1 | B N",
)
BOTH = tally_of(joined(ONE, OTHER), "sex")


def test_every_contributor_is_named_with_its_authority():
    assert tally.contributors(BOTH) == {Urn(100001): "302", Urn(100002): "301"}


def test_contributors_and_breakdowns_stand_in_either_table():
    for part in (Tally(BOTH.cells), Tally(EMPTY.cells, BOTH.persistent)):
        assert set(tally.contributors(part)) == {Urn(100001), Urn(100002)}
        assert tally.breakdowns(part) == {"sex"}


def test_all_pupils_together_are_no_breakdown():
    assert tally.breakdowns(tally_of(ONE)) == frozenset()


def test_the_tally_of_nobody_has_neither():
    assert (tally.contributors(EMPTY), tally.breakdowns(EMPTY)) == ({}, frozenset())
