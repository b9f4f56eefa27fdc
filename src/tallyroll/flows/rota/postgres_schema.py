"""The tables of a rota in PostgreSQL, and how an older database is brought up to date.

`ready` is the moment at which a turn falls free: due while it waits (by the collectors' clocks), the end of the lease
while it is claimed (by the database's), empty where there is nothing to claim. `rota.moment` is the one place from
which the database's time comes. No table has a pupil's row, and none a password.
"""

from collections.abc import Sequence

import psycopg
from psycopg.rows import DictRow

from tallyroll.vocab.errors import UsageProblem

_FIRST = """
CREATE TABLE rota.source (
    name      text        PRIMARY KEY,
    day       date        NOT NULL,
    number    integer     NOT NULL,
    opens     timestamptz NOT NULL,
    closes    timestamptz NOT NULL,
    listed_at timestamptz NOT NULL,
    paced_to  timestamptz NOT NULL DEFAULT 'epoch'
);

CREATE TABLE rota.home (
    name text        PRIMARY KEY,
    seen timestamptz NOT NULL
);

CREATE TABLE rota.school (
    source        text        NOT NULL REFERENCES rota.source,
    urn           integer     NOT NULL,
    key           text        NOT NULL,
    la            text        NOT NULL,
    establishment text        NOT NULL,
    name          text        NOT NULL,
    phase         text        NOT NULL,
    state         text        NOT NULL,
    system        text        NOT NULL,
    listed        boolean     NOT NULL DEFAULT true,
    barred        text        NOT NULL,
    round         text        NOT NULL,
    due           timestamptz NOT NULL,
    turn          text        NOT NULL,
    ready         timestamptz,
    tries         integer     NOT NULL DEFAULT 0,
    claim         bigint      NOT NULL DEFAULT 0,
    asked         text        NOT NULL DEFAULT '',
    holder        text        NOT NULL DEFAULT '',
    home          text        NOT NULL DEFAULT '',
    at_home       boolean     NOT NULL DEFAULT false,
    kept          timestamptz,
    missed        integer     NOT NULL DEFAULT 0,
    failures      integer     NOT NULL DEFAULT 0,
    failing       timestamptz,
    reason        text        NOT NULL DEFAULT '',
    latest_week   date,
    PRIMARY KEY (source, urn)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.05);

CREATE INDEX school_by_ready ON rota.school (source, ready, urn) WHERE ready IS NOT NULL;

CREATE INDEX school_claimed ON rota.school (source, ready) WHERE turn = 'claimed';

CREATE INDEX school_by_holder ON rota.school (holder) WHERE holder <> '';

CREATE FUNCTION rota.moment() RETURNS timestamptz LANGUAGE sql VOLATILE AS 'SELECT clock_timestamp()';
"""

STEPS: tuple[str, ...] = (_FIRST,)
"""What makes each version out of the one before. Add to the end; never change a step that was released."""

_LOCK = 0x54414C52  # "TALR": who holds this advisory lock may change the tables


def migrate(sql: psycopg.Connection[DictRow], *, steps: Sequence[str] = STEPS) -> None:
    """Bring the tables to the version that these steps lead to, all at once or not at all.

    Of several collectors that start at once one does it, the others wait and find it done; a role without the right
    to make tables may use those that are there. The lock is taken before the transaction, which then sees everything
    that others committed while we waited.
    Raises: UsageProblem when a newer Tallyroll has been there.
    """
    if _version(sql) == len(steps):
        return
    sql.execute("SELECT pg_advisory_lock(%s)", (_LOCK,))
    try:
        with sql.transaction():
            _step_by_step(sql, steps)
    finally:
        sql.execute("SELECT pg_advisory_unlock(%s)", (_LOCK,))


def _step_by_step(sql: psycopg.Connection[DictRow], steps: Sequence[str]) -> None:
    version = _version(sql)
    if version > len(steps):
        what = f"The rota's tables have version {version}; this Tallyroll knows version {len(steps)}."
        raise UsageProblem(what, where="rota", mend="Use the newer Tallyroll on every machine.")
    if version == 0:
        sql.execute("CREATE SCHEMA rota")
        sql.execute("CREATE TABLE rota.version (version integer NOT NULL)")
        sql.execute("INSERT INTO rota.version VALUES (0)")
    for step in steps[version:]:
        sql.execute(step.encode())  # as it stands: a step is text of this module
    sql.execute("UPDATE rota.version SET version = %s", (len(steps),))


def _version(sql: psycopg.Connection[DictRow]) -> int:
    """The version of the tables; 0 where there are none."""
    found = sql.execute("SELECT to_regclass('rota.version') IS NOT NULL AS made").fetchone()
    if not found or not found["made"]:
        return 0
    row = sql.execute("SELECT version FROM rota.version").fetchone()
    return int(row["version"]) if row else 0
