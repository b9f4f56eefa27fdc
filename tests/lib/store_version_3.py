"""The tables of a store of version 3, as its Tallyroll made them, and a file of that version with real content."""

import sqlite3
from pathlib import Path

TABLES_3 = """
CREATE TABLE school (
    urn      INTEGER PRIMARY KEY,
    revision INTEGER NOT NULL,
    n_pupils INTEGER NOT NULL
);

CREATE TABLE revision (
    urn         INTEGER NOT NULL REFERENCES school,
    revision    INTEGER NOT NULL,
    received_at INTEGER NOT NULL,
    source      TEXT    NOT NULL,
    PRIMARY KEY (urn, revision)
) WITHOUT ROWID;

CREATE TABLE facts (
    urn           INTEGER NOT NULL,
    revision      INTEGER NOT NULL,
    la            TEXT    NOT NULL,
    establishment TEXT    NOT NULL,
    name          TEXT    NOT NULL,
    phase         TEXT    NOT NULL,
    calendar      TEXT    NOT NULL,
    PRIMARY KEY (urn, revision),
    FOREIGN KEY (urn, revision) REFERENCES revision
);

CREATE TABLE pupil (
    urn  INTEGER NOT NULL REFERENCES school,
    year INTEGER NOT NULL,
    keys BLOB    NOT NULL,
    PRIMARY KEY (urn, year)
);

CREATE TABLE roll (
    urn      INTEGER NOT NULL,
    year     INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    n_spans  INTEGER NOT NULL,
    columns  TEXT    NOT NULL,
    spans    BLOB    NOT NULL,
    PRIMARY KEY (urn, year, revision),
    FOREIGN KEY (urn, revision) REFERENCES revision
);

CREATE TABLE week (
    urn      INTEGER NOT NULL,
    monday   INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    n_pupils INTEGER NOT NULL,
    marks    BLOB    NOT NULL,
    PRIMARY KEY (urn, monday, revision),
    FOREIGN KEY (urn, revision) REFERENCES revision
);

CREATE TABLE bookmark (
    urn    INTEGER NOT NULL REFERENCES school,
    source TEXT    NOT NULL,
    resume TEXT    NOT NULL,
    PRIMARY KEY (urn, source)
) WITHOUT ROWID;

CREATE TABLE round (
    id          TEXT    NOT NULL,
    urn         INTEGER NOT NULL,
    state       TEXT    NOT NULL CHECK (state IN ('kept', 'failed')),
    received    INTEGER NOT NULL,
    kept        INTEGER NOT NULL,
    rejected    INTEGER NOT NULL,
    filled      INTEGER NOT NULL,
    due         INTEGER NOT NULL,
    resume      TEXT    NOT NULL,
    reason      TEXT    NOT NULL,
    finished_at INTEGER NOT NULL,
    PRIMARY KEY (id, urn)
) WITHOUT ROWID;

CREATE INDEX round_by_school ON round (urn, finished_at);

CREATE TABLE finding (
    round_id   TEXT    NOT NULL,
    urn        INTEGER NOT NULL,
    year       INTEGER NOT NULL,
    check_name TEXT    NOT NULL,
    severity   TEXT    NOT NULL CHECK (severity IN ('error', 'warning', 'note')),
    n_rows     INTEGER NOT NULL,
    told       BLOB    NOT NULL,
    FOREIGN KEY (round_id, urn) REFERENCES round
);

CREATE INDEX finding_by_round ON finding (round_id, urn);

CREATE INDEX finding_by_year ON finding (urn, year);
"""


def as_version_3(store: Path, to: Path) -> None:
    """The content of a closed store in a new file of version 3, whose keys are beside it under that name."""
    with sqlite3.connect(to, isolation_level=None) as sql:
        sql.execute("PRAGMA journal_mode = WAL")
        sql.executescript(TABLES_3)
        sql.execute("PRAGMA application_id = 0x54414C59")
        sql.execute("PRAGMA user_version = 3")
        sql.execute("ATTACH ? AS today", (str(store),))
        for (name,) in sql.execute("SELECT name FROM main.sqlite_master WHERE type = 'table'").fetchall():
            columns = ", ".join(row[1] for row in sql.execute(f"PRAGMA main.table_info({name})"))
            sql.execute(f"INSERT INTO main.{name} SELECT {columns} FROM today.{name}")
    sql.close()
    store.with_name(f"{store.name}.keys").rename(to.with_name(f"{to.name}.keys"))
