"""Corrections: an authority's counts kept current.

What changed is counted as it was and as it is, and the difference is added. Persistent absence follows pupil by pupil:
who reaches another share of absence than before, or counts by another stretch of the roll, moves.
Nothing of a mark is held: who says what changed says also what was counted before. What is held of pupils are whole
numbers in memory: the roll as the loops read it, and what each missed.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from tallyroll.engines.counts import AuthorityCounts, Ints, Values
from tallyroll.engines.kernel.compiled import compiled, within
from tallyroll.engines.kernel.counting import (
    DAYS_OPEN,
    SCHOOL_DAYS,
    Part,
    codes_of,
    count_table,
    desk_for,
    no_cover,
    no_sums,
    shares_of,
)
from tallyroll.engines.kernel.events import WEEK, Events, events, monday_of
from tallyroll.engines.kernel.loops import Codes, Cover, Desk, Sums
from tallyroll.engines.kernel.rolls import Roll, Rolls, Slots, numbers, rolls
from tallyroll.engines.plan import Plan
from tallyroll.vocab.errors import UsageProblem, VerificationProblem


@dataclass(frozen=True, slots=True)
class _Book:
    """Schools that were taken in together: their roll, and what was counted of them so far.

    `sums` are pupils', `sent` sessions by school and day, `reached` enrolments by school, place and share. `cover` is
    as the last count left it, for the next one is mostly of the same week.
    """

    held: Rolls
    phase_of: Ints
    due: Events
    tools: tuple[Codes, Desk]
    sums: Sums
    sent: Ints
    reached: Ints
    cover: Cover


class LiveAuthority:
    """The counts of one authority from one day to another (days since 1970), as they stand after every change."""

    def __init__(self, plan: Plan, values: Values, *, phases: int, first: int, last: int) -> None:
        self._plan, self._edges, self._values = plan, (first, last), values
        self._due = _weeks(first, last)
        by_week, n = (phases, len(self._due)), len(values)
        self._shares = shares_of(plan)
        self._cells = np.zeros((*by_week, SCHOOL_DAYS, n, plan.n_codes), dtype=np.int32)
        self._schools = np.zeros((*by_week, n, DAYS_OPEN), dtype=np.int32)
        self._on_roll = np.zeros((*by_week, SCHOOL_DAYS), dtype=np.int32)
        self._enrolments = np.zeros((phases, n, len(self._shares)), dtype=np.int32)
        self._enrolment_schools = np.zeros((phases, n), dtype=np.int32)
        self._book_of: dict[int, _Book] = {}

    @property
    def urns(self) -> frozenset[int]:
        """The schools that were taken in."""
        return frozenset(self._book_of)

    def __contains__(self, urn: object) -> bool:
        return urn in self._book_of

    @property
    def mondays(self) -> tuple[int, ...]:
        """Every week of the days."""
        return tuple(self._due)

    @property
    def counts(self) -> AuthorityCounts:
        """The counts now, for every week of the days and every code. Not a copy: the next change shows in it."""
        return AuthorityCounts(
            mondays=self.mondays,
            values=self._values,
            codes=tuple(range(self._plan.n_codes)),
            cells=self._cells,
            schools=self._schools,  # type: ignore[arg-type]  # wider, so that differences may be below 0
            on_roll=self._on_roll,
            enrolments=self._enrolments,
            enrolment_schools=self._enrolment_schools,
        )

    def take_in(self, schools: pa.Table, spans: pa.Table) -> None:
        """Add schools with their roll, and nothing counted yet. Takes: what `count_authority` takes.

        Raises: UsageProblem when one of them is here already.
        """
        held = rolls(self._plan, schools, spans)
        if not self._book_of.keys().isdisjoint(held.urns.tolist()):
            raise UsageProblem("A school is taken in twice.", mend="Let it go first.")
        due = events(held.roll, first=self._edges[0], last=self._edges[1])
        n_schools = len(held.urns)
        book = _Book(
            held=held,
            phase_of=numbers(schools, "phase")[np.argsort(numbers(schools, "urn"))],
            due=due,
            tools=(codes_of(self._plan, 2 * SCHOOL_DAYS), desk_for(held, self._plan, 2 * SCHOOL_DAYS)),
            sums=no_sums(held),
            sent=np.zeros((n_schools, WEEK * due.n_weeks), dtype=np.int32),
            reached=np.zeros((n_schools, held.n_places, len(self._shares)), dtype=np.int32),
            cover=no_cover(held, due),
        )
        self._book_of |= dict.fromkeys(held.urns.tolist(), book)

    def let_go(self, urns: Collection[int]) -> None:
        """Forget schools. All that was counted of them must have been taken back.

        Raises: VerificationProblem when it was not.
        """
        for urn in urns:
            book = self._book_of.pop(urn)
            place = np.searchsorted(book.held.urns, urn)
            if book.sent[place].any() or book.reached[place].any():
                raise _unequal(urn)

    def change(self, gone: Iterable[pa.Table], come: Iterable[pa.Table]) -> None:
        """Take back these weeks, as they were counted, and count those. Takes: tables of WEEKS, in the order of time.

        Raises: VerificationProblem when a week is not one, or when what is taken back cannot have been counted: the
                counts are then of no use any more.
        """
        books = [*{id(book): book for book in self._book_of.values()}.values()]
        if len(books) == 1:  # a whole authority at the start: its months are read one by one
            self._correct(books[0], gone, come)
            return
        gone, come = [*gone], [*come]
        for book in self._books([*gone, *come]):
            self._correct(book, self._rows_of(book, gone), self._rows_of(book, come))

    def _books(self, tables: Iterable[pa.Table]) -> list[_Book]:
        """The books of the schools in these tables, each once."""
        urns = {urn for table in tables for urn in np.unique(numbers(table, "urn")).tolist()}
        if not urns <= self._book_of.keys():
            raise _unequal(min(urns - self._book_of.keys()))
        return [*{id(self._book_of[urn]): self._book_of[urn] for urn in urns}.values()]

    def _rows_of(self, book: _Book, tables: Iterable[pa.Table]) -> list[pa.Table]:
        """The weeks of the schools that are in this book now; who left it for another is still on its roll."""
        urns = [urn for urn, its in self._book_of.items() if its is book]
        return [table.filter(pa.array(np.isin(numbers(table, "urn"), urns))) for table in tables]

    def _correct(self, book: _Book, gone: Iterable[pa.Table], come: Iterable[pa.Table]) -> None:
        """The same for the schools of one book."""
        come_sent, come_sums = self._count(book, come, times=1)
        gone_sent, gone_sums = self._count(book, gone, times=-1)
        touched = np.flatnonzero((come_sent | gone_sent).any(axis=1)).astype(np.int32)
        book.sent[touched] += come_sent[touched] - gone_sent[touched]
        before = book.reached[touched]
        correct_sums(
            touched,
            book.held.roll,
            book.due.monday,
            book.sent,
            gone_sums,
            come_sums,
            book.sums,
            self._shares,
            book.reached,
        )
        after = book.reached[touched]
        phase, n = book.phase_of[touched], len(self._values)
        np.add.at(self._enrolments, phase, (after - before)[:, :n])
        has, had = (reached[:, :n, 0] > 0 for reached in (after, before))
        np.add.at(self._enrolment_schools, phase, has.astype(np.int32) - had)
        if min(book.sent[touched].min(initial=0), after.min(initial=0)) < 0:
            raise _unequal(int(book.held.urns[touched[0]]))

    def _count(self, book: _Book, tables: Iterable[pa.Table], *, times: int) -> tuple[Ints, Sums]:
        """Add these weeks' counts, or take them back; the sessions that were sent, and what each pupil missed."""
        cover, sums = book.cover._replace(sent=np.zeros_like(book.sent)), no_sums(book.held)
        known = book.held, book.phase_of, book.due, book.tools, cover, sums
        for table in tables:
            mondays = np.unique(numbers(table, "monday")).tolist()
            part = Part.empty(len(self._cells), mondays, book.held.n_places, self._plan.n_codes)
            count_table(*known, table, part, edges=self._edges)
            self._add(part, times)
        return cover.sent, sums

    def _add(self, part: Part, times: int) -> None:
        """Add the counts of some weeks, or take them back."""
        weeks, n = (np.array(part.mondays, dtype=np.int64) - self._due[0]) // WEEK, len(self._values)
        here = np.flatnonzero((weeks >= 0) & (weeks < len(self._due)))
        weeks = weeks[here]
        self._cells[:, weeks] += times * part.cells[:, here, :, :n]
        self._schools[:, weeks] += times * part.schools[:, here, :n]
        self._on_roll[:, weeks] += times * part.on_roll[:, here]
        if times < 0 and self._cells[:, weeks].min(initial=0) < 0:
            raise _unequal(None)


def _weeks(first: int, last: int) -> list[int]:
    """The Mondays of the weeks that hold these days."""
    return [*range(monday_of(first), last + 1, WEEK)]


def _unequal(urn: int | None) -> VerificationProblem:
    return VerificationProblem(
        "What is to be taken back was not counted like this.",
        where="" if urn is None else f"school {urn}",
        mend="Count everything anew.",
    )


@compiled
def correct_sums(
    touched: Ints, roll: Roll, monday: int, sent: Ints, gone: Sums, come: Sums, sums: Sums, shares: Ints, reached: Ints
) -> None:
    """Bring pupils' sums up to date, and with them the enrolments by school that `reached` each share of absence.

    Only who reaches other shares than before, or counts by another stretch, is moved.
    """
    row_at, stretch_at, first, last, slots, fold = roll
    gone_absent, gone_lost, come_absent, come_lost = gone.absent, gone.lost, come.absent, come.lost
    absent, lost, possible, latest = sums.absent, sums.lost, sums.possible, sums.latest
    n_days = sent.shape[1]
    so_far = np.zeros(n_days + 1, dtype=np.int32)
    for school in touched:
        for day in range(n_days):
            so_far[day + 1] = so_far[day] + sent[school, day]
        for row in range(row_at[school], row_at[school + 1]):
            was_absent, was_possible, was_latest = absent[row], possible[row], latest[row]
            absent[row] += come_absent[row] - gone_absent[row]
            lost[row] += come_lost[row] - gone_lost[row]
            possible[row] = -lost[row]
            latest[row] = -1
            for stretch in range(stretch_at[row], stretch_at[row + 1]):
                begins = min(max(first[stretch] - monday, 0), n_days)
                ends = min(max(last[stretch] - monday + 1, 0), n_days)
                if ends > begins and so_far[ends] > so_far[begins]:
                    possible[row] += so_far[ends] - so_far[begins]
                    latest[row] = stretch
            for share in range(len(shares)):
                had = was_possible > 0 and shares[share, 1] * was_absent >= shares[share, 0] * was_possible
                has = possible[row] > 0 and shares[share, 1] * absent[row] >= shares[share, 0] * possible[row]
                if had and has and was_latest == latest[row]:
                    continue
                if had:
                    _move(slots, fold, was_latest, reached, school, share, -1)
                if has:
                    _move(slots, fold, latest[row], reached, school, share, 1)


@within
def _move(slots: Slots, fold: Ints, stretch: int, reached: Ints, school: int, share: int, times: int) -> None:
    """Add an enrolment to the values that it has in this stretch, or take it from them."""
    for bundle in range(slots.shape[1]):
        slot = np.int64(slots[stretch, bundle])
        for way in range(fold.shape[1]):
            reached[school, fold[slot, way], share] += times
