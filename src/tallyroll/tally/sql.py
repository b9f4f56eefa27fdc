"""The counting statements, generated from a definition as SQL that a statistician can read and any engine can run.

House subset: named GROUP BY per breakdown in a UNION ALL (no grouping sets), integer sums and counts only, equi-joins
with a date range, CASE, CAST. Marks are not added up before the breakdowns: on 4.1 million marks and ten breakdowns
that took 2.2 s against 1.2 s for this form, since pupils of a school are nearly all unlike (DuckDB 2.0, 2 threads).

Inputs, with columns renamed where a dialect dislikes the name:
    marks (urn, pupil, day, session, code)
    spans (urn, pupil, first_day, last_day, one column per characteristic of the roll)
    schools (urn, away_first, away_last): the days on which year 11 does not count
"""

# ruff: noqa: S608 - no text from outside: names are those of vocab.characteristics, which Definition checks

from collections.abc import Iterable

from tallyroll.tally.definitions import ABSENT, ALL, LEAVING_YEAR, PERSISTENT, POSSIBLE, SEVERE, Definition, Threshold
from tallyroll.vocab.characteristics import ETHNICITY_MAJOR, MAJOR_OF_MINOR
from tallyroll.vocab.codes import numbers


def count_sessions(definition: Definition) -> str:
    """The statement that counts marks: one row per school, session, breakdown, value and code."""
    cells = "\nUNION ALL\n".join(_cells(name) for name in (ALL, *definition.characteristics))
    return f"""\
-- count_sessions
-- Purpose: count marks (one pupil, one session) by school, session, code, and one characteristic at a time.
-- Takes:   marks, spans, schools
-- Gives:   urn, day, session, characteristic, value, code, n; a mark counts by the pupil's status on its day
WITH counted AS (
{_counted(definition)}
)
{cells}
"""


def count_enrolments(definition: Definition) -> str:
    """The statement that counts persistent and severe absence: one row per school, breakdown and value."""
    cells = "\nUNION ALL\n".join(_enrolment_cells(name) for name in (ALL, *definition.characteristics))
    status = "".join(f",\n        {name}" for name in definition.characteristics)
    of_stretch = "".join(f",\n        stretches.{name}" for name in definition.characteristics)
    return f"""\
-- count_enrolments
-- Purpose: count enrolments, and those at or above a share of absence, one characteristic at a time.
-- Takes:   marks of the window, spans, schools
-- Gives:   urn, characteristic, value, enrolments, {PERSISTENT.name}, {SEVERE.name}; an enrolment without a possible
--          session is left out, and each counts by its status on the last day that it is counted in the window
WITH counted AS (
{_counted(definition)}
),
stretches AS (
    SELECT
        urn,
        pupil,
        first_day{status},
        MAX(day) AS last_counted,
        SUM(CASE WHEN code IN ({_list(numbers(ABSENT))}) THEN 1 ELSE 0 END) AS absent,
        SUM(CASE WHEN code IN ({_list(numbers(POSSIBLE))}) THEN 1 ELSE 0 END) AS possible
    FROM counted
    GROUP BY urn, pupil, first_day{"".join(f", {name}" for name in definition.characteristics)}
),
sums AS (
    SELECT
        urn,
        pupil,
        MAX(last_counted) AS last_counted,
        SUM(absent) AS absent,
        SUM(possible) AS possible
    FROM stretches
    GROUP BY urn, pupil
),
enrolments AS (
    SELECT
        sums.urn{of_stretch},
        {_reached(PERSISTENT)},
        {_reached(SEVERE)}
    FROM sums
    JOIN stretches
        ON stretches.urn = sums.urn
        AND stretches.pupil = sums.pupil
        AND stretches.last_counted = sums.last_counted
    WHERE sums.possible > 0
)
{cells}
"""


def _counted(definition: Definition) -> str:
    """The marks that count, each with the pupil's status on its day."""
    status = "".join(f",\n        {_status(name)} AS {name}" for name in definition.characteristics)
    return f"""\
    SELECT
        marks.urn,
        marks.pupil,
        marks.day,
        CAST(marks.session AS INTEGER) AS session,
        CAST(marks.code AS INTEGER) AS code,
        spans.first_day{status}
    FROM marks
    JOIN spans
        ON spans.urn = marks.urn
        AND spans.pupil = marks.pupil
        AND marks.day BETWEEN spans.first_day AND spans.last_day
    JOIN schools
        ON schools.urn = marks.urn
    WHERE spans.year_group IN ({_list(definition.population.year_groups)})
        AND NOT (
            spans.year_group = {LEAVING_YEAR}
            AND marks.day BETWEEN schools.away_first AND schools.away_last
        )"""


def _status(characteristic: str) -> str:
    if characteristic != ETHNICITY_MAJOR.name:
        return f"CAST(spans.{characteristic} AS INTEGER)"
    cases = "".join(
        f"\n            WHEN spans.ethnicity_minor IN ({_list(_minors(major))}) THEN {major}"
        for major in range(1, len(ETHNICITY_MAJOR.values))
    )
    return f"CASE{cases}\n            ELSE 0\n        END"


def _minors(major: int) -> list[int]:
    """The minor ethnic groups of a major one, by number."""
    return [minor for minor, its_major in enumerate(MAJOR_OF_MINOR) if its_major == major]


def _cells(characteristic: str) -> str:
    keys = "urn, day, session, code" + ("" if characteristic == ALL else f", {characteristic}")
    value = "0" if characteristic == ALL else characteristic
    return f"""\
SELECT urn, day, session, '{characteristic}' AS characteristic, {value} AS value, code, COUNT(*) AS n
FROM counted
GROUP BY {keys}"""


def _enrolment_cells(characteristic: str) -> str:
    keys = "urn" + ("" if characteristic == ALL else f", {characteristic}")
    value = "0" if characteristic == ALL else characteristic
    return f"""\
SELECT urn, '{characteristic}' AS characteristic, {value} AS value, COUNT(*) AS enrolments,
    SUM({PERSISTENT.name}) AS {PERSISTENT.name}, SUM({SEVERE.name}) AS {SEVERE.name}
FROM enrolments
GROUP BY {keys}"""


def _reached(threshold: Threshold) -> str:
    over = f"{threshold.denominator} * sums.absent >= {threshold.numerator} * sums.possible"
    return f"CASE WHEN {over} THEN 1 ELSE 0 END AS {threshold.name}"


def _list(values: Iterable[int]) -> str:
    return ", ".join(str(value) for value in sorted(values))
