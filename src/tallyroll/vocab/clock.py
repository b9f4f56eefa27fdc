"""The clock is an argument: no room reads the time by itself, so any day can be played again."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Protocol
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")  # school days are London days, summer and winter


class Clock(Protocol):
    """Tells the present moment."""

    def now(self) -> datetime:
        """The present moment, in UTC."""
        ...


@dataclass(frozen=True, slots=True)
class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """The present moment, in UTC."""
        return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class FixedClock:
    """A clock that always tells `moment`: for tests, the demo and replays."""

    moment: datetime

    def now(self) -> datetime:
        """The fixed moment, in UTC."""
        return self.moment.astimezone(UTC)


def today(clock: Clock) -> date:
    """The school day the clock is in (London time)."""
    return clock.now().astimezone(LONDON).date()
