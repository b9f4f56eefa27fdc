"""The service's dates, in all the forms it writes them, as London days and moments."""

from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from typing import cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tallyroll.connectors.wonde.records import Day, Stamp
from tallyroll.vocab.clock import LONDON


def london_day(day: Day) -> str:
    """A date as ISO text, in London time; text that is no date as it came, blank where there is none.

    Midnight of a summer day in London is 23:00 of the day before in UTC: both are the same school day.
    """
    if isinstance(day, Stamp):
        return _day(day.date, day.timezone)
    return _day(day, "") if day else ""


def london_days(days: Sequence[Day]) -> list[str]:
    """The same for many dates at once: those of one answer are mostly blank, or few different ones of one time zone."""
    if not any(days):
        return [""] * len(days)
    stamps = cast("Sequence[Stamp]", days)  # what is none has no such attribute
    try:
        texts, zones = [day.date for day in stamps], {day.timezone for day in stamps}
    except AttributeError:
        return [london_day(day) for day in days]
    if len(zones) > 1:
        return [london_day(day) for day in days]
    (zone,) = zones
    turned = {text: _day(text, zone) for text in set(texts)}
    return [turned[text] for text in texts]


@lru_cache(maxsize=65_536)
def _day(text: str, zone: str) -> str:
    moment = _moment(text, _zone(zone))
    return text if moment is None else moment.astimezone(LONDON).date().isoformat()


def moment(day: Day) -> datetime | None:
    """A moment in UTC; None where there is none or it cannot be read. Without a zone it is taken as UTC."""
    if day is None:
        return None
    text, zone = (day.date, day.timezone) if isinstance(day, Stamp) else (day, "UTC")
    found = _moment(text, _zone(zone))
    return None if found is None else found.astimezone(UTC)


def _moment(text: str, zone: tzinfo) -> datetime | None:
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=zone)


@lru_cache(maxsize=64)
def _zone(name: str) -> tzinfo:
    """A time zone by name; London where the name is not known, for these are English schools."""
    try:
        return ZoneInfo(name) if name else LONDON
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return LONDON
