"""Refreshing: a running process follows the store, so that every figure of the nation is current within a moment.

It starts with a full count of the scan side, then looks at the write side for schools with a new revision. A full
recount, by night, must give the same bit for bit; the log says whether it did, and where not, the recount wins.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pyarrow as pa

from tallyroll.flows.counting import population
from tallyroll.flows.node import Node, permit_for
from tallyroll.governance import Door, Permit, in_force
from tallyroll.register import following, scan
from tallyroll.register.following import SchoolChange
from tallyroll.register.scan import ScanSide
from tallyroll.tally import Definition
from tallyroll.tally.refreshing import Change, LiveAreas
from tallyroll.vocab.errors import VerificationProblem
from tallyroll.vocab.partitions import Partition
from tallyroll.vocab.progress import Advance, unwatched
from tallyroll.vocab.schools import School
from tallyroll.vocab.shapes import SCHOOLS, SPANS, WEEKS

SCHOOLS_AT_A_TIME = 500
"""Changes read from the store together: about 20 MB where every school's whole year is new."""


@dataclass(frozen=True, slots=True)
class Looked:
    """What a look at the store brought: schools with a new revision, those of them counted anew whole, and weeks."""

    schools: int
    anew: int
    weeks: int


@dataclass(frozen=True, slots=True)
class Recounted:
    """How a recount compares: the digest of what it gave, and the authorities in which it differs."""

    digest: str
    differs: tuple[str, ...]

    @property
    def equal(self) -> bool:
        """Whether what was kept current was the same, bit for bit."""
        return not self.differs


@dataclass(frozen=True, slots=True)
class _Counted:
    """Areas kept current, and the revision of each school that is counted in them."""

    live: LiveAreas
    revisions: dict[int, int]


class Refresher:
    """Follows a node's store over some days. Everything it knows of pupils is in memory, and goes with it."""

    def __init__(self, node: Node, *, first: date, last: date, threads: int = 2, advance: Advance = unwatched) -> None:
        """Count what the scan side holds, and then what the write side knows beyond it."""
        self.node, self.first, self.last, self._threads = node, first, last, threads
        self._counted = self._from_scan_side(advance)
        self.look()

    @property
    def live(self) -> LiveAreas:
        """The areas as they stand after the last look."""
        return self._counted.live

    def look(self, *, advance: Advance = unwatched) -> Looked:
        """Bring the areas up to what the store holds now.

        The standing is looked at each time, so that a suspension stops it though nothing comes; the gate is asked, and
        its answer logged, when something does.
        Raises: Refused by the gate. VerificationProblem when the store was put back to an earlier state: start anew.
        """
        in_force(self.node.gate)
        return self._follow(self._counted, following.revisions(self.node.store), advance)

    def recount(self, *, advance: Advance = unwatched) -> Recounted:
        """Count everything anew, compare bit for bit, write the answer into the log, and go on with the recount."""
        fresh = self._from_scan_side(advance)
        until = following.revisions(self.node.store)
        for one in (fresh, self._counted):
            self._follow(one, until, unwatched)
        areas, kept = fresh.live.areas, self._counted.live.areas
        differs = [
            la for la in sorted(areas.authorities.keys() | kept.authorities.keys())
            if areas.authorities.get(la) != kept.authorities.get(la)
        ]  # fmt: skip
        made = Recounted(areas.digest, tuple(differs))
        if made.equal and kept.digest != made.digest:
            made = replace(made, differs=("schools",))  # the cells agree, and the schools behind them do not
        self._counted = fresh
        facts = {
            "equal": made.equal,
            "digest": made.digest,
            "differs": list(made.differs),
            "authorities": len(areas.authorities),
            "schools": len(areas.contributors),
            "first": self.first.isoformat(),
            "last": self.last.isoformat(),
        }
        self.node.gate.log.append(at=self.node.clock.now(), event="recounted", facts=facts)
        return made

    def _characteristics(self) -> Sequence[str]:
        return self.node.manifest.counters.characteristics

    def _permit(self, schools: Sequence[School]) -> Permit:
        return permit_for(
            self.node,
            Door.COUNT,
            schools,
            first=self.first,
            last=self.last,
            characteristics=self._characteristics(),
        )

    def _schools(self) -> list[School]:
        """The schools that count here: those that another collector keeps by now count there."""
        return [one for one in self.node.store.schools() if one.urn not in self.node.elsewhere]

    def _from_scan_side(self, advance: Advance) -> _Counted:
        """What the scan side holds, counted."""
        schools, now = self._schools(), self.node.clock.now()
        permit = self._permit(schools)
        definition = Definition(tuple(self._characteristics()), population(self.node.calendars, schools))
        live = LiveAreas(definition, first=self.first, last=self.last, threads=self._threads)
        found: dict[int, int] = {}
        partitions = scan.scan(
            permit,
            ScanSide.of(self.node.store),
            authorities=(),
            first=self.first,
            last=self.last,
            now=now,
            without=self.node.elsewhere,
        )
        live.start(permit, _Noting(partitions, found), now=now, advance=advance)
        return _Counted(live, found)

    def _follow(self, counted: _Counted, until: Mapping[int, int], advance: Advance) -> Looked:
        """Count what changed up to these revisions."""
        if any(until.get(urn, 0) < revision for urn, revision in counted.revisions.items()):
            what, mend = (
                "The store knows less of a school than was counted: it was put back.",
                "Start the refresh anew.",
            )
            raise VerificationProblem(what, where=str(self.node.store.path), mend=mend)
        dirty = {urn for urn, revision in until.items() if counted.revisions.get(urn, 0) < revision}
        schools = [one for one in self._schools() if one.urn.number in dirty]
        made = Looked(0, 0, 0)
        for start in range(0, len(schools), SCHOOLS_AT_A_TIME):
            chunk = schools[start : start + SCHOOLS_AT_A_TIME]
            found = self._count(counted, chunk, until)
            made = Looked(
                made.schools + len(found),
                made.anew + sum(one.anew for one in found),
                made.weeks + sum(one.come.num_rows for one in found),
            )
            advance(start + len(chunk), len(schools))
        return made

    def _count(self, counted: _Counted, schools: Sequence[School], until: Mapping[int, int]) -> list[SchoolChange]:
        """Count the changes of these schools; gives them."""
        permit, now, live = self._permit(schools), self.node.clock.now(), counted.live
        found = [
            following.changed(
                permit,
                self.node.store,
                school=one.urn,
                since=counted.revisions.get(one.urn.number, 0),
                until=until[one.urn.number],
                la=live.home(one.urn.number),
                first=self.first,
                last=self.last,
                now=now,
            )
            for one in schools
        ]
        live.definition = replace(live.definition, population=population(self.node.calendars, schools))
        live.refresh(permit, [*_by_authority(found, live)], now=now)
        counted.revisions.update({one.urn: until[one.urn] for one in found})
        return found


def _by_authority(found: Collection[SchoolChange], live: LiveAreas) -> Iterator[Change]:
    """The changes of schools, gathered by authority: a school that moved leaves one and comes to another."""
    gone, come = defaultdict[str, list[SchoolChange]](list), defaultdict[str, list[SchoolChange]](list)
    for one in found:
        if (was := live.home(one.urn)) is not None:
            gone[was].append(one)
        come[one.la].append(one)
    for la in sorted(gone.keys() | come.keys()):
        yield Change(
            la,
            gone=_joined([one.gone for one in gone[la]], WEEKS),
            come=_joined([one.come for one in come[la]], WEEKS),
            left=tuple(one.urn for one in gone[la] if one.anew),
            schools=_joined([one.schools for one in come[la]], SCHOOLS),
            spans=_joined([one.spans for one in come[la]], SPANS),
        )


def _joined(tables: Sequence[pa.Table], shape: pa.Schema) -> pa.Table:
    return pa.concat_tables([shape.empty_table(), *tables])


class _Noting(Sequence[Partition]):
    """Partitions as they are, with a note of the latest revision that each school's weeks are of."""

    def __init__(self, partitions: Sequence[Partition], found: dict[int, int]) -> None:
        self._partitions, self._found = partitions, found

    def __len__(self) -> int:
        return len(self._partitions)

    def __getitem__(self, place: int) -> Partition:  # type: ignore[override]  # nobody asks for a slice
        one = self._partitions[place]
        return replace(one, weeks=_NotingWeeks(one.weeks, self._found))


class _NotingWeeks(Sequence[pa.Table]):
    """The weeks of one of them."""

    def __init__(self, weeks: Sequence[pa.Table], found: dict[int, int]) -> None:
        self._weeks, self._found = weeks, found

    def __len__(self) -> int:
        return len(self._weeks)

    def __getitem__(self, place: int) -> pa.Table:  # type: ignore[override]  # as above
        table = self._weeks[place]
        urns, at = np.unique(table["urn"].to_numpy(), return_inverse=True)
        latest = np.zeros(len(urns), dtype=np.int64)
        np.maximum.at(latest, at, table["revision"].to_numpy())
        for urn, revision in zip(urns.tolist(), latest.tolist(), strict=True):
            self._found[urn] = max(self._found.get(urn, 0), revision)
        return table
