"""What a rota in PostgreSQL says to it: every statement, by name. `Rota` says what each has to do."""

# Enrolling

LISTED = """
INSERT INTO rota.source AS old (name, day, number, opens, closes, listed_at)
VALUES (%(source)s, %(day)s, %(number)s, %(opens)s, %(closes)s, %(now)s)
ON CONFLICT (name) DO UPDATE SET
    day = excluded.day, number = excluded.number, opens = excluded.opens, closes = excluded.closes,
    listed_at = excluded.listed_at
WHERE old.opens <= excluded.opens
"""

LOCK_ALL = "SELECT urn FROM rota.school WHERE source = %(source)s ORDER BY urn FOR UPDATE"

UNLISTED = "UPDATE rota.school SET listed = false WHERE source = %(source)s AND listed"

ENROL = """
INSERT INTO rota.school AS old (
    source, urn, key, la, establishment, name, phase, state, system, barred, round, due, turn, ready)
SELECT %(source)s, urn, key, la, establishment, name, phase, state, system, barred, %(round)s, due, turn,
    CASE turn WHEN 'waiting' THEN due END
FROM jsonb_to_recordset(%(rows)s) AS one (
    urn integer, key text, la text, establishment text, name text, phase text, state text, system text, barred text,
    due timestamptz, turn text)
ORDER BY urn
ON CONFLICT (source, urn) DO UPDATE SET
    key = excluded.key, la = excluded.la, establishment = excluded.establishment, name = excluded.name,
    phase = excluded.phase, state = excluded.state, system = excluded.system, listed = true, barred = excluded.barred
"""

NEW_TURN = """
UPDATE rota.school AS old SET
    missed = missed + (old.turn NOT IN ('kept', 'none'))::integer, round = %(round)s, due = one.due, turn = one.turn,
    ready = CASE one.turn WHEN 'waiting' THEN one.due END, tries = 0, holder = ''
FROM jsonb_to_recordset(%(rows)s) AS one (
    urn integer, key text, la text, establishment text, name text, phase text, state text, system text, barred text,
    due timestamptz, turn text)
WHERE old.source = %(source)s AND old.urn = one.urn
    AND (old.round <> %(round)s OR (old.turn = 'none' AND one.turn <> 'none'))
"""

NO_TURN = """
UPDATE rota.school SET turn = 'none', ready = NULL, holder = ''
WHERE source = %(source)s AND turn NOT IN ('none', 'kept') AND (NOT listed OR barred <> '' OR state <> 'approved')
"""

LISTING = "SELECT day, number, opens, closes, listed_at FROM rota.source WHERE name = %(source)s"

# Claiming

SEEN = """
INSERT INTO rota.home AS old VALUES (%(home)s, rota.moment())
ON CONFLICT (name) DO UPDATE SET seen = greatest(old.seen, excluded.seen)
"""

LOCK = "SELECT day, number, opens, closes, paced_to FROM rota.source WHERE name = %(source)s FOR UPDATE"

HELD = """
WITH clock AS MATERIALIZED (SELECT rota.moment() AS moment)
SELECT moment, (
    SELECT count(*) FROM rota.school WHERE source = %(source)s AND turn = 'claimed' AND ready > moment) AS n
FROM clock
"""

CLAIM = """
WITH clock AS MATERIALIZED (SELECT rota.moment() AS moment),
free AS (
    SELECT one.source, one.urn, one.ready,
        one.kept IS NOT NULL AND NOT (one.home = %(home)s AND one.at_home) AS anew
    FROM rota.school AS one
    WHERE one.source = %(source)s AND one.ready <= greatest(%(now)s, (SELECT moment FROM clock))
        AND one.ready <= CASE one.turn WHEN 'claimed' THEN (SELECT moment FROM clock) ELSE %(now)s END
        AND (one.home IN ('', %(home)s) OR one.home NOT IN (
            SELECT name FROM rota.home WHERE seen >= (SELECT moment FROM clock) - %(grace)s))
    ORDER BY one.ready, one.urn LIMIT %(at_most)s
    FOR UPDATE OF one SKIP LOCKED)
UPDATE rota.school AS old SET
    turn = 'claimed', ready = moment + %(lease)s, tries = tries + 1, claim = claim + 1, asked = %(asked)s,
    holder = %(holder)s, at_home = at_home AND home = %(home)s, home = %(home)s
FROM free, clock
WHERE old.source = free.source AND old.urn = free.urn
RETURNING free.urn, free.ready AS free_at, free.anew, claim, tries, key, la, establishment, name, phase, state, system,
    round
"""

MADE = """
SELECT urn, ready AS free_at, kept IS NOT NULL AND NOT at_home AS anew, claim, tries, key, la, establishment,
    name, phase, state, system, round
FROM rota.school
WHERE source = %(source)s AND holder = %(holder)s AND asked = %(asked)s AND turn = 'claimed'
"""

PACE = """
UPDATE rota.source SET paced_to = greatest(paced_to, rota.moment()) + %(pace)s WHERE name = %(source)s
"""

BEAT = """
WITH clock AS MATERIALIZED (SELECT rota.moment() AS moment),
ours AS (
    SELECT one.source, one.urn FROM rota.school AS one, clock
    WHERE one.holder = %(holder)s AND one.holder <> '' AND one.turn = 'claimed' AND one.ready > moment
    ORDER BY one.source, one.urn FOR UPDATE OF one)
UPDATE rota.school AS old SET ready = moment + %(lease)s
FROM ours, clock WHERE old.source = ours.source AND old.urn = ours.urn
"""

# Ending a claim

DONE = """
UPDATE rota.school SET
    turn = 'kept', ready = NULL, holder = '', at_home = true, kept = %(now)s, missed = 0, failures = 0,
    failing = NULL, reason = '', latest_week = %(week)s
WHERE source = %(source)s AND urn = %(urn)s AND claim = %(claim)s AND round = %(round)s AND turn = 'claimed'
"""

FAILED = """
UPDATE rota.school SET
    turn = %(turn)s, due = coalesce(%(retry_at)s, due), ready = %(retry_at)s, holder = '', failures = failures + 1,
    failing = coalesce(failing, %(now)s), reason = %(reason)s, home = CASE WHEN at_home THEN home ELSE '' END
WHERE source = %(source)s AND urn = %(urn)s AND claim = %(claim)s AND round = %(round)s AND turn = 'claimed'
"""

ENDED = """
SELECT FROM rota.school
WHERE source = %(source)s AND urn = %(urn)s AND claim = %(claim)s AND round = %(round)s AND turn = %(turn)s
"""

RELEASED = """
WITH ours AS (
    SELECT one.source, one.urn
    FROM rota.school AS one
    JOIN jsonb_to_recordset(%(rows)s) AS given (urn integer, claim bigint, round text)
        ON one.source = %(source)s AND one.urn = given.urn AND one.claim = given.claim AND one.round = given.round
    WHERE one.turn = 'claimed'
    ORDER BY one.urn FOR UPDATE OF one)
UPDATE rota.school AS old SET
    turn = 'waiting', ready = due, holder = '', tries = tries - 1, home = CASE WHEN at_home THEN home ELSE '' END
FROM ours WHERE old.source = ours.source AND old.urn = ours.urn
"""

# Looking

NEXT_DUE = """
WITH clock AS MATERIALIZED (SELECT rota.moment() AS moment)
SELECT min(greatest(
    CASE one.turn WHEN 'claimed' THEN one.ready + (%(now)s - moment) ELSE one.ready END,
    CASE WHEN one.home NOT IN ('', %(home)s)
        THEN home.seen + %(grace)s + interval '1 microsecond' + (%(now)s - moment) END)) AS ready
FROM clock
JOIN rota.source ON source.name = %(source)s AND source.day = %(day)s AND source.number = %(number)s
    AND source.opens = %(opens)s AND source.closes = %(closes)s
JOIN rota.school AS one ON one.source = source.name AND one.ready IS NOT NULL
LEFT JOIN rota.home ON home.name = one.home
"""

LINES = """
WITH clock AS MATERIALIZED (SELECT rota.moment() AS moment)
SELECT one.*,
    CASE WHEN turn = 'claimed' AND ready <= moment THEN 'waiting' ELSE turn END AS turn_now,
    CASE WHEN turn = 'claimed' AND ready > moment THEN holder ELSE '' END AS holder_now
FROM rota.school AS one, clock WHERE source = %(source)s ORDER BY urn
"""
