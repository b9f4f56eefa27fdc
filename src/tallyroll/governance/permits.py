"""Permits and refusals: the gate's two answers. A `Permit` is the first argument of all that touches a pupil's row.

Only `governance.gate` grants: a `Permit` built anywhere else fails at once, and a test of the repository looks too.
The seal is not kept in the permit, so `dataclasses.replace` cannot hand it on to a wider one; a permit is not copied
or pickled; and `check` refuses a permit that the gate of this process does not remember, or remembers otherwise.
Every check asks the ledger again, so that a suspension stops what is under way.
"""

import re
from collections.abc import Callable, Collection
from dataclasses import InitVar, dataclass, fields
from datetime import date, datetime
from enum import StrEnum
from typing import NoReturn
from weakref import WeakKeyDictionary

from tallyroll.vocab.characteristics import BY_NAME as CHARACTERISTICS
from tallyroll.vocab.errors import Refused, UsageProblem
from tallyroll.vocab.identifiers import Urn
from tallyroll.vocab.items import Item

_SEAL = object()
_IS_PURPOSE = re.compile(r"[a-z][a-z0-9-]{1,63}", re.ASCII).fullmatch  # what is asked is logged: no free text


class Door(StrEnum):
    """Where the gate is asked."""

    ENROL = "enrol"  # ask a school to take part
    PULL = "pull"  # ask a source for rows, screen them and keep them
    COUNT = "count"  # read kept rows and count them
    SEND = "send"  # let counts leave
    RECEIVE = "receive"  # take counts in
    OPEN = "open"  # open sums of shares
    RELEASE = "release"  # publish figures
    READ = "read"  # look at named rows
    EXPORT = "export"  # let named rows leave


@dataclass(frozen=True, slots=True)
class Request:
    """What somebody wants to do: which door, why, which schools, items and breakdowns, over which days."""

    door: Door
    purpose: str
    schools: frozenset[Urn]
    items: frozenset[Item]
    first: date
    last: date
    characteristics: frozenset[str] = frozenset()
    pull: int = 1  # which of the day's rounds of collection this is
    source: str = ""  # which connector pulls
    recipient: str = ""  # who gets what leaves, by the name that the assessment gives

    def plain(self) -> "Request":
        """The same as a request of this very class, frozen: what the gate judges and remembers."""
        return Request(**{one.name: getattr(self, one.name) for one in fields(Request)})

    def __post_init__(self) -> None:
        """Freeze what was given as a set, a list or a subclass: what the gate judged must not change afterwards."""
        for name in ("schools", "items", "characteristics"):
            object.__setattr__(self, name, frozenset(getattr(self, name)))
        if not _IS_PURPOSE(self.purpose):
            mend = "Name one that the assessment gives."
            raise UsageProblem("This is not the name of a purpose.", where="purpose", mend=mend)
        if not self.characteristics <= CHARACTERISTICS.keys():
            mend = f"Known are {', '.join(CHARACTERISTICS)}."
            raise UsageProblem("This is not a breakdown that is known.", where="characteristics", mend=mend)


@dataclass(frozen=True, slots=True, weakref_slot=True, eq=False)
class Permit:
    """The gate's yes: exactly these schools, items, breakdowns and days, through this door, until `expires`."""

    request: Request
    manifest: str
    clause: str
    granted: datetime
    expires: datetime
    seal: InitVar[object]

    def __post_init__(self, seal: object) -> None:
        if seal is not _SEAL:
            raise Refused("Only the gate grants a permit.", clause="gate")

    def __init_subclass__(cls) -> NoReturn:
        raise TypeError("A permit has one kind: what a subclass answers for itself proves nothing.")

    def __reduce__(self) -> NoReturn:
        raise Refused("A permit is not copied or sent.", clause="gate", mend="Ask the gate where it is needed.")

    def check(
        self,
        door: Door,
        *,
        now: datetime,
        schools: Collection[Urn] = (),
        items: Collection[Item] = (),
        days: Collection[date] = (),
        characteristics: Collection[str] = (),
    ) -> None:
        """Refused unless everything named lies within the permit; each door asks for itself."""
        words, still_stands = _GRANTED.get(self, (None, None))
        if words != self._words() or still_stands is None:
            raise Refused("The gate did not grant this permit.", clause="gate", mend="Ask the gate.")
        asked = self.request
        if door is not asked.door:
            raise Refused(f"This permit opens the door '{asked.door}', not '{door}'.", clause=self.clause)
        if not self.granted <= now < self.expires:
            raise Refused("This permit is not in force now.", clause=self.clause, mend="Ask the gate again.")
        still_stands(self, now)
        self._check_within(schools, asked.schools, "school")
        self._check_within(items, asked.items, "item")
        self._check_within(characteristics, asked.characteristics, "breakdown")
        if any(not asked.first <= day <= asked.last for day in days):
            raise Refused(f"The permit covers {asked.first} to {asked.last} only.", clause=self.clause)

    def _words(self) -> tuple[object, ...]:
        asked = tuple(getattr(self.request, one.name) for one in fields(self.request))
        return (*asked, self.manifest, self.clause, self.granted, self.expires)

    def _check_within(self, wanted: Collection[object], allowed: frozenset[object], what: str) -> None:
        beyond = sorted(str(one) for one in wanted if one not in allowed)
        if beyond:
            raise Refused(f"The permit does not cover {what} {', '.join(beyond[:5])}.", clause=self.clause)


StillStands = Callable[[Permit, datetime], None]
"""Asks the ledger whether the assessment behind a permit is still in force; raises Refused where it is not."""

_GRANTED: WeakKeyDictionary[Permit, tuple[tuple[object, ...], StillStands]] = WeakKeyDictionary()
"""Every living permit that the gate of this process has granted, all that it said then, and how to ask again."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """The gate's no: why, by which clause, and what would have to change."""

    request: Request
    manifest: str
    clause: str
    reason: str
    mend: str = ""

    def error(self) -> Refused:
        """The same, to be raised."""
        return Refused(self.reason, clause=self.clause, mend=self.mend)


def grant(
    request: Request, *, manifest: str, clause: str, granted: datetime, expires: datetime, still_stands: StillStands
) -> Permit:
    """A permit. For `governance.gate` only."""
    permit = Permit(request, manifest, clause, granted, expires, _SEAL)
    _GRANTED[permit] = (permit._words(), still_stands)
    return permit
