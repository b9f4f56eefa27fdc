"""Encryption at rest: nothing about a pupil stands in the file, and no block can be read without its key and place."""

import shutil
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.lib.builders import NOW
from tests.lib.registers import opened
from tests.lib.two_years import (
    AUTUMN,
    COMES,
    LEAVES,
    NEW_ROLL,
    PULL,
    STAYS,
    SUMMER,
    TURN,
    URNS,
    codes,
    fill,
    held,
    kept,
    mark,
)

from tallyroll.register import RegisterStore, known
from tallyroll.register.merging import by_year
from tallyroll.register.shelf import whole_roll
from tallyroll.register.stretches import COLUMNS, joined
from tallyroll.vocab.codes import BY_TEXT
from tallyroll.vocab.errors import UsageProblem, VerificationProblem
from tallyroll.vocab.findings import Finding, Severity
from tallyroll.vocab.periods import AcademicYear

LATE, ILL = BY_TEXT["L"].number, BY_TEXT["I"].number
OPEN_ROLL = [(STAYS, None, "F", "2025-09-01")]
SUMMER_YEAR = AcademicYear(2025)
TOLD = Finding("csv_lost", Severity.ERROR, "What-was-told", "How-to-mend", "marks-of-spring.csv", 7, "code")


@pytest.fixture
def store(tmp_path):
    with opened(tmp_path) as store:
        yield store


def bytes_of(store):
    """Every byte of the store and its log."""
    return b"".join(path.read_bytes() for path in store.path.parent.glob(f"{store.path.name}*") if path.is_file())


def test_no_key_of_a_pupil_and_no_word_of_a_finding_stands_in_the_file_or_its_log(store):
    fill(store)
    kept(store, AUTUMN, roll=NEW_ROLL, marks=[], findings=(TOLD,), round_id="r1")
    everything = bytes_of(store)
    assert b"Test School" in everything
    for word in (STAYS, LEAVES, COMES, TOLD.message, TOLD.mend, TOLD.place):
        assert word.encode() not in everything
    assert TOLD in [one for _, one in store.findings("r1")]


def test_the_same_content_is_never_the_same_bytes(store):
    for urn in URNS[:2]:
        fill(store, urn)
    with store.reading() as sql:
        blobs = [row[0] for row in sql.execute("SELECT marks FROM week UNION ALL SELECT spans FROM roll")]
    assert len(blobs) == len(set(blobs)) == 10  # two weeks, and three parts of rolls, of each school


def test_a_copy_of_the_store_without_its_keys_cannot_be_read(store, tmp_path):
    fill(store)
    store.fold()
    copy = shutil.copy(store.path, tmp_path / "copy.db")
    with RegisterStore(tmp_path / "copy.db", read_only=True) as bare:
        assert [one.urn for one in bare.schools()] == [URNS[0]]
        for look in (lambda: held(bare, AUTUMN), bare.verify):
            with pytest.raises(VerificationProblem, match="key of this school and year is not here"):
                look()
    with RegisterStore(copy, read_only=True, keys=store.ring.folder) as whole:
        assert codes(held(whole, AUTUMN)) == codes(held(store, AUTUMN))


def test_nothing_is_kept_beside_what_cannot_be_read(store, tmp_path):
    fill(store)
    before = store.revision(URNS[0])
    shutil.move(store.ring.folder, tmp_path / "elsewhere")
    with pytest.raises(VerificationProblem, match="is not here"):
        kept(store, AUTUMN, roll=NEW_ROLL, marks=[])
    assert store.revision(URNS[0]) == before


def test_keys_of_another_store_do_not_fit(store, tmp_path):
    fill(store)
    with RegisterStore(tmp_path / "other.db") as other:
        fill(other)
    with (
        RegisterStore(store.path, read_only=True, keys=other.ring.folder) as mixed,
        pytest.raises(VerificationProblem, match="not those that were written"),
    ):
        held(mixed, AUTUMN)


def test_a_store_with_keys_for_all_to_read_is_not_opened(store):
    fill(store)
    store.ring.folder.chmod(0o750)
    with pytest.raises(UsageProblem, match="Others may read"):
        RegisterStore(store.path)


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ("UPDATE week SET marks = (SELECT marks FROM week AS w WHERE w.monday <> week.monday)", "week 2026-07-06"),
        ("UPDATE week SET revision = 3 - revision", "week 2026-07-06, revision 2"),
        ("UPDATE week SET n_pupils = 1 WHERE monday = (SELECT max(monday) FROM week)", "week 2026-11-16"),
        ("UPDATE roll SET spans = (SELECT spans FROM roll AS r WHERE r.year <> roll.year)", "roll, revision"),
        ("UPDATE roll SET columns = replace(columns, 'fsm', 'sen')", "roll, revision"),
        ("UPDATE pupil SET keys = (SELECT keys FROM pupil AS p WHERE p.year <> pupil.year)", "pupils of 202"),
        ("UPDATE pupil SET year = year - 5 WHERE year = 2025", "pupils of 2020/21"),
        ("UPDATE week SET marks = x'00'", "week 2026-07-06"),
    ],
)
def test_a_block_that_was_moved_or_changed_is_found_and_named(store, change, where):
    fill(store)
    store.verify()
    with store.writing() as sql:
        sql.execute(change)
    with pytest.raises(VerificationProblem, match=where):
        store.verify()


def test_a_finding_cannot_be_passed_off_as_another(store):
    kept(store, AUTUMN, roll=NEW_ROLL, marks=[], findings=(TOLD,), round_id="r1")
    with store.writing() as sql:
        sql.execute("UPDATE finding SET severity = 'note' WHERE check_name = 'csv_lost'")
    with pytest.raises(VerificationProblem, match="findings of round r1"):
        list(store.findings("r1"))


def known_keys(store):
    return known(PULL, store, school=URNS[0], now=NOW).keys


# Which year a thing belongs to


def locked_by(store):
    """What lies under the key of each year: (year, parts of rolls, lists of pupils)."""
    with store.reading() as sql:
        return sql.execute(
            "SELECT year, (SELECT count(DISTINCT revision) FROM roll AS r WHERE r.year = p.year), 1 FROM pupil AS p"
        ).fetchall()


def test_a_roll_is_cut_at_31_august_and_read_whole(store):
    fill(store)
    assert locked_by(store) == [(2025, 2, 1), (2026, 1, 1)]
    rows = held(store, AUTUMN).spans.to_pylist()
    assert [(row["pupil"], str(row["first"]), str(row["last"])) for row in rows] == [
        (0, "2025-09-01", "9999-12-31"),
        (2, "2026-09-01", "9999-12-31"),
    ]


def test_changes_in_a_new_year_take_the_roll_with_them(store):
    kept(store, SUMMER, roll=OPEN_ROLL, marks=[mark(STAYS, SUMMER[0])])
    kept(store, AUTUMN, roll=[], marks=[mark(STAYS, AUTUMN[0], "I")], full=False)
    assert locked_by(store) == [(2025, 2, 1), (2026, 1, 1)]
    assert known_keys(store) == (STAYS,)
    store.ring.destroy(URNS[0], SUMMER_YEAR)
    with store.writing() as sql:
        sql.execute("DELETE FROM roll WHERE year = 2025")
        sql.execute("DELETE FROM pupil WHERE year = 2025")
    assert codes(held(store, AUTUMN)) == [(0, "2026-11-16", ILL)]
    assert known_keys(store) == (STAYS,)


def test_the_week_across_31_august_lives_as_long_as_its_september_days(store):
    kept(store, TURN, roll=OPEN_ROLL, marks=[mark(STAYS, TURN[0]), mark(STAYS, TURN[1], "I")])
    assert [year.start for _, year in store.ring.years()] == [2025, 2026]
    store.ring.destroy(URNS[0], SUMMER_YEAR)
    with store.writing() as sql:
        sql.execute("DELETE FROM roll WHERE year = 2025")
        sql.execute("DELETE FROM pupil WHERE year = 2025")
    assert (0, "2026-09-04", ILL) in codes(held(store, TURN))


DAYS_OF_YEARS = st.integers(date(2024, 8, 25).toordinal() - 719163, date(2027, 9, 5).toordinal() - 719163)


@given(st.lists(st.tuples(st.integers(0, 3), DAYS_OF_YEARS, st.integers(0, 800)), max_size=8))
def test_a_roll_cut_into_years_and_put_together_is_the_same(rows):
    taken, stretches = set(), []
    for pupil, first, n_days in rows:
        days = {(pupil, first + n) for n in range(n_days + 1)}
        if not days & taken:
            taken |= days
            stretches.append([pupil, first, first + n_days, *[pupil % 2] * (len(COLUMNS) - 3)])
    roll = joined(np.array(stretches, dtype=np.int32).reshape(-1, len(COLUMNS)))
    parts = by_year(roll, years=range(2025, 2028))
    assert [*parts] == [2025, 2026, 2027]
    assert np.array_equal(whole_roll(parts.values()), roll)
    for year in (2026, 2027):
        assert all(row[1] >= (date(year, 9, 1) - date(1970, 1, 1)).days for row in parts[year])
        assert all(row[2] <= (date(year, 8, 31) - date(1970, 1, 1)).days for row in parts[year - 1])
