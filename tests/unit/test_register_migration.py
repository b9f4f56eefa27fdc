"""Migration: a store of version 3 becomes one of today, whole or not at all, and readers are not disturbed."""

import os
import random
import shutil
import signal
import sqlite3
import time

import pytest
from tests.lib.registers import opened
from tests.lib.store_version_3 import as_version_3
from tests.lib.two_years import AUTUMN, NEW_ROLL, OLD_ROLL, STAYS, SUMMER, URNS, codes, fill, held, kept, mark

from tallyroll.register import RegisterStore
from tallyroll.register.database import migrate
from tallyroll.vocab.errors import UsageProblem


@pytest.fixture
def old(tmp_path):
    """A file of version 3 with two schools, and their keys."""
    with opened(tmp_path) as store:
        for urn in URNS[:2]:
            fill(store, urn)
    path = tmp_path / "old.db"
    as_version_3(store.path, path)
    return path


def version(path):
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as sql:
        (found,) = sql.execute("PRAGMA user_version").fetchone()
    sql.close()
    return found


def shape(path):
    with sqlite3.connect(path) as sql:
        names = [name for (name,) in sql.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'index')")]
        found = {name: sql.execute(f"PRAGMA table_info('{name}')").fetchall() for name in sorted(names)}
    sql.close()
    return found


def content(store):
    return [codes(held(store, days, urn=urn)) for days in (SUMMER, AUTUMN) for urn in URNS[:2]]


def test_opening_to_write_migrates_and_loses_nothing(old, tmp_path):
    with RegisterStore(old, read_only=True) as store:
        before = content(store)
        assert all(before)
    with RegisterStore(old) as store:
        assert content(store) == before
        assert store.verify() == 2 * 7
        kept(store, AUTUMN, roll=NEW_ROLL, marks=[mark(STAYS, AUTUMN[0], "I")])
        assert content(store) != before
    with RegisterStore(tmp_path / "new.db"):
        pass
    assert shape(old) == shape(tmp_path / "new.db")
    assert version(old) == 4


def test_opening_to_read_leaves_version_3_as_it_is(old):
    before = old.read_bytes()
    with RegisterStore(old, read_only=True) as store:
        assert [one.urn for one in store.schools()] == list(URNS[:2])
        assert codes(held(store, AUTUMN))
    assert (version(old), old.read_bytes()) == (3, before)


def test_dry_run_names_the_versions_to_come_and_changes_nothing(old):
    before = old.read_bytes()
    assert migrate(old, dry_run=True) == (4,)
    assert (version(old), old.read_bytes()) == (3, before)
    assert migrate(old) == (4,)
    assert (migrate(old, dry_run=True), migrate(old)) == ((), ())


@pytest.mark.parametrize("other", [0, 2, 5])
def test_versions_without_a_way_to_here_are_refused(old, other):
    with sqlite3.connect(old) as sql:
        sql.execute(f"PRAGMA user_version = {other}")
    sql.close()
    for attempt in (lambda: migrate(old), lambda: migrate(old, dry_run=True), lambda: RegisterStore(old)):
        with pytest.raises(UsageProblem, match=f"has version {other}; this Tallyroll reads versions 3 to 4 only"):
            attempt()
    assert version(old) == other


def test_who_reads_meanwhile_sees_what_was_there(old):
    with RegisterStore(old, read_only=True) as reader, reader.reading() as sql:
        before = sql.execute("SELECT urn, year, keys FROM pupil").fetchall()
        with RegisterStore(old) as writer:
            kept(writer, SUMMER, roll=OLD_ROLL, marks=[mark(STAYS, SUMMER[1], "I")])
            assert sql.execute("SELECT urn, year, keys FROM pupil").fetchall() == before
    with RegisterStore(old, read_only=True) as reader:
        assert codes(held(reader, SUMMER))


def test_killed_in_the_middle_it_is_the_old_version_or_the_new(old, tmp_path):
    chance, seen = random.Random(1), set()
    for turn in range(12):
        path = tmp_path / f"{turn}.db"
        shutil.copy(old, path)
        shutil.copytree(f"{old}.keys", f"{path}.keys")
        child = os.fork()
        if child == 0:
            migrate(path)
            os._exit(0)
        time.sleep(chance.uniform(0, 0.004))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        seen.add(version(path))
        with RegisterStore(path) as store:
            assert store.verify() == 2 * 7
            assert codes(held(store, AUTUMN))
        assert version(path) == 4
    assert seen <= {3, 4}
