"""Writing the scan side: one authority's year file by file, and `write_scan`, which does without a write side."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pyarrow as pa

from tallyroll.governance import Door, Permit
from tallyroll.register.scan.files import write_file
from tallyroll.register.scan.manifest import VERSION, File, Manifest, Part, commit, current, sweep
from tallyroll.register.scan.side import ScanSide
from tallyroll.register.shelf import weeks_of_year
from tallyroll.register.stretches import numbers_of
from tallyroll.vocab.errors import UsageProblem
from tallyroll.vocab.identifiers import Urn
from tallyroll.vocab.items import ESSENTIAL
from tallyroll.vocab.partitions import Partition
from tallyroll.vocab.periods import AcademicYear
from tallyroll.vocab.shapes import SCHOOLS, SPANS, WEEKS, conform

SCHOOLS_FILE, ROLL_FILE = "schools", "roll"


@dataclass(frozen=True, slots=True)
class PartWriter:
    """Writes the files of one authority's year; they count for nothing before a manifest names them."""

    side: ScanSide
    generation: int
    year: AcademicYear
    la: str
    epoch: int

    def write(self, what: str, table: pa.Table, *, of: str) -> File:
        """A new file: the schools, the roll or a month such as `2026-09`; `of` digests what it was made of."""
        name = f"{self.year}/{self.la}/{what}-{self.generation}.parquet"
        return write_file(self.side, name, table, epoch=self.epoch, of=of)


def write_scan(
    permit: Permit, side: ScanSide, *, year: AcademicYear, partitions: Iterable[Partition], now: datetime
) -> int:
    """Put registers of one academic year on a scan side that has no write side, and give its new generation.

    Each partition takes the place of its authority's year; what else is there stays. Memory holds one month at a time.
    Raises: Refused when a school lies outside the permit. UsageProblem when weeks lie outside the year or out of order.
    """
    with side.locked():
        sweep(side)
        before = current(side)
        generation = before.generation + 1
        parts = before.by_place
        for one in partitions:
            urns = conform(one.schools, SCHOOLS, name="schools").column("urn").to_pylist()
            permit.check(Door.COUNT, now=now, schools=[Urn(urn) for urn in urns], items=ESSENTIAL)
            part = _part(PartWriter(side, generation, year, one.la, generation), one)
            parts[part.place] = part
        commit(side, Manifest(VERSION, generation, tuple(parts[place] for place in sorted(parts)), before.waiting))
        sweep(side)
    return generation


def _part(writer: PartWriter, given: Partition) -> Part:
    revisions = dict.fromkeys(given.schools.column("urn").to_pylist(), (0, 0))
    months: dict[str, File] = {}
    for table in given.weeks:
        for month, weeks in _by_month(conform(table, WEEKS, name="weeks"), writer.year).items():
            if month in months:
                what = f"The month {month} of authority {given.la} came twice."
                raise UsageProblem(what, where="weeks", mend="Give each month in one table.")
            months[month] = writer.write(month, weeks, of="")
    return Part(
        year=writer.year.start,
        la=given.la,
        epoch=writer.epoch,
        schools=writer.write(SCHOOLS_FILE, given.schools, of=""),
        roll=writer.write(ROLL_FILE, conform(given.spans, SPANS, name="spans"), of=""),
        months=months,
        revisions=revisions,
    )


def _by_month(weeks: pa.Table, year: AcademicYear) -> dict[str, pa.Table]:
    """The weeks by the calendar month of their Monday, once they are known to be of the year and in order."""
    if not weeks.num_rows:
        return {}
    urns, mondays = (numbers_of(weeks, name).astype(np.int64) for name in ("urn", "monday"))
    first, last = weeks_of_year(year)
    if mondays.min() < first or mondays.max() > last or np.any(np.diff(urns * 2**20 + mondays) <= 0):
        what = f"These weeks are not all of {year.label}, or not in the order of schools and Mondays."
        raise UsageProblem(what, where="weeks", mend="Sort them by urn and monday; a week is the year's of its Friday.")
    labels = mondays.astype("datetime64[D]").astype("datetime64[M]")
    return {str(month): weeks.filter(pa.array(labels == month)) for month in np.unique(labels)}
