"""The tables of the store, in SQL; blobs are encrypted. docs/reference/store.md explains them, and a test compares."""

APPLICATION_ID = 0x54414C59  # "TALY": a file that says so is ours
VERSION = 4

TABLES = """
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
    seen BLOB,
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

MIGRATIONS: dict[int, str] = {
    3: "ALTER TABLE pupil ADD COLUMN seen BLOB",
}
"""What makes each version into the next: one transaction each. A step is never changed once it was released."""

OLDEST_READ = 3
"""The oldest version that is read as it is, without migration, when a store is opened for reading only."""
