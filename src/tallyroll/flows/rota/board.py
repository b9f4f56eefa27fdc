"""The health board: what a data manager must know of each school and of all together. Pure.

Every school has one word, the first that fits in the order of `Health`. The words that need somebody's attention are
those where waiting does not help.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from math import ceil

from tallyroll.connectors.interface import SchoolState
from tallyroll.flows.rota.interface import Line, Pull, Turn
from tallyroll.vocab.clock import LONDON
from tallyroll.vocab.periods import days_between
from tallyroll.vocab.schools import School, SchoolCalendar

LATE_AFTER = timedelta(minutes=30)  # what is overdue by less is only waiting for its batch
_WEEK = timedelta(days=6)


class Health(StrEnum):
    """How it goes with a school, the weightiest first."""

    REVOKED = "revoked"
    GONE = "no longer listed"
    PENDING = "pending"
    BARRED = "barred"
    FAILING = "failing"
    RETRYING = "trying again"
    LATE = "late"
    NEVER = "never collected"
    SILENT = "silent"
    NEW = "new"
    ON_TIME = "on time"


ATTENTION = frozenset({Health.REVOKED, Health.BARRED, Health.FAILING, Health.LATE, Health.NEVER, Health.SILENT})
"""What does not come right by waiting."""

MEANING: Mapping[Health, tuple[str, str]] = {
    Health.REVOKED: ("The school has withdrawn its approval, or declined.", "Ask the school; nothing is collected."),
    Health.GONE: ("The source does not list the school any more.", "See in GIAS whether it closed or has a new URN."),
    Health.PENDING: ("The school has not approved us yet.", "Remind it, or ask it: tallyroll connect --invite URN."),
    Health.BARRED: ("The gate would refuse this school.", "Do what the reason says; then it joins within the hour."),
    Health.FAILING: ("No try of a pull succeeded.", "Do what the reason says; the next pull tries again by itself."),
    Health.RETRYING: ("The last try failed, another will come.", "Wait."),
    Health.LATE: ("Its moment has passed and nobody has collected it.", "See that `tallyroll run` runs, and how fast."),
    Health.NEVER: ("Approved, and never collected in a whole pull.", "See that `tallyroll run` runs."),
    Health.SILENT: ("It answers, but sends no marks.", "Ask the school whether registers are taken in this system."),
    Health.NEW: ("Its first moment is still to come.", "Wait."),
    Health.ON_TIME: ("Collected when it was due.", ""),
}
"""What each word means, and what to do."""


@dataclass(frozen=True, slots=True)
class Row:
    """One school on the board. `hours_old` is how long ago it was last kept; None where it never was."""

    line: Line
    health: Health
    hours_old: float | None
    reason: str

    @property
    def needs_attention(self) -> bool:
        """Whether waiting does not help."""
        return self.health in ATTENTION


@dataclass(frozen=True, slots=True)
class Board:
    """All schools, and what is to be said of all together.

    Staleness is the time since a school was last kept, of all that are approved and were ever kept, in hours: half
    of them are fresher than the median, 95 in 100 than `p95`. `next_due` are the soonest moments to come, `homes` how
    many rolls lie where.
    """

    at: datetime
    pull: Pull | None
    rows: tuple[Row, ...]
    counts: Mapping[Health, int]
    median_hours: float | None
    p95_hours: float | None
    next_due: tuple[tuple[datetime, School], ...]
    homes: Mapping[str, int]

    @property
    def attention(self) -> tuple[Row, ...]:
        """The schools that need somebody, the weightiest first."""
        order = list(Health)
        return tuple(sorted((row for row in self.rows if row.needs_attention), key=lambda row: order.index(row.health)))


CalendarOf = Callable[[School], SchoolCalendar]


def board(
    lines: Sequence[Line], *, pull: Pull | None, source: str, calendar_of: CalendarOf, silent_days: int, now: datetime
) -> Board:
    """The board at a moment. `pull` is the latest that has opened by the assessment, whether or not it was enrolled."""
    current = "" if pull is None or now < pull.opens + LATE_AFTER else pull.round_id(source)
    rows = tuple(_row(line, current, calendar_of, silent_days, now) for line in lines)
    ages = sorted(row.hours_old for row in rows if row.hours_old is not None and _is_pulled(row.line))
    waiting = sorted((one.due, one.urn, one.source.school) for one in lines if one.turn is Turn.WAITING)
    return Board(
        at=now,
        pull=pull,
        rows=rows,
        counts=dict(sorted(Counter(row.health for row in rows).items(), key=_place)),
        median_hours=percentile(ages, 50),
        p95_hours=percentile(ages, 95),
        next_due=tuple((due, school) for due, _, school in waiting if due > now)[:5],
        homes=Counter(line.home for line in lines if line.home),
    )


def percentile(ordered: Sequence[float], share: int) -> float | None:
    """The least value that `share` in a hundred do not exceed (nearest rank); None of nothing."""
    return ordered[max(0, ceil(len(ordered) * share / 100) - 1)] if ordered else None


def _place(counted: tuple[Health, int]) -> int:
    return list(Health).index(counted[0])


def _is_pulled(line: Line) -> bool:
    return line.listed and not line.barred and line.source.state is SchoolState.APPROVED


def _row(line: Line, current: str, calendar_of: CalendarOf, silent_days: int, now: datetime) -> Row:
    health = next(_words(line, current, calendar_of, silent_days, now))
    hours_old = None if line.kept_at is None else (now - line.kept_at) / timedelta(hours=1)
    return Row(line, health, hours_old, _reason(line, health))


def _words(line: Line, current: str, calendar_of: CalendarOf, silent_days: int, now: datetime) -> Iterator[Health]:
    """The words that fit, the weightiest first."""
    state = line.source.state
    if not line.listed:
        yield Health.GONE
    if state in (SchoolState.REVOKED, SchoolState.DECLINED):
        yield Health.REVOKED
    if state is not SchoolState.APPROVED:
        yield Health.PENDING
    if line.barred:
        yield Health.BARRED
    if line.failures:
        yield Health.FAILING if line.missed or line.turn is Turn.GIVEN_UP else Health.RETRYING
    if _is_late(line, current, now):
        yield Health.LATE if line.kept_at else Health.NEVER
    if line.kept_at is None:
        yield Health.NEW
    if _is_silent(line, calendar_of, silent_days, now):
        yield Health.SILENT
    yield Health.ON_TIME


def _is_late(line: Line, current: str, now: datetime) -> bool:
    """Whether it was missed, or is overdue, or no collector has taken up the pull that the assessment gives."""
    overdue = line.turn in (Turn.WAITING, Turn.CLAIMED) and line.due + LATE_AFTER < now
    return overdue or line.missed > 0 or (current not in ("", line.round_id))


def _is_silent(line: Line, calendar_of: CalendarOf, silent_days: int, now: datetime) -> bool:
    """Whether so many school days have passed since the end of the last week with a mark, today not counted.

    Without any week, the school days since the beginning of the term that is, or was last, are counted.
    """
    calendar, day = calendar_of(line.source.school), now.astimezone(LONDON).date()
    if line.latest_week is not None:
        after = line.latest_week + _WEEK
    else:
        after = max((term.first for term in calendar.terms if term.first <= day), default=day) - timedelta(days=1)
    return _school_days(calendar, after, day, at_least=silent_days)


def _school_days(calendar: SchoolCalendar, after: date, before: date, *, at_least: int) -> bool:
    n_open = 0
    for day in days_between(after + timedelta(days=1), before - timedelta(days=1)):
        n_open += calendar.is_open(day)
        if n_open >= at_least:
            return True
    return False


def _reason(line: Line, health: Health) -> str:
    if health is Health.BARRED:
        return line.barred
    if health in (Health.FAILING, Health.RETRYING):
        tries = "once" if line.failures == 1 else f"{line.failures} times in a row"
        return f"{line.reason} ({tries})"
    if line.missed:
        return "1 pull missed" if line.missed == 1 else f"{line.missed} pulls in a row missed"
    return ""
