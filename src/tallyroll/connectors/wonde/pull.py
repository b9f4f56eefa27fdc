"""One school's pull: a delta where that is enough, a whole reading where it is not.

Why each request: attendance-codes, because keys of codes are the school's own; students and leavers whole every time,
because a mark names its student by a key that changes, and because the service does not say whether a change in an
include moves a student's updated_at; marks by updated_after, because no filter by date could be verified; deletions,
because a delta cannot show what is gone: any deletion or restoration of students or marks leads to a whole reading.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import partial

import msgspec
import numpy as np
import pyarrow as pa

from tallyroll.connectors.wonde import bookmarks, records
from tallyroll.connectors.wonde.bookmarks import Bookmark
from tallyroll.connectors.wonde.client import Client
from tallyroll.connectors.wonde.marks import PAGES, Marks
from tallyroll.connectors.wonde.misfits import Rows, Taking
from tallyroll.connectors.wonde.records import AttendanceCode, Deletion, Page
from tallyroll.connectors.wonde.rolls import Roll
from tallyroll.connectors.wonde.schools import Place
from tallyroll.connectors.wonde.settings import Settings
from tallyroll.governance import Door, Permit
from tallyroll.vocab.clock import LONDON
from tallyroll.vocab.errors import SourceProblem
from tallyroll.vocab.extracts import Extract
from tallyroll.vocab.findings import Finding, Severity
from tallyroll.vocab.items import ESSENTIAL
from tallyroll.vocab.periods import AcademicYear
from tallyroll.vocab.schools import School

NAME = "wonde"
_CODES = msgspec.json.Decoder(Page[AttendanceCode])
_DELETIONS = msgspec.json.Decoder(Page[Deletion])

ENTERED_AHEAD = timedelta(days=92)
"""Marks of a school year may be entered from the summer before (`D` and `X` for the whole year, in one go)."""


@dataclass(frozen=True, slots=True)
class Job:
    """One pull: which school's which days, asked when, and how far it had been read before."""

    school: School
    place: Place
    first: date
    last: date
    started: datetime
    known: Bookmark | None
    settings: Settings

    @property
    def year_start(self) -> date:
        """The first day of the school year that the pull begins in."""
        return AcademicYear.of(self.first).first

    @property
    def whole_since(self) -> datetime:
        """The moment after which every mark of the days asked for was entered."""
        return datetime.combine(self.year_start - ENTERED_AHEAD, time(), LONDON).astimezone(UTC)

    def delta_since(self) -> datetime | None:
        """The moment after which changes are enough; None when the school must be read whole."""
        days = self.settings.full_sync_days
        key = self.place.id
        if bookmarks.continues(self.known, school=key, first=self.first, now=self.started, full_sync_days=days):
            assert self.known is not None
            return self.known.since
        return None

    @property
    def where(self) -> str:
        """The school, for messages."""
        return f"school {self.school.urn}"


async def pull(permit: Permit, client: Client, job: Job) -> Extract:
    """The school's rows. Raises: Refused, SourceProblem, Missing (the key is no longer known)."""
    items = permit.request.items
    asked = items | ESSENTIAL
    permit.check(Door.PULL, now=job.started, schools=(job.school.urn,), items=asked, days=(job.first, job.last))
    codes = await _codes(client, job)
    since = job.delta_since()
    if since is not None and await _deleted(client, job, since=since):
        since = None
    marks = await _marks(permit, client, job, since=since or job.whole_since)
    roll = await _roll(permit, client, job)
    if since is not None and roll.restored is not None and roll.restored > since:
        since = None
        marks = await _marks(permit, client, job, since=job.whole_since)
    return _extract(job, codes=codes, marks=marks, roll=roll, full=since is None)


async def _codes(client: Client, job: Job) -> dict[str, str]:
    """The school's attendance codes: text by key."""
    url = job.place.url("attendance-codes")
    return {
        str(code.id): (code.code or "").strip() or str(code.id)
        async for page in client.pages(url, {}, _CODES)
        for code in page
    }


async def _deleted(client: Client, job: Job, *, since: datetime) -> bool:
    """Whether students or marks were deleted or restored since. The types' names could not be verified."""
    pages = client.pages(job.place.url("deletions"), {"updated_after": _query(since)}, _DELETIONS)
    kinds = [deletion.type.lower() async for page in pages for deletion in page]
    return any("student" in kind or "attendance" in kind for kind in kinds)


async def _marks(permit: Permit, client: Client, job: Job, *, since: datetime) -> Marks:
    """The marks changed since, of the days asked for."""
    marks = Marks(job.first, job.last)
    query = {"updated_after": _query(since), "cursor": "true"}
    pages = Taking(PAGES, partial(marks.add, permit, now=job.started))
    async for _ in client.pages(job.place.url("attendance/session"), query, pages):
        pass
    return marks


async def _roll(permit: Permit, client: Client, job: Job) -> Roll:
    """Every student, and those who left in this school year."""
    items = permit.request.items
    roll = Roll(items)
    query = {"include": ",".join(records.includes(items)), "cursor": "true"}
    leavers = {**query, "updated_after": _query(job.whole_since)}
    take = partial(roll.add, permit, now=job.started, since=job.year_start)
    pages = Taking(Rows(records.student_pages(items), keys=("id", "upi")), take)
    for path, asked in (("students", query), ("students-leaver", leavers)):
        async for _ in client.pages(job.place.url(path), asked, pages):
            pass
    if roll.n_read == 0:
        raise SourceProblem(
            "The service lists no student of this school.",
            where=job.where,
            mend="Its system may be away, or its region changed, or it shares no students: list the schools again.",
            retriable=True,
        )
    return roll


def _query(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _extract(job: Job, *, codes: dict[str, str], marks: Marks, roll: Roll, full: bool) -> Extract:
    table = marks.table(pupils=roll.keys, codes=codes)
    return Extract(
        school=job.school,
        source=NAME,
        taken_at=job.started,
        first=job.first,
        last=job.last,
        full=full,
        roll=roll.table(),
        status=roll.status(),
        marks=table,
        resume=_bookmark(job, marks, full=full).text(),
        findings=tuple(_findings(job, table, roll, codes)),
    )


def _bookmark(job: Job, marks: Marks, *, full: bool) -> Bookmark:
    """Where the next delta begins: behind the start of this pull, and before any mark of later days was entered."""
    generation = job.known.generation if job.known else 0
    since = job.started - timedelta(seconds=job.settings.overlap_s)
    if marks.ahead is not None:
        since = min(since, marks.ahead - timedelta(seconds=1))
    if marks.ahead_unknown:
        since = job.whole_since
    full_at = job.started if full or job.known is None else job.known.full
    return Bookmark(job.place.id, job.first, since, full_at, generation + full)


def _findings(job: Job, marks: pa.Table, roll: Roll, codes: dict[str, str]) -> list[Finding]:
    """What the service gave that does not fit together; nothing of it is left out of the extract."""
    findings = []
    if job.known is not None and job.known.school != job.place.id:
        findings.append(
            Finding(
                "wonde.migration",
                Severity.NOTE,
                "The school has changed its information system, and with it the keys of its pupils.",
                f"Days before {job.first} are under old keys: collect the school year again.",
                place=job.where,
            )
        )
    strangers = _n_beyond(marks["pupil"], roll.keys.values())
    if strangers:
        what, mend = "Marks name pupils that the source does not list.", "Ask the school whether they were deleted."
        findings.append(_warning("wonde.unlisted_pupil", what, mend, job, strangers))
    unknown = _n_beyond(marks["code"], [*codes.values(), ""])
    if unknown:
        what, mend = "Marks name codes that the school does not list.", "Ask the school to list its own codes."
        findings.append(_warning("wonde.unlisted_code", what, mend, job, unknown))
    return findings


def _warning(check: str, message: str, mend: str, job: Job, n_rows: int) -> Finding:
    return Finding(check, Severity.WARNING, message, mend, place=job.where, n_rows=n_rows)


def _n_beyond(column: pa.ChunkedArray, known: Iterable[str]) -> int:
    """How many values of a column of distinct texts and numbers are not among the known ones."""
    among, whole = {*known}, column.combine_chunks()
    beyond = np.array([text not in among for text in whole.dictionary.to_pylist()], dtype=np.bool_)
    return int(np.count_nonzero(beyond[whole.indices.to_numpy()])) if beyond.any() else 0
