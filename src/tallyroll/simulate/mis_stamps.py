"""Dates and moments as the service writes them: objects with a time zone, and the other forms that are seen."""

from datetime import UTC, date, datetime, time
from functools import lru_cache

from tallyroll.vocab.clock import LONDON

N_FORMS = 5


def seconds(day: date, hour: int, minute: int = 0) -> int:
    """A London wall-clock time of that day, in seconds since 1970."""
    return int(datetime.combine(day, time(hour, minute), LONDON).timestamp())


@lru_cache(maxsize=100_000)
def moment(second: int) -> bytes:
    """A moment as JSON, in UTC."""
    text = datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%d %H:%M:%S")
    return _stamp(f"{text}.000000", "UTC")


@lru_cache(maxsize=100_000)
def day(value: date, form: int = 0) -> bytes:
    """A day as JSON: midnight in London (with or without microseconds), the same in UTC, plain text, ISO 8601."""
    midnight = datetime.combine(value, time(), LONDON)
    match form % N_FORMS:
        case 0:
            return _stamp(f"{value} 00:00:00.000000", "Europe/London")
        case 1:
            return _stamp(f"{value} 00:00:00", "Europe/London")
        case 2:
            return _stamp(midnight.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.000000"), "UTC")
        case 3:
            return f'"{value}"'.encode()
        case _:
            return f'"{midnight.isoformat()}"'.encode()


def _stamp(text: str, zone: str) -> bytes:
    return f'{{"date":"{text}","timezone_type":3,"timezone":"{zone}"}}'.encode()
