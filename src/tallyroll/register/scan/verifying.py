"""`verify`: every file of the scan side opened, and every week and roll in it held against the write side."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np

from tallyroll.governance import Door, Permit
from tallyroll.register.scan.files import read_file
from tallyroll.register.scan.manifest import File, Part, hold
from tallyroll.register.scan.reading import by_school
from tallyroll.register.scan.side import ANEW, ScanSide
from tallyroll.register.shelf import Shelf, weeks_of_year
from tallyroll.register.store import RegisterStore
from tallyroll.register.stretches import Stretches, from_table
from tallyroll.register.words import date_of, day_number
from tallyroll.vocab.errors import VerificationProblem
from tallyroll.vocab.identifiers import Urn
from tallyroll.vocab.items import ESSENTIAL
from tallyroll.vocab.packing import SESSIONS_A_WEEK, Marks, unpack
from tallyroll.vocab.periods import AcademicYear
from tallyroll.vocab.progress import Advance, unwatched
from tallyroll.vocab.shapes import SCHOOLS, SPANS, WEEKS

_WEEKS = "SELECT count(DISTINCT monday) FROM week WHERE urn = ? AND monday BETWEEN ? AND ? AND revision <= ?"


@dataclass(frozen=True, slots=True)
class Verified:
    """How many files were opened, and how many weeks and schools' years of the roll agree with the write side."""

    files: int
    weeks: int
    rolls: int


def verify(permit: Permit, store: RegisterStore, *, now: datetime, advance: Advance = unwatched) -> Verified:
    """What there is on the scan side, once all of it equals the write side at the revisions that it was made of.

    The write side may know more by now: what is newer is not looked at. Raises: Refused when a school lies outside the
    permit; VerificationProblem that names the first file, school and week that is not as it should be.
    """
    side = ScanSide.of(store)
    held = hold(side)
    parts = held.manifest.parts
    urns = {urn for part in parts for urn in part.revisions}
    permit.check(Door.COUNT, now=now, schools=[Urn(urn) for urn in urns], items=ESSENTIAL)
    files = 0
    schools: Counter[tuple[int, int]] = Counter()
    for done, part in enumerate(parts, start=1):
        read_file(side, part.schools, epoch=part.epoch, shape=SCHOOLS)
        weeks: Counter[int] = Counter()
        for file in part.months.values():
            weeks += _check_month(store, side, part, file)
        _check_schools(store, side, part, weeks)
        schools.update({(part.year, urn): weeks[urn] for urn in part.revisions})
        files += len(part.files)
        advance(done, len(parts))
    return Verified(files, schools.total(), len(schools))


def _check_month(store: RegisterStore, side: ScanSide, part: Part, file: File) -> Counter[int]:
    """How many weeks of each school the file holds, once each is what the store holds."""
    found: Counter[int] = Counter()
    for urn, weeks in by_school(read_file(side, file, epoch=part.epoch, shape=WEEKS)):
        days = [day_number(monday) for monday in weeks.column("monday").to_pylist()]
        with store.reading() as sql:
            shelf = store.shelf(sql, urn)
            kept = shelf.weeks(first=days[0], last=days[-1], revision=part.revisions[urn][0])
        n_pupils, packed = (weeks.column(name).to_pylist() for name in ("n_pupils", "marks"))
        for monday, reach, data in zip(days, n_pupils, packed, strict=True):
            if monday not in kept or not _is(data, reach, kept[monday].reshape(-1, SESSIONS_A_WEEK)):
                raise _differs(file, urn, date_of(monday))
        found[urn] = len(days)
    return found


def _is(packed: bytes, n_pupils: int, kept: Marks) -> bool:
    try:
        return np.array_equal(unpack(packed, n_pupils=n_pupils), kept)
    except ValueError:
        return False


def _check_schools(store: RegisterStore, side: ScanSide, part: Part, weeks: Counter[int]) -> None:
    """Return once every school's roll is what the store holds, and none of its weeks is missing."""
    rolls = dict(by_school(read_file(side, part.roll, epoch=part.epoch, shape=SPANS)))
    bounds = weeks_of_year(AcademicYear(part.year))
    for urn, (revision, _) in part.revisions.items():
        with store.reading() as sql:
            kept = _roll(store.shelf(sql, urn), part, urn)
            (n_weeks,) = sql.execute(_WEEKS, (urn, *bounds, revision)).fetchone()
        found = from_table(rolls[urn]) if urn in rolls else kept[:0]
        if not np.array_equal(found, kept) or weeks[urn] != n_weeks:
            raise _differs(part.roll, urn)


def _roll(shelf: Shelf, part: Part, urn: int) -> Stretches:
    """The year's part of a school's roll, or the nearest, as it was when the file was made."""
    parts = shelf.roll_parts(revision=part.revisions[urn][0])
    return parts[min(parts, key=lambda year: abs(year - part.year))] if parts else from_table(SPANS.empty_table())


def _differs(file: File, urn: int, monday: date | None = None) -> VerificationProblem:
    week = f", week {monday}" if monday else ""
    return VerificationProblem(
        "The scan side is not what the store holds.", where=f"{file.name}: {urn}{week}", mend=ANEW
    )
