"""The tables of a local rota and what is said to them, in SQL. Moments are microseconds since 1970, in UTC."""

TABLES = """
CREATE TABLE source (
    name     TEXT    PRIMARY KEY,
    day      TEXT    NOT NULL,
    number   INTEGER NOT NULL,
    opens    INTEGER NOT NULL,
    closes   INTEGER NOT NULL,
    listed   INTEGER NOT NULL,
    paced_to INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;

CREATE TABLE home (
    name TEXT    PRIMARY KEY,
    seen INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE school (
    source        TEXT    NOT NULL,
    urn           INTEGER NOT NULL,
    key           TEXT    NOT NULL,
    la            TEXT    NOT NULL,
    establishment TEXT    NOT NULL,
    name          TEXT    NOT NULL,
    phase         TEXT    NOT NULL,
    state         TEXT    NOT NULL,
    system        TEXT    NOT NULL,
    listed        INTEGER NOT NULL,
    barred        TEXT    NOT NULL,
    round         TEXT    NOT NULL,
    due           INTEGER NOT NULL,
    turn          TEXT    NOT NULL,
    ready         INTEGER,
    tries         INTEGER NOT NULL DEFAULT 0,
    claim         INTEGER NOT NULL DEFAULT 0,
    holder        TEXT    NOT NULL DEFAULT '',
    home          TEXT    NOT NULL DEFAULT '',
    at_home       INTEGER NOT NULL DEFAULT 0,
    kept          INTEGER,
    missed        INTEGER NOT NULL DEFAULT 0,
    failures      INTEGER NOT NULL DEFAULT 0,
    failing       INTEGER,
    reason        TEXT    NOT NULL DEFAULT '',
    latest_week   TEXT,
    PRIMARY KEY (source, urn)
) WITHOUT ROWID;

CREATE INDEX school_by_ready ON school (source, ready, urn) WHERE ready IS NOT NULL;

CREATE INDEX school_by_holder ON school (holder) WHERE holder <> '';
"""

ENROL = """
INSERT INTO school (
    source, urn, key, la, establishment, name, phase, state, system, listed, barred, round, due, turn, ready
) VALUES (
    :source, :urn, :key, :la, :establishment, :name, :phase, :state, :system, 1, :barred, :round, :due, :turn, :ready
)
ON CONFLICT (source, urn) DO UPDATE SET
    key = excluded.key, la = excluded.la, establishment = excluded.establishment, name = excluded.name,
    phase = excluded.phase, state = excluded.state, system = excluded.system, listed = 1, barred = excluded.barred
"""

NEW_TURN = """
UPDATE school SET
    missed = missed + (turn NOT IN ('kept', 'none')), round = :round, due = :due, turn = :turn, ready = :ready,
    tries = 0, holder = ''
WHERE source = :source AND urn = :urn AND (round <> :round OR (turn = 'none' AND :turn <> 'none'))
"""

NO_TURN = """
UPDATE school SET turn = 'none', ready = NULL, holder = ''
WHERE source = :source AND turn NOT IN ('none', 'kept') AND (listed = 0 OR barred <> '' OR state <> 'approved')
"""

FREE = """
SELECT urn, key, la, establishment, name, phase, state, system, claim, tries, round,
       kept IS NOT NULL AND NOT (home = :home AND at_home) AS anew
FROM school
WHERE source = :source AND ready <= :now AND (home IN ('', :home) OR home NOT IN (
    SELECT name FROM home WHERE seen >= :alive))
ORDER BY ready, urn LIMIT :at_most
"""

CLAIM = """
UPDATE school SET turn = 'claimed', ready = :until, tries = tries + 1, claim = claim + 1, holder = :holder,
    at_home = at_home AND home = :home, home = :home
WHERE source = :source AND urn = :urn
"""

DONE = """
UPDATE school SET turn = 'kept', ready = NULL, holder = '', at_home = 1, kept = :now, missed = 0, failures = 0,
    failing = NULL, reason = '', latest_week = :week
WHERE source = :source AND urn = :urn AND claim = :claim AND round = :round AND turn = 'claimed'
"""

FAILED = """
UPDATE school SET turn = CASE WHEN :again IS NULL THEN 'given up' ELSE 'waiting' END, due = coalesce(:again, due),
    ready = :again, holder = '', failures = failures + 1, failing = coalesce(failing, :now), reason = :reason,
    home = CASE WHEN at_home THEN home ELSE '' END
WHERE source = :source AND urn = :urn AND claim = :claim AND round = :round AND turn = 'claimed'
"""

RELEASED = """
UPDATE school SET turn = 'waiting', ready = due, holder = '', tries = tries - 1,
    home = CASE WHEN at_home THEN home ELSE '' END
WHERE source = :source AND urn = :urn AND claim = :claim AND round = :round AND turn = 'claimed'
"""

NEXT_DUE = """
SELECT min(CASE WHEN one.home IN ('', :home) OR home.seen IS NULL THEN one.ready
           ELSE max(one.ready, home.seen + :grace + 1) END)
FROM school AS one LEFT JOIN home ON home.name = one.home
WHERE one.source = :source AND one.ready < :closes
"""

LISTED = """
INSERT INTO source (name, day, number, opens, closes, listed)
VALUES (:source, :day, :number, :opens, :closes, :now)
ON CONFLICT (name) DO UPDATE SET day = excluded.day, number = excluded.number, opens = excluded.opens,
    closes = excluded.closes, listed = excluded.listed
"""

SEEN = "INSERT INTO home VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET seen = max(seen, excluded.seen)"

BEAT = "UPDATE school SET ready = :until WHERE holder = :holder AND turn = 'claimed' AND ready > :now"

HELD = "SELECT count(*) FROM school WHERE holder <> '' AND source = ? AND ready > ?"
