"""Lengths of time as ISO 8601 writes them, in whole calendar units: how long something may be kept."""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta

_ISO = re.compile(r"P(?:(\d{1,3})Y)?(?:(\d{1,4})M)?(?:(\d{1,4})W)?(?:(\d{1,5})D)?", re.ASCII)
_REFERENCE = date(2001, 1, 1)  # lengths are compared from here: P12M and P1Y are equally long, P31D and P1M too


@dataclass(frozen=True, slots=True)
class Duration:
    """So many years, months and days. `<=` compares lengths, so that P12M and P1Y are each at most the other."""

    years: int = 0
    months: int = 0
    days: int = 0

    @classmethod
    def parse(cls, text: str) -> "Duration":
        """The duration that ISO 8601 writes like this: P6Y, P13M, P3W, P21D, P1Y6M. P0D is none at all.

        Raises: ValueError that says how to write it.
        """
        found = _ISO.fullmatch(text)
        if found is None or text == "P":
            raise ValueError(
                f"'{text}' is not a duration in whole years, months, weeks or days; write P6Y, P13M or P21D"
            )
        years, months, weeks, days = (int(part or 0) for part in found.groups())
        return cls(years, months, 7 * weeks + days)

    def after(self, start: date) -> date:
        """The day this long after `start`. Where the month has no such day, its last: 29 February may become 28."""
        month = start.year * 12 + start.month - 1 + self.years * 12 + self.months
        year, place = divmod(month, 12)
        last = monthrange(year, place + 1)[1]
        return date(year, place + 1, min(start.day, last)) + timedelta(days=self.days)

    def before(self, end: date) -> date:
        """The last day from which this long is over on `end`: the inverse of `after`."""
        start = end - (self.after(end) - end)
        while self.after(start) > end:
            start -= timedelta(days=1)
        while self.after(start + timedelta(days=1)) <= end:
            start += timedelta(days=1)
        return start

    @property
    def text(self) -> str:
        """As ISO 8601 writes it, weeks as days: P6Y, P13M, P21D."""
        parts = ((self.years, "Y"), (self.months, "M"), (self.days, "D"))
        return "P" + ("".join(f"{number}{unit}" for number, unit in parts if number) or "0D")

    @property
    def words(self) -> str:
        """As people say it: 6 years; 13 months; 1 year, 2 months and 21 days."""
        parts = ((self.years, "year"), (self.months, "month"), (self.days, "day"))
        said = [f"{number} {unit}{'' if number == 1 else 's'}" for number, unit in parts if number]
        return " and ".join([*filter(None, [", ".join(said[:-1])]), *said[-1:]]) or "0 days"

    def __lt__(self, other: "Duration") -> bool:
        return self.after(_REFERENCE) < other.after(_REFERENCE)

    def __le__(self, other: "Duration") -> bool:
        return self.after(_REFERENCE) <= other.after(_REFERENCE)
