"""The reference page of definitions, printed from the definitions themselves, so that it cannot say anything else."""

from collections.abc import Iterable, Sequence

from tallyroll.tally import sql
from tallyroll.tally.areas import MOST_CLOSED
from tallyroll.tally.definitions import (
    COMPULSORY_SCHOOL_AGE,
    HEADLINES,
    LEGACY,
    NOT_POSSIBLE,
    NOTHING,
    OURS,
    PERSISTENT,
    REASONS,
    SEVERE,
    Definition,
    Measure,
)
from tallyroll.tally.windows import TERMS_2025_26, YEAR_TO_DATE_2025_26
from tallyroll.vocab.characteristics import BY_NAME, YEAR_GROUP


def definitions_page() -> str:
    """The text of docs/reference/definitions.md."""
    return f"""\
# Definitions

This page is printed from `tallyroll.tally.definitions` and checked by a test: the program counts by what stands here.

## Unit and population

The unit is the session: one pupil on one roll, one half day. A pupil on two rolls counts at both; sessions that belong
to the other school carry the code D and are not possible sessions.

Counted are pupils of these year groups: {_year_groups()}.
Blank means that the school gave none: such a pupil counts, because leaving a pupil out needs a reason that we hold.
From the first day of the second half of the summer term to 31 August, year 11 does not count.

A mark counts by the pupil's status on its day, so a pupil who becomes eligible for free school meals counts among those
not eligible before, and among those eligible after.

## Measures in sessions

{_measures(HEADLINES)}

Sessions marked with any other code, and sessions for which nothing came, are in none of these. A rate is a measure
divided by `possible_sessions`, once, after all adding up. H, F and J (before 19 August 2024) are withdrawn; schools
still send them, and they count as they always did.

## Reasons

The code decides, not the session: a `\\` that stands in a morning counts as `reason_present_pm`.

{_measures(REASONS)}

Not published, but in the daily area tallies (F is part of `authorised_absence`, the others are not possible sessions):

{_measures((*NOT_POSSIBLE, LEGACY))}

In our cells only:

{_measures(OURS)}

## Persistent and severe absence

The unit is the enrolment: one pupil on one roll, over a window. An enrolment without a possible session in the window
is left out; no other minimum applies. It counts by its status on the last day that it is counted in the window.

{_thresholds()}

## Breakdowns

Each cell belongs to one breakdown at most; breakdowns are never crossed. Value 0 is what we do not know.

{_breakdowns()}

## Windows

Sessions add up to days, ISO weeks, half-terms, terms and the year to date. Published windows of 2025/26:

{_windows()}

## Areas

Authorities are sums of schools; regions and the nation are sums of authorities. On a date on which fewer than
{MOST_CLOSED} of the schools known to the tally had a possible session, regions and the nation have no row. The
department drops such dates and publishes no threshold; ours is inferred from its files.

## The statements

What a school, an authority or the nation runs, here with one breakdown. `count` for sessions:

```sql
{sql.count_sessions(Definition(("ethnicity_major",)))}```

`count_persistent` for enrolments:

```sql
{sql.count_enrolments(Definition(("sex",)))}```
"""


def _year_groups() -> str:
    codes = [YEAR_GROUP.values[number].code or "blank" for number in sorted(COMPULSORY_SCHOOL_AGE.year_groups)]
    return ", ".join(codes)


def _measures(measures: Iterable[Measure]) -> str:
    rows = ((f"`{m.name}`", m.label, " ".join(_code(code) for code in m.codes)) for m in measures)
    return _table(("Column", "Meaning", "Codes"), rows)


def _thresholds() -> str:
    tests = ((t, f"{t.denominator} x absent >= {t.numerator} x possible") for t in (PERSISTENT, SEVERE))
    return _table(("Name", "Meaning", "Test, in whole numbers"), ((t.name, t.label, test) for t, test in tests))


def _breakdowns() -> str:
    rows = (
        (
            f"`{c.name}`",
            c.label,
            "yes" if c.dated else "no",
            ", ".join(f"{n} {v.label}" for n, v in enumerate(c.values)),
        )
        for c in BY_NAME.values()
    )
    return _table(("Name", "Label", "May change in the year", "Values by number"), rows)


def _windows() -> str:
    rows = ((w.name, str(w.first), str(w.last)) for w in (YEAR_TO_DATE_2025_26, *TERMS_2025_26))
    return _table(("Window", "First day", "Last day"), rows)


def _code(code: str) -> str:
    return "none received" if code == NOTHING else f"`{code}`"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
