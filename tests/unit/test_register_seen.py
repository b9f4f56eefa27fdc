"""A roll that is as it was last given is not merged again, and the store is none the worse for it."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.lib.builders import NOW
from tests.lib.registers import opened
from tests.lib.two_years import AUTUMN, COMES, LEAVES, NEW_ROLL, OLD_ROLL, STAYS, SUMMER, TURN, URNS, fill, held, kept

from tallyroll.governance.manifest.words import Store
from tallyroll.register import RegisterStore, due, forget
from tallyroll.vocab.durations import Duration
from tallyroll.vocab.errors import VerificationProblem

ROLLS = (
    NEW_ROLL,
    OLD_ROLL,
    NEW_ROLL[:1],
    [(LEAVES, None, "M", "2025-09-01", "2026-11-17"), *NEW_ROLL],
    [(STAYS, None, "M", "2025-09-01"), NEW_ROLL[1]],
)
WINDOWS = (SUMMER, TURN, AUTUMN, (date(2026, 11, 18), AUTUMN[1]), (SUMMER[0], TURN[1]))


def rolls(store: RegisterStore) -> list[tuple[object, ...]]:
    """What stands in the clear of every part of the roll, and what is read of the roll in each window."""
    with store.reading() as sql:
        parts = sql.execute("SELECT urn, year, revision, n_spans FROM roll ORDER BY 1, 2, 3").fetchall()
    return [*parts, *(tuple(held(store, window).spans.to_pylist()) for window in WINDOWS)]


def n_seen(store: RegisterStore) -> int:
    with store.reading() as sql:
        return int(sql.execute("SELECT count(seen) FROM pupil").fetchone()[0])


extracts = st.lists(st.tuples(st.sampled_from(ROLLS), st.sampled_from(WINDOWS), st.booleans()), min_size=1, max_size=6)


@settings(max_examples=20, deadline=None)
@given(extracts)
def test_what_is_remembered_changes_no_roll(tmp_path_factory, given):
    folder = tmp_path_factory.mktemp("seen")
    with opened(folder) as store, RegisterStore(folder / "forgetful.db") as forgetful:
        for turn, (roll, window, full) in enumerate(given):
            now = NOW + timedelta(minutes=turn)
            with forgetful.writing() as sql:
                sql.execute("UPDATE pupil SET seen = NULL")
            for one in (store, forgetful):
                kept(one, window, roll=roll, marks=[], full=full or turn == 0, now=now)
        assert rolls(store) == rolls(forgetful)


def test_one_roll_is_remembered_for_each_school(tmp_path):
    with opened(tmp_path) as store:
        for urn in URNS[:2]:
            fill(store, urn)
        assert n_seen(store) == 2


def test_the_same_roll_is_not_even_read(tmp_path):
    with opened(tmp_path) as store:
        fill(store)
        with store.writing() as sql:
            sql.execute("UPDATE roll SET spans = x'00'")
        kept(store, AUTUMN, roll=NEW_ROLL, marks=[])
        with pytest.raises(VerificationProblem, match="roll"):
            kept(store, AUTUMN, roll=NEW_ROLL[:1], marks=[])


def test_what_is_remembered_is_proved_to_be_what_was_written(tmp_path):
    with opened(tmp_path) as store:
        for urn in URNS[:2]:
            fill(store, urn)
        with store.writing() as sql:
            sql.execute(
                "UPDATE pupil SET seen = (SELECT seen FROM pupil AS p WHERE p.urn <> pupil.urn AND p.year = pupil.year)"
            )
        for look in (store.verify, lambda: kept(store, AUTUMN, roll=NEW_ROLL, marks=[])):
            with pytest.raises(VerificationProblem, match="the roll last given"):
                look()


def test_what_is_remembered_says_nothing_of_a_pupil_in_the_clear(tmp_path):
    with opened(tmp_path) as store:
        fill(store)
        with store.reading() as sql:
            (seen,) = sql.execute("SELECT seen FROM pupil WHERE seen IS NOT NULL").fetchone()
        assert COMES.encode() not in seen
        fill(store, URNS[1])
        with store.reading() as sql:
            assert len({row[0][12:] for row in sql.execute("SELECT seen FROM pupil WHERE seen IS NOT NULL")}) == 2


def test_forgetting_an_earlier_year_forgets_what_built_on_it(tmp_path):
    with opened(tmp_path) as store:
        fill(store)
        as_of = date(2032, 9, 1)
        six = Duration.parse("P6Y")
        forget(store, due(store, of=Store.REGISTERS, retention=six, as_of=as_of), of=Store.REGISTERS, now=NOW)
        assert n_seen(store) == 0
