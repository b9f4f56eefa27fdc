"""Small synthetic schools by hand, a running simulated MIS with them, and what it ought to show."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import numpy as np
import pyarrow as pa

from tallyroll.connectors.interface import SchoolState, SourceSchool
from tallyroll.connectors.wonde import WondeConnector, connector
from tallyroll.governance import Permit
from tallyroll.simulate.mis_serve import Mis, running
from tallyroll.simulate.mis_world import World
from tallyroll.simulate.model import PUPILS, STATUS, SchoolYear
from tallyroll.vocab.clock import LONDON, FixedClock
from tallyroll.vocab.codes import BY_TEXT, CODES
from tallyroll.vocab.extracts import Extract
from tallyroll.vocab.identifiers import Urn, upn_check_letter
from tallyroll.vocab.items import Item
from tallyroll.vocab.periods import days_between
from tallyroll.vocab.schools import School, SchoolCalendar, Term
from tests.lib.builders import permit
from tests.lib.builders import school as a_school

FIRST = date(2026, 9, 7)  # a Monday
TOKEN = "secret-token-4711"
NAME_CANARIES = ("Forename-Canary", "Surname-Canary")
COMMENT_CANARY = "Free text about a child"
BASICS = frozenset({Item.PUPIL, Item.MARK, Item.ADMISSION_DATE, Item.LEAVING_DATE})

Status = tuple[int, str, str, date | None, date | None]


@dataclass(frozen=True)
class Source:
    """A handful of schools in memory."""

    years: Mapping[int, SchoolYear]

    @property
    def schools(self) -> Sequence[School]:
        return [year.school for year in self.years.values()]

    def school_year(self, urn: Urn) -> SchoolYear:
        return self.years[urn.number]


def school_days(n: int, first: date = FIRST) -> tuple[date, ...]:
    """The first n weekdays from a day on."""
    return tuple([d for d in days_between(first, first + timedelta(days=2 * n + 7)) if d.weekday() < 5][:n])


def a_upn(serial: int) -> str:
    """A valid UPN."""
    tail = f"8012001{24:02d}{serial:03d}"
    return upn_check_letter(tail) + tail


def school_year(
    urn: int = 100001,
    *,
    n_pupils: int = 4,
    n_days: int = 5,
    marks: Mapping[tuple[int, int, int], str] = {},
    settling: Mapping[tuple[int, int, int], tuple[str, str, int]] = {},
    leaving: Mapping[int, date] = {},
    admission: Mapping[int, date] = {},
    status: Collection[Status] = (),
) -> SchoolYear:
    """A school year: everybody present, but for `marks`; `settling` says as entered, settled, after how many days."""
    days = school_days(n_days)
    final = np.zeros((n_pupils, n_days, 2), np.uint8)
    final[:, :, 0], final[:, :, 1] = BY_TEXT["/"].number, BY_TEXT["\\"].number
    for where, text in marks.items():
        final[where] = BY_TEXT[text].number if text else 0
    entered, settles = final.copy(), np.zeros_like(final)
    for where, (first, last, after) in settling.items():
        entered[where] = BY_TEXT[first].number if first else 0
        final[where] = BY_TEXT[last].number if last else 0
        settles[where] = after
    for place, day in leaving.items():
        gone = [n for n, d in enumerate(days) if d > day]
        final[place, gone], entered[place, gone], settles[place, gone] = 0, 0, 0
    pupils = pa.table(
        {
            "pupil": [f"upi-{urn}-{n}" for n in range(n_pupils)],
            "upn": [a_upn(n) for n in range(n_pupils)],
            "forename": [f"{NAME_CANARIES[0]}{n}" for n in range(n_pupils)],
            "surname": [f"{NAME_CANARIES[1]}{n}" for n in range(n_pupils)],
            "birth": [date(2012, 1, 13)] * n_pupils,
            "sex": ["FM"[n % 2] for n in range(n_pupils)],
            "admission": [admission.get(n, date(2024, 9, 2)) for n in range(n_pupils)],
            "leaving": [leaving.get(n) for n in range(n_pupils)],
            "enrolment_status": ["C"] * n_pupils,
        },
        schema=PUPILS,
    )
    columns = zip(*status, strict=True) if status else ([] for _ in STATUS)
    stated = pa.table([pa.array(list(c), t) for c, t in zip(columns, STATUS.types, strict=True)], schema=STATUS)
    term = Term("Autumn", FIRST, date(2026, 12, 18), date(2026, 10, 26), date(2026, 10, 30))
    return SchoolYear(a_school(urn), SchoolCalendar((term,)), days, pupils, stated, final, entered, settles)


def evening(day: date) -> datetime:
    """The end of a school day, when all of its marks are in."""
    return datetime.combine(day, time(17), LONDON).astimezone(UTC)


def permit_at(
    now: datetime, *, urns: Collection[int], items: Collection[Item] = tuple(Item), first: date = FIRST, last: date
) -> Permit:
    """A pull permit asked of the real gate at a moment."""
    clock = FixedClock(now)
    return permit(
        schools=[Urn(urn) for urn in urns], items=items, first=first, last=last, characteristics=(), clock=clock
    )


@dataclass
class Lab:
    """A running simulated MIS and a connector that is pointed at it."""

    world: World
    mis: Mis
    connector: WondeConnector

    def source(self, urn: int = 100001) -> SourceSchool:
        """The school as the service would list it."""
        school = self.world.school(urn)
        assert school is not None
        return SourceSchool(self.world.key(urn), school, SchoolState.APPROVED)

    async def pull(
        self,
        urn: int = 100001,
        *,
        items: Collection[Item] = tuple(Item),
        first: date = FIRST,
        last: date | None = None,
        resume: str = "",
        source: SourceSchool | None = None,
    ) -> Extract:
        """One school's extract up to the world's day."""
        now = self.world.now
        until = last or now.astimezone(LONDON).date()
        permit = permit_at(now, urns=[urn], items=items, first=first, last=until)
        asked = source or self.source(urn)
        return await self.connector.pull(permit, asked, clock=FixedClock(now), first=first, last=until, resume=resume)

    def paths(self) -> list[str]:
        """What was asked of the service, as the ends of the paths."""
        return [asked.path.removeprefix("/v1.0/") for asked in self.world.asked]


@asynccontextmanager
async def lab(
    *years: SchoolYear, now: datetime | None = None, other_port: int | None = None, **settings: str
) -> AsyncIterator[Lab]:
    """Schools behind a simulated MIS on loopback, with a connector that does not wait long."""
    schools = {year.school.urn.number: year for year in years or (school_year(),)}
    moment = now or evening(next(iter(schools.values())).days[-1])
    world = World(Source(schools), now=moment, token=TOKEN)
    async with running(world, other_port=other_port) as mis:
        given = {"base_url": mis.base_url, "token": TOKEN, "backoff_s": "0.001", **settings}
        async with connector(given) as way:
            yield Lab(world, mis, way)


def expected_marks(year: SchoolYear, at: date, first: date = FIRST) -> set[tuple[str, str, str, str]]:
    """The marks at the end of a day, straight from the year, cell by cell."""
    shown, keys = year.marks_at(at), year.pupils["pupil"].to_pylist()
    return {
        (keys[place], str(day), "PM" if session else "AM", CODES[int(shown[place, n, session]) - 1].text)
        for place in range(len(keys))
        for n, day in enumerate(year.days)
        for session in (0, 1)
        if first <= day <= at and shown[place, n, session]
    }


def marks_of(extract: Extract) -> set[tuple[str, str, str, str]]:
    """An extract's marks without their rows; a mark that stands twice fails."""
    rows = [(m["pupil"], m["date"], m["session"], m["code"]) for m in extract.marks.to_pylist()]
    assert len(rows) == len(set(rows))
    return set(rows)


def everything_in(extract: Extract) -> str:
    """All text that an extract holds."""
    tables = (extract.roll, extract.status, extract.marks)
    return repr([table.to_pylist() for table in tables]) + repr(extract.findings) + extract.resume
