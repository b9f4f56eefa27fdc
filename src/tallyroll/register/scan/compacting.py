"""`compact`: brings the scan side up to the write side. Only files of which something changed are written anew.

Everything is written beside what is there, then named by one manifest at one stroke: killed at any moment, the scan
side is the old one or the new one, and the next compaction sweeps what was left behind and does what is still to do.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from hashlib import sha256

import pyarrow as pa

from tallyroll.governance import Door, Permit
from tallyroll.register.keys import Authority
from tallyroll.register.scan.gathering import AuthorityNow, Home, YearOfAuthority, digest_of, homes, states
from tallyroll.register.scan.manifest import VERSION, File, Manifest, Part, commit, current, sweep
from tallyroll.register.scan.side import ScanSide
from tallyroll.register.scan.writing import ROLL_FILE, SCHOOLS_FILE, PartWriter
from tallyroll.register.store import RegisterStore
from tallyroll.vocab.identifiers import Urn
from tallyroll.vocab.items import ESSENTIAL
from tallyroll.vocab.periods import AcademicYear
from tallyroll.vocab.progress import Advance, unwatched


@dataclass(frozen=True, slots=True)
class Compacted:
    """What a compaction did: the generation that it made or found good, files and bytes written, files that stayed.

    `months` are those that are not what they were: the year in which the academic year starts, authority, month.
    """

    generation: int
    months: tuple[tuple[int, str, str], ...]
    files: int
    n_bytes: int
    stayed: int


def compact(
    permit: Permit,
    store: RegisterStore,
    *,
    now: datetime,
    authorities: Collection[str] = (),
    advance: Advance = unwatched,
) -> Compacted:
    """Bring the scan side of these authorities (old LA codes; none means all) up to the write side.

    A school that has moved takes its old authority or its new one along. Each authority is read in one transaction;
    memory holds one authority's month at a time.
    Raises: Refused when a school lies outside the permit. UsageProblem when another process is changing the scan side,
            or when it may not be written to. InputProblem when the disk is full. What was there before then still is.
    """
    side = ScanSide.of(store)
    with side.locked():
        with store.reading() as sql:
            found, stand = homes(sql), states(sql)
        sweep(side)
        before = current(side)
        chosen = _chosen(before, found, authorities)
        permit.check(
            Door.COUNT, now=now, schools=[Urn(urn) for urn, home in found.items() if home.la in chosen], items=ESSENTIAL
        )
        compaction = _Compaction(side, before)
        parts = [part for part in before.parts if part.la not in chosen]
        for done, la in enumerate(sorted(chosen), start=1):
            schools = {urn: home for urn, home in found.items() if home.la == la}
            parts += compaction.authority(store, la, schools, stand)
            advance(done, len(chosen))
        return compaction.finish(parts, chosen)


def _chosen(before: Manifest, found: Mapping[int, Home], authorities: Collection[str]) -> set[str]:
    """The authorities to look at: those asked for, and those that share a school that has moved with one of them."""
    was = {(urn, part.la) for part in before.parts for urn in part.revisions}
    every = {home.la for home in found.values()} | {la for _, la in was} | {la for _, la in before.waiting}
    chosen = every & set(authorities) if authorities else every
    moved = {(la, found[urn].la) for urn, la in was if urn in found and found[urn].la != la}
    while more := {la for pair in moved if chosen & set(pair) for la in pair} - chosen:
        chosen |= more
    return chosen


class _Compaction:
    """A compaction under way: what it has written so far, under which generation."""

    def __init__(self, side: ScanSide, before: Manifest) -> None:
        self.side, self.before, self.generation = side, before, before.generation + 1
        self.known = before.by_place
        self.written: list[File] = []
        self.stayed = 0

    def authority(
        self, store: RegisterStore, la: str, schools: Mapping[int, Home], stand: Mapping[int, tuple[int, int]]
    ) -> list[Part]:
        """The parts of an authority, those as they were of which nothing changed."""
        had = [part for part in self.before.parts if part.la == la]
        if self._is_as_it_was(had, la, schools, stand):
            self.stayed += sum(len(part.files) for part in had)
            return had
        with store.reading() as sql:
            looked = AuthorityNow.look(store, sql, la, schools)
            return [self._part(looked.of_year(year)) for year in looked.years()]

    def _is_as_it_was(
        self, had: Collection[Part], la: str, schools: Mapping[int, Home], stand: Mapping[int, tuple[int, int]]
    ) -> bool:
        made_of = {urn: state for part in had for urn, state in part.revisions.items()}
        waits = any(one == la for _, one in self.before.waiting)
        return not waits and made_of == {urn: stand[urn] for urn in schools} and all(map(self._has_key, had))

    def _has_key(self, part: Part) -> bool:
        return self.side.ring.find(Authority(part.la, part.epoch), AcademicYear(part.year)) is not None

    def _part(self, now: YearOfAuthority) -> Part:
        """A year's part: with its key and what stays of its files, unless a school has left it."""
        had = self.known.get((now.year.start, now.authority.la))
        if had is not None and not (had.revisions.keys() <= set(now.urns) and self._has_key(had)):
            had = None
        epoch = had.epoch if had else self.generation
        file = partial(self._file, PartWriter(self.side, self.generation, now.year, now.authority.la, epoch))
        schools, rolls = now.schools_table(), now.roll_stamps()
        facts = sha256(repr(schools.to_pydict()).encode()).hexdigest()
        return Part(
            year=now.year.start,
            la=now.authority.la,
            epoch=epoch,
            schools=file(SCHOOLS_FILE, had.schools if had else None, facts, lambda: schools),
            roll=file(ROLL_FILE, had.roll if had else None, digest_of(rolls), partial(now.roll_table, rolls)),
            months={
                month: file(
                    month, had.months.get(month) if had else None, digest_of(weeks), partial(now.weeks_table, weeks)
                )
                for month, weeks in now.months().items()
            },
            revisions=now.states,
        )

    def _file(self, writer: PartWriter, what: str, old: File | None, of: str, table: Callable[[], pa.Table]) -> File:
        """The file as it was, if it was made of the same; else a new one."""
        if old is not None and old.of == of:
            self.stayed += 1
            return old
        made = writer.write(what, table(), of=of)
        self.written.append(made)
        return made

    def finish(self, parts: Collection[Part], chosen: Collection[str]) -> Compacted:
        """Make these parts the scan side, if they differ from what it was."""
        waiting = tuple(one for one in self.before.waiting if one[1] not in chosen)
        after = Manifest(VERSION, self.generation, tuple(sorted(parts, key=lambda part: part.place)), waiting)
        if (after.parts, waiting) == (self.before.parts, self.before.waiting) and self.before.generation:
            return Compacted(self.before.generation, (), 0, 0, self.stayed)
        commit(self.side, after)
        sweep(self.side)
        n_bytes = sum(file.n_bytes for file in self.written)
        return Compacted(self.generation, _changed(self.before, after), len(self.written), n_bytes, self.stayed)


def _changed(before: Manifest, after: Manifest) -> tuple[tuple[int, str, str], ...]:
    """The months that are not what they were, those that are gone too."""
    was, now = (
        {(*part.place, month, file.name) for part in one.parts for month, file in part.months.items()}
        for one in (before, after)
    )
    return tuple(sorted({one[:3] for one in was ^ now}))
