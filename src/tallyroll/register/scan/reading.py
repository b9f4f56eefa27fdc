"""`scan`: registers out of the scan side, an authority at a time, for counting."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tallyroll.governance import Door, Permit
from tallyroll.register.merging import monday_of
from tallyroll.register.scan.files import read_file
from tallyroll.register.scan.lazily import Lazily
from tallyroll.register.scan.manifest import File, Held, Part, hold
from tallyroll.register.scan.side import ScanSide
from tallyroll.register.shelf import TO_FRIDAY
from tallyroll.register.stretches import PUPIL, from_table, joined, numbers_of, to_table
from tallyroll.register.words import day_number
from tallyroll.vocab.characteristics import ROLL_CHARACTERISTICS
from tallyroll.vocab.errors import UsageProblem
from tallyroll.vocab.identifiers import Urn
from tallyroll.vocab.items import ESSENTIAL, Item
from tallyroll.vocab.packing import SESSIONS_A_WEEK, pack, unpack
from tallyroll.vocab.partitions import Partition
from tallyroll.vocab.periods import AcademicYear
from tallyroll.vocab.shapes import SCHOOLS, SPANS, WEEKS


def scan(
    permit: Permit,
    side: ScanSide,
    *,
    authorities: Collection[str],
    first: date,
    last: date,
    now: datetime,
    without: Collection[Urn] = (),
) -> Sequence[Partition]:
    """The registers of these authorities (old LA codes; none means all) over these days, as the scan side stands now.

    Schools `without` are left out: another collector keeps them by now.

    Each partition is read when it is asked for, its months when they are: threads may ask for several at once. What
    is given stays whole though a compaction goes on, for as long as the sequence or any of its partitions lives.
    Raises: Refused when schools or days lie outside the permit; items outside it come as 0, unknown. UsageProblem when
            there is no scan side, or when a part of it was destroyed and not made again. VerificationProblem, then or
            later, when stored bytes are not those that were written.
    """
    return through(permit, Door.COUNT, side, authorities=authorities, days=(first, last), now=now, without=without)


def through(
    permit: Permit,
    door: Door,
    side: ScanSide,
    *,
    authorities: Collection[str],
    days: tuple[date, date],
    now: datetime,
    without: Collection[Urn] = (),
) -> Sequence[Partition]:
    """The same, through another door."""
    held = hold(side)
    left_out = frozenset(urn.number for urn in without)
    found: dict[str, list[Part]] = {}
    years = _years(days)
    for part in held.manifest.parts:
        if part.year in years and (not authorities or part.la in authorities) and part.revisions.keys() - left_out:
            found.setdefault(part.la, []).append(part)
    urns = {urn for parts in found.values() for part in parts for urn in part.revisions} - left_out
    permit.check(door, now=now, schools=[Urn(urn) for urn in urns], days=days, items=ESSENTIAL)
    waiting = sorted({la for year, la in held.manifest.waiting if year in years and la in (authorities or {la})})
    if waiting:
        what = f"The scan side of authority {', '.join(waiting)} went with what was forgotten and was not made again."
        raise UsageProblem(what, where=str(side.folder), mend="Run `tallyroll store compact`.")
    reader = _Reader(side, held, permit.request.items, day_number(days[0]), day_number(days[1]), left_out)
    return Lazily([partial(reader.partition, la, tuple(parts)) for la, parts in sorted(found.items())])


def _years(days: tuple[date, date]) -> range:
    """The years in which these days have a roll or a week lies: a week is the year's of its Friday."""
    last_friday = days[1] + timedelta(days=TO_FRIDAY - days[1].weekday())
    return range(AcademicYear.of(days[0]).start, max(AcademicYear.of(one).start for one in (days[1], last_friday)) + 1)


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads what was asked for: which items, from which day to which."""

    side: ScanSide
    held: Held  # as long as this lives, the files stay
    items: frozenset[Item]
    first: int
    last: int
    left_out: frozenset[int] = frozenset()

    def partition(self, la: str, parts: tuple[Part, ...]) -> Partition:
        """One authority's partition, its parts in the order of their years."""
        months = [(part, file) for part in parts for _, file in sorted(part.months.items()) if self._meets(file)]
        return Partition(
            la=la,
            schools=self._schools(parts),
            spans=self._spans(parts),
            weeks=Lazily([partial(self.month, part, file) for part, file in months]),
        )

    def _meets(self, file: File) -> bool:
        """Whether the month can hold a week of the days."""
        month = np.datetime64(file.name.rsplit("/", 1)[1][:7], "M")
        first, last = (np.datetime64(day, "D").astype("datetime64[M]") for day in (monday_of(self.first), self.last))
        return bool(first <= month <= last)

    def _schools(self, parts: Sequence[Part]) -> pa.Table:
        tables = [self._read(part, part.schools, SCHOOLS) for part in parts]
        if len(tables) == 1:
            return tables[0]
        return pa.concat_tables(tables).group_by(SCHOOLS.names).aggregate([]).sort_by("urn")

    def _spans(self, parts: Sequence[Part]) -> pa.Table:
        spans = _whole([self._read(part, part.roll, SPANS) for part in parts])
        first, last = _days(spans, "first"), _days(spans, "last")
        meet = (first <= self.last) & (last >= self.first)
        spans = spans if meet.all() else spans.filter(pa.array(meet))
        for place, characteristic in enumerate(ROLL_CHARACTERISTICS, start=SPANS.names.index("last") + 1):
            if characteristic.name not in self.items:
                spans = spans.set_column(place, SPANS[place], pa.array(np.zeros(len(spans), dtype=np.uint8)))
        return spans

    def month(self, part: Part, file: File) -> pa.Table:
        """The weeks of a month that meet the days; of the first and the last week, those days."""
        table = self._read(part, file, WEEKS)
        mondays = _days(table, "monday")
        inside = (mondays >= monday_of(self.first)) & (mondays <= self.last)
        if not inside.all():
            table, mondays = table.filter(pa.array(inside)), mondays[inside]
        edge = np.flatnonzero((mondays < self.first) | (mondays + TO_FRIDAY > self.last))
        return self._trimmed(table, mondays, edge.tolist()) if len(edge) else table

    def _read(self, part: Part, file: File, shape: pa.Schema) -> pa.Table:
        table = read_file(self.side, file, epoch=part.epoch, shape=shape)
        if self.left_out.isdisjoint(part.revisions):
            return table
        return table.filter(pa.array(~np.isin(numbers_of(table, "urn"), [*self.left_out])))

    def _trimmed(self, table: pa.Table, mondays: npt.NDArray[np.int32], edge: Sequence[int]) -> pa.Table:
        marks, n_pupils = table.column("marks").to_pylist(), table.column("n_pupils").to_pylist()
        for row in edge:
            days = np.arange(mondays[row], mondays[row] + TO_FRIDAY + 1)
            asked = np.repeat((self.first <= days) & (days <= self.last), 2)
            sent = int.from_bytes(marks[row][:2], "little")
            if sent & ~int((asked << np.arange(SESSIONS_A_WEEK)).sum()):
                marks[row] = pack(unpack(marks[row], n_pupils=n_pupils[row]) * asked)
        return table.set_column(WEEKS.names.index("marks"), WEEKS.field("marks"), pa.array(marks, pa.binary()))


def _days(table: pa.Table, name: str) -> npt.NDArray[np.int32]:
    return numbers_of(table, name).astype(np.int32, copy=False)


def _whole(rolls: Sequence[pa.Table]) -> pa.Table:
    """The roll of which these are the years: what is one stretch across 31 August is one again."""
    if len(rolls) == 1:
        return rolls[0]
    table = pa.concat_tables(rolls)
    rows = np.unique(np.column_stack([numbers_of(table, "urn"), from_table(table)]), axis=0)
    who, places = np.unique(rows[:, : PUPIL + 2], axis=0, return_inverse=True)
    stretches = rows[:, 1:].copy()
    stretches[:, PUPIL] = places.ravel()
    whole = joined(stretches)
    urns = who[whole[:, PUPIL], 0]
    whole[:, PUPIL] = who[whole[:, PUPIL], 1]
    return to_table(whole, urn=0).set_column(0, SPANS.field("urn"), pa.array(urns))


def by_school(table: pa.Table) -> Iterator[tuple[int, pa.Table]]:
    """The rows of each school; rows are in the order of schools."""
    urns = numbers_of(table, "urn")
    starts = [*np.flatnonzero(np.diff(urns.astype(np.int64), prepend=-1)).tolist(), len(urns)]
    for start, end in pairwise(starts):
        yield int(urns[start]), table.slice(start, end - start)
