"""The file under the store: opened, created, brought to the newest version, locked and spoken to in plain words."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tallyroll.register import schema
from tallyroll.vocab.errors import InputProblem, Problem, UsageProblem, VerificationProblem

BUSY_S = 30  # a school's transaction takes about a millisecond: a writer that waits longer never gets its turn
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def microseconds(moment: datetime) -> int:
    """Microseconds since 1970, the store's unit of time."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def moment(microseconds: int) -> datetime:
    """The moment so many microseconds after the beginning of 1970."""
    return _EPOCH + timedelta(microseconds=microseconds)


def connect(path: Path, *, mode: str) -> sqlite3.Connection:
    """A connection to a store that exists; `mode` is ro or rw. UsageProblem when the file is no store of ours."""
    uri = f"{path.resolve().as_uri()}?mode={mode}"
    sql = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False, timeout=BUSY_S)
    try:
        _version(sql, path, oldest=schema.OLDEST_READ if mode == "ro" else schema.VERSION)
        sql.execute("PRAGMA synchronous = FULL")
        sql.execute("PRAGMA foreign_keys = ON")
        sql.execute("PRAGMA secure_delete = ON")  # what is deleted is overwritten
    except BaseException:
        sql.close()
        raise
    return sql


def create(path: Path) -> None:
    """Make the file and its tables where there are none; nobody but its owner may read it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    sql = sqlite3.connect(path, isolation_level=None, timeout=BUSY_S)
    try:
        if _is_empty(sql):
            sql.execute("PRAGMA journal_mode = WAL")
            with transaction(sql, "BEGIN IMMEDIATE"):
                if _is_empty(sql):  # still: another process may have been quicker
                    _make_tables(sql)
    finally:
        sql.close()


def _is_empty(sql: sqlite3.Connection) -> bool:
    n_tables: tuple[int] = sql.execute("SELECT count(*) FROM sqlite_master").fetchone()
    return n_tables == (0,)


def _make_tables(sql: sqlite3.Connection) -> None:
    for statement in schema.TABLES.split(";\n"):
        sql.execute(statement)
    sql.execute(f"PRAGMA application_id = {schema.APPLICATION_ID}")
    sql.execute(f"PRAGMA user_version = {schema.VERSION}")


def migrate(path: Path, *, dry_run: bool = False) -> tuple[int, ...]:
    """The versions that the store was taken through to the newest, or would be: () when it is of the newest.

    Each step is a transaction: whoever reads meanwhile sees the store before it or after it, and so does whoever
    opens it after a crash. Raises: UsageProblem when it is no store of ours, or of a version without a way to here.
    """
    sql = sqlite3.connect(f"{path.resolve().as_uri()}?mode=rw", uri=True, isolation_level=None, timeout=BUSY_S)
    try:
        version = _version(sql, path, oldest=min(schema.MIGRATIONS))
        steps = tuple(range(version, schema.VERSION))
        for step in () if dry_run else steps:
            with transaction(sql, "BEGIN IMMEDIATE"):
                if _user_version(sql) == step:  # still: another process may have been quicker
                    for statement in schema.MIGRATIONS[step].split(";\n"):
                        sql.execute(statement)
                    sql.execute(f"PRAGMA user_version = {step + 1}")
    finally:
        sql.close()
    return tuple(step + 1 for step in steps)


def _user_version(sql: sqlite3.Connection) -> int:
    version: tuple[int] = sql.execute("PRAGMA user_version").fetchone()
    return version[0]


def _version(sql: sqlite3.Connection, path: Path, *, oldest: int) -> int:
    """The version of a store of ours, from the oldest that will do to the newest. UsageProblem for anything else."""
    (application,) = sql.execute("PRAGMA application_id").fetchone()
    if application != schema.APPLICATION_ID:
        raise UsageProblem("This file is not a store of registers.", where=str(path), mend="Give the path of one.")
    version = _user_version(sql)
    if not oldest <= version <= schema.VERSION:
        newer = "Use the newer Tallyroll that wrote it."
        older = "Name a new store in the settings and collect into it, or use the Tallyroll that wrote this one."
        raise UsageProblem(
            f"This store has version {version}; this Tallyroll reads versions {oldest} to {schema.VERSION} only.",
            where=str(path),
            mend=newer if version > schema.VERSION else older,
        )
    return version


@contextmanager
def transaction(sql: sqlite3.Connection, begin: str) -> Iterator[None]:
    """A block that is committed at its end, or rolled back when anything goes wrong in it."""
    sql.execute(begin)
    try:
        yield
        sql.execute("COMMIT")
    except BaseException:
        if sql.in_transaction:  # SQLite ends it by itself on some errors, a full disk among them
            sql.execute("ROLLBACK")
        raise


_MEANING: dict[int, tuple[type[Problem], str, str]] = {
    sqlite3.SQLITE_FULL: (InputProblem, "There is no room left on the disk.", "Make room, and run the round again."),
    sqlite3.SQLITE_READONLY: (UsageProblem, "The store may not be written to.", "See to the rights of the file."),
    sqlite3.SQLITE_CANTOPEN: (UsageProblem, "The store cannot be opened.", "See to its path and its rights."),
    sqlite3.SQLITE_PERM: (UsageProblem, "The store cannot be opened.", "See to the rights of the file."),
    sqlite3.SQLITE_BUSY: (UsageProblem, "Another process is writing to the store.", "Wait for it, then try again."),
    sqlite3.SQLITE_LOCKED: (UsageProblem, "Another process is writing to the store.", "Wait for it, then try again."),
    sqlite3.SQLITE_IOERR: (UsageProblem, "The disk gave an error.", "See to the disk, then verify the store."),
    sqlite3.SQLITE_NOTADB: (UsageProblem, "This file is not a store of registers.", "Give the path of one."),
    sqlite3.SQLITE_CORRUPT: (VerificationProblem, "The store's file is damaged.", "Restore it from a copy."),
}


@contextmanager
def plain(path: Path) -> Iterator[None]:
    """Turn what SQLite says into words that a person can act on; what no person can mend stays as it is."""
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code not in _MEANING:
            raise
        kind, what, mend = _MEANING[code]
        raise kind(what, where=str(path), mend=mend) from error
