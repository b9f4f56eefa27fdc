"""When each school's turn comes: the pulls of a day, a moment for every school in each, and when to try again. Pure.

A day's hours, in London time, are divided evenly among as many pulls as the assessment permits. A school's moment
comes from a hash of its URN and the day: spread evenly over the pull, the same after a restart and on every machine,
and equally far into each of a day's pulls, so that no school waits longer than one pull from the one to the next;
another day has another order, so that no school is always the last.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from hashlib import blake2b

from tallyroll.flows.rota.interface import Pull
from tallyroll.vocab.clock import LONDON
from tallyroll.vocab.errors import UsageProblem
from tallyroll.vocab.identifiers import Urn
from tallyroll.vocab.schools import FRIDAY

SPREAD = 0.75  # the last quarter of a pull is for tries after a failure, and for catching up
_LEAST = timedelta(hours=2)  # so that hours have a length on the days too on which the clocks change
_DAY = timedelta(days=1)
_FINE = 53  # the bits of a float's fraction: with more, the greatest share would round up to 1


@dataclass(frozen=True, slots=True)
class Hours:
    """When schools are collected from: from `first` to `last` after midnight in London, at weekends too or not."""

    first: timedelta = timedelta(hours=6)
    last: timedelta = timedelta(hours=20)
    weekends: bool = False

    def __post_init__(self) -> None:
        if not timedelta(0) <= self.first <= self.last - _LEAST <= _DAY - _LEAST:
            mend = "Write them as 06:00-20:00: within a day, and at least two hours."
            raise UsageProblem("These are not the hours of a day.", where="hours", mend=mend)

    def hold(self, day: date) -> bool:
        """Whether anything is collected on that day."""
        return self.weekends or day.weekday() <= FRIDAY


@dataclass(frozen=True, slots=True)
class Retries:
    """How a school that failed is tried again: at most `budget` tries a pull, the pauses doubling up to `longest`."""

    budget: int = 6
    first: timedelta = timedelta(minutes=2)
    longest: timedelta = timedelta(minutes=30)


def hours_of(text: str, *, weekends: bool) -> Hours:
    """The hours written as 06:00-20:00; the last may be 24:00. UsageProblem where they are not."""
    try:
        first, last = (_after_midnight(part) for part in text.split("-"))
    except ValueError as error:
        mend = "Write them as 06:00-20:00."
        raise UsageProblem(f"'{text}' are not hours.", where="hours", mend=mend) from error
    return Hours(first, last, weekends)


def _after_midnight(text: str) -> timedelta:
    if text.strip() == "24:00":
        return _DAY
    at = time.fromisoformat(text.strip())
    return timedelta(hours=at.hour, minutes=at.minute)


def pulls_of(day: date, *, hours: Hours, a_day: int) -> tuple[Pull, ...]:
    """The pulls of a day in London, one after another without a gap; none on a day that is left out.

    On the days on which the clocks change they are as much shorter or longer as the hours are.
    """
    if not hours.hold(day):
        return ()
    opens, closes = _moment(day, hours.first), _moment(day, hours.last)
    edges = [opens + (closes - opens) * n / a_day for n in range(a_day + 1)]
    return tuple(Pull(day, n + 1, edges[n], edges[n + 1]) for n in range(a_day))


def _moment(day: date, after_midnight: timedelta) -> datetime:
    """What a clock on the wall in London shows; an hour that a day has twice is the first of them."""
    wall = datetime.combine(day, time()) + after_midnight
    return wall.replace(tzinfo=LONDON).astimezone(UTC)


def pull_at(now: datetime, *, hours: Hours, a_day: int) -> Pull | None:
    """The pull in whose hours a moment lies; None between the hours."""
    today = now.astimezone(LONDON).date()
    return next((pull for pull in pulls_of(today, hours=hours, a_day=a_day) if pull.opens <= now < pull.closes), None)


def next_pull(now: datetime, *, hours: Hours, a_day: int) -> Pull:
    """The first pull that opens after a moment."""
    return next(pull for pull in _pulls(now, hours, a_day, step=1) if pull.opens > now)


def last_pull(now: datetime, *, hours: Hours, a_day: int) -> Pull:
    """The latest pull that has opened: the one under way, or the last before."""
    return next(pull for pull in _pulls(now, hours, a_day, step=-1) if pull.opens <= now)


def _pulls(now: datetime, hours: Hours, a_day: int, *, step: int) -> Iterator[Pull]:
    """The pulls from today on, or from today back."""
    day = now.astimezone(LONDON).date()
    while True:
        yield from pulls_of(day, hours=hours, a_day=a_day)[::step]
        day += step * _DAY


def moment_of(urn: Urn, pull: Pull) -> datetime:
    """When a school's turn comes in a pull: within its first three quarters, to the microsecond."""
    return pull.opens + SPREAD * _share(f"{urn} {pull.day}") * (pull.closes - pull.opens)


def retry_at(urn: Urn, pull: Pull, *, tries: int, retries: Retries, now: datetime) -> datetime | None:
    """When a school that has failed so many times in a pull is tried again; None once that is for the next pull.

    The pause doubles with each try; by its hash a school waits between half and one and a half of it, so that those
    which failed together do not come back together.
    """
    if tries >= retries.budget:
        return None
    pause = min(retries.first * 2 ** (tries - 1), retries.longest)
    again = now + pause * (0.5 + _share(f"{urn} {pull.day} {pull.number} {tries}"))
    return again if again < pull.closes else None


def _share(words: str) -> float:
    """A number from 0 up to, but not, 1 that is the same for the same words on every machine."""
    drawn = int.from_bytes(blake2b(words.encode(), digest_size=8).digest())
    return (drawn >> (64 - _FINE)) / (1 << _FINE)
