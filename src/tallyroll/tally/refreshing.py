"""Refreshing: areas that stay current. A correction is counted where it falls, and reaches every sum as a difference.

State in memory only: the area cells of each authority, the sums of regions and the nation, and in the kernel the roll
and what each pupil missed. No mark is held. After any changes, all of it is what a full count would give.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, datetime

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tallyroll.engines.kernel import LiveAuthority
from tallyroll.governance import Permit
from tallyroll.tally import statements
from tallyroll.tally.area_counts import Admission, day_number, in_order, with_schools
from tallyroll.tally.areas import PHASES, SCHOOL_DAYS, SHARES, AreaCells, Areas, values_of
from tallyroll.tally.definitions import Definition
from tallyroll.tally.figures import MOST_CLOSED, Counts, Figures, enough, figures, n_open
from tallyroll.vocab.errors import UsageProblem
from tallyroll.vocab.identifiers import Urn
from tallyroll.vocab.partitions import Partition
from tallyroll.vocab.places import BY_OLD_CODE, COUNTRY_CODE
from tallyroll.vocab.progress import Advance, unwatched
from tallyroll.vocab.shapes import SCHOOLS, SPANS, WEEKS

Weeks = npt.NDArray[np.int64]

_WEEK = 7


@dataclass(frozen=True, slots=True)
class Change:
    """What changed in one authority: weeks as they were counted, and weeks as they are.

    A school whose roll, phase or authority changed is `left`, with every week of it among the `gone`. Where it belongs
    now, it stands among the `schools`, with its `spans`, and every week of it among those that `come`.
    """

    la: str
    gone: pa.Table = field(default_factory=WEEKS.empty_table)
    come: pa.Table = field(default_factory=WEEKS.empty_table)
    left: tuple[int, ...] = ()
    schools: pa.Table = field(default_factory=SCHOOLS.empty_table)
    spans: pa.Table = field(default_factory=SPANS.empty_table)


@dataclass(frozen=True, slots=True)
class Sums:
    """What is published of an area above authorities: figures by week, and enrolments with the schools that have them.

    Shape: enrolments[phase, value, share], enrolment_schools[phase, value].
    """

    figures: Figures
    enrolments: Counts
    enrolment_schools: Counts

    @classmethod
    def none(cls, *, n_weeks: int, n_values: int) -> "Sums":
        """Nothing yet."""
        return cls(
            Figures.none(n_weeks=n_weeks, n_days=SCHOOL_DAYS, n_values=n_values),
            np.zeros((len(PHASES), n_values, len(SHARES)), dtype=np.int64),
            np.zeros((len(PHASES), n_values), dtype=np.int64),
        )

    def add(self, other: "Sums", *, weeks: Weeks) -> None:
        """Add what counts of an authority in these weeks."""
        self.figures.add(other.figures, weeks=weeks)
        self.enrolments[...] += other.enrolments
        self.enrolment_schools[...] += other.enrolment_schools


@dataclass(frozen=True, slots=True)
class _Seen:
    """One authority at a moment, in some weeks: what it adds to regions and the nation, and its open schools."""

    sums: Sums
    opened: Counts
    schools_open: int

    def since(self, before: "_Seen") -> "_Seen":
        """What is new since then."""
        sums = Sums(
            self.sums.figures.since(before.sums.figures),
            self.sums.enrolments - before.sums.enrolments,
            self.sums.enrolment_schools - before.sums.enrolment_schools,
        )
        return _Seen(sums, self.opened - before.opened, self.schools_open - before.schools_open)


class LiveAreas:
    """The areas from one day to another, kept current, with the sums of regions and the nation beside them."""

    def __init__(self, definition: Definition, *, first: date, last: date, threads: int = 2) -> None:
        self.definition, self.window, self._threads = in_order(definition), (first, last), threads
        self.values = values_of(definition.characteristics)
        self._plan = statements.plan(self.definition)
        self.mondays = self._new_authority().mondays
        self._authorities: dict[str, LiveAuthority] = {}
        self._sums: dict[str, Sums] = {}
        self._opened = np.zeros((len(self.mondays), SCHOOL_DAYS), dtype=np.int64)
        self._schools_open = 0
        self._days = enough(self._opened, share=MOST_CLOSED, known=0)

    @property
    def areas(self) -> Areas:
        """All of it now, to lay tables out from. Not a copy: the next change shows in it."""
        cells = {la: AreaCells.of(one.counts) for la, one in sorted(self._authorities.items())}
        return Areas(
            values=self.values,
            windows=(self.window,),
            authorities={la: one for la, one in cells.items() if one.cells.any()},
            contributors={Urn(urn): la for la, one in self._authorities.items() for urn in one.urns},
            schools_open=self._schools_open,
        )

    def sums(self, area: str) -> Sums:
        """What is published of a region or the nation (nine-character codes) now, in the weeks of `mondays`."""
        return self._sums.get(area) or Sums.none(n_weeks=len(self.mondays), n_values=len(self.values))

    def home(self, urn: int) -> str | None:
        """The authority in which a school is counted; None for one that is not."""
        return next((la for la, one in self._authorities.items() if urn in one), None)

    def start(
        self, permit: Permit, partitions: Sequence[Partition], *, now: datetime, advance: Advance = unwatched
    ) -> None:
        """Count these registers into it: the whole of it, for one that is new.

        Raises: Refused outside the permit; VerificationProblem when a partition is not one.
        """
        asked = Admission(permit, self.definition, *self.window, now)

        def count(place: int) -> str:
            one = partitions[place]  # read in the thread, and let go there
            tables, live = asked.admit(one.schools, one.spans), self._authority(one.la)
            live.take_in(tables["schools"], tables["spans"])
            live.change((), (with_schools(weeks, one.schools["urn"]) for weeks in one.weeks))
            return one.la

        with ThreadPoolExecutor(self._threads) as pool:
            for done, la in enumerate(pool.map(count, reversed(range(len(partitions)))), start=1):
                seen = self._see(la, every := np.arange(len(self.mondays)))
                self._settle(la, every, seen)
                advance(done, len(partitions))
        self._judge_days()

    def refresh(self, permit: Permit, changes: Sequence[Change], *, now: datetime) -> None:
        """Bring it up to date with these changes, one at most of each authority.

        Law:    then it is what a full count of the registers as they are gives.
        Raises: Refused outside the permit. VerificationProblem when what is taken back cannot have been counted: then
                only counting everything anew helps.
        """
        if len({one.la for one in changes}) < len(changes):
            raise UsageProblem("An authority changes twice at once.", mend="Say what changed in it together.")
        asked = Admission(permit, self.definition, *self.window, now)
        asked.check({urn for one in changes for table in (one.gone, one.come, one.schools) for urn in _urns(table)})
        for one in changes:
            self._authority(one.la)
        with ThreadPoolExecutor(self._threads) as pool:
            run = pool.map if len(changes) > 1 else map
            for la, weeks, before, after in run(lambda one: self._apply(one, asked), changes):
                self._settle(la, weeks, after.since(before))
        self._judge_days()

    def _apply(self, change: Change, asked: Admission) -> tuple[str, Weeks, _Seen, _Seen]:
        """One authority's change; what it added to others before and after, in the weeks that changed."""
        live = self._authorities[change.la]
        weeks = np.unique(np.concatenate([self._places(change.gone), self._places(change.come)]))
        before = self._see(change.la, weeks)
        if change.left or len(change.schools):
            live.change([change.gone], [])
            live.let_go(change.left)
            if len(change.schools):
                tables = asked.admit(change.schools, change.spans)
                live.take_in(tables["schools"], tables["spans"])
            live.change([], [change.come])
        else:
            live.change([change.gone], [change.come])
        return change.la, weeks, before, self._see(change.la, weeks)

    def _see(self, la: str, weeks: Weeks) -> _Seen:
        """One authority in these weeks."""
        one = AreaCells.of(self._authorities[la].counts)
        enrolments, schools = one.enrolments[0].astype(np.int64), one.enrolment_schools[0].astype(np.int64)
        sums = Sums(figures(one, self._days[weeks], weeks=weeks), enrolments, schools)
        return _Seen(sums, n_open(one, weeks), int(schools[:, 0].sum()))

    def _settle(self, la: str, weeks: Weeks, seen: _Seen) -> None:
        """Add what is new of an authority to its region and the nation."""
        for area in _above(la):
            if area not in self._sums:
                self._sums[area] = self.sums(area)
            self._sums[area].add(seen.sums, weeks=weeks)
        self._opened[weeks] += seen.opened
        self._schools_open += seen.schools_open

    def _judge_days(self) -> None:
        """See which days count for regions and the nation now; where that changes, their weeks are added up anew."""
        days = enough(self._opened, share=MOST_CLOSED, known=self._schools_open)
        weeks = np.flatnonzero((days != self._days).any(axis=1))
        self._days = days
        if not len(weeks):
            return
        for sums in self._sums.values():
            for array in sums.figures.arrays:
                array[:, weeks] = 0
        for la, live in self._authorities.items():
            its = figures(AreaCells.of(live.counts), days[weeks], weeks=weeks)
            for area in _above(la):
                self._sums[area].figures.add(its, weeks=weeks)

    def _authority(self, la: str) -> LiveAuthority:
        if la not in self._authorities:
            self._authorities[la] = self._new_authority()
        return self._authorities[la]

    def _new_authority(self) -> LiveAuthority:
        first, last = map(day_number, self.window)
        return LiveAuthority(self._plan, self.values, phases=len(PHASES), first=first, last=last)

    def _places(self, weeks: pa.Table) -> Weeks:
        """Where the weeks of a table lie among the weeks of the window."""
        mondays = weeks["monday"].to_numpy().astype("datetime64[D]").astype(np.int64)
        places = (mondays - self.mondays[0]) // _WEEK
        inside: Weeks = places[(places >= 0) & (places < len(self.mondays))]
        return inside


def _urns(table: pa.Table) -> list[int]:
    found: list[int] = table["urn"].to_pylist()
    return found


def _above(la: str) -> tuple[str, str]:
    """The areas that an authority adds to."""
    return BY_OLD_CODE[la].region.code, COUNTRY_CODE
