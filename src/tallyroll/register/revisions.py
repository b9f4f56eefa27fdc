"""What the store holds of a school at one revision: its roll and its weeks, read and proved. For this room only."""

import sqlite3

from tallyroll.register.blocks import Block, Marks, unpack_roll, unpack_week
from tallyroll.register.database import place
from tallyroll.register.stretches import Stretches, no_stretches
from tallyroll.register.words import date_of

LATEST = 2**62
"""A revision later than any."""


def revision_at(sql: sqlite3.Connection, urn: int, *, as_of: int) -> int:
    """The school's revision at that moment (microseconds); 0 before its first."""
    found = sql.execute("SELECT max(revision) FROM revision WHERE urn = ? AND received_at <= ?", (urn, as_of))
    return int(found.fetchone()[0] or 0)


def roll_at(sql: sqlite3.Connection, urn: int, *, revision: int = LATEST) -> tuple[Stretches, bytes]:
    """The roll as that revision knew it, and the digest of its content; blank when there was none."""
    row = sql.execute(
        "SELECT revision, n_spans, columns, spans, sha256 FROM roll WHERE urn = ? AND revision <= ?"
        " ORDER BY revision DESC LIMIT 1",
        (urn, revision),
    ).fetchone()
    if row is None:
        return no_stretches(), b""
    at, n_spans, columns, data, sha256 = row
    block = Block(n_spans, data, sha256)
    return unpack_roll(block, columns=columns, where=place(urn, "roll", at)), sha256


def weeks_at(
    sql: sqlite3.Connection, urn: int, *, first: int, last: int, revision: int = LATEST
) -> dict[int, tuple[Marks, bytes]]:
    """The weeks from one Monday to another as that revision knew them, each with the digest of its content."""
    rows = sql.execute(
        "SELECT monday, max(revision), n_pupils, marks, sha256 FROM week"
        " WHERE urn = ? AND monday BETWEEN ? AND ? AND revision <= ? GROUP BY monday ORDER BY monday",
        (urn, first, last, revision),
    )  # beside max() SQLite gives the other columns of the row that holds it
    return {
        monday: (unpack_week(Block(n, data, sha256), where=place(urn, f"week {date_of(monday)}", at)), sha256)
        for monday, at, n, data, sha256 in rows
    }
