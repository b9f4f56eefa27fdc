"""What the kernel counts: loose weeks of a few schools into cells, packed weeks of an authority into its counts."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tallyroll.engines.counts import AuthorityCounts
from tallyroll.engines.kernel.events import THURSDAY, WEEK, Events, events
from tallyroll.engines.kernel.loops import (
    ABSENT,
    NO_MARK,
    POSSIBLE,
    Away,
    Codes,
    Cover,
    Desk,
    Sums,
    count_enrolments,
    count_loose,
    count_weeks,
    finish_sums,
    fold_week,
)
from tallyroll.engines.kernel.rolls import Ints, Rolls, numbers, rolls
from tallyroll.engines.kernel.summing import take_codes
from tallyroll.engines.plan import Plan
from tallyroll.vocab.codes import CODES
from tallyroll.vocab.errors import VerificationProblem
from tallyroll.vocab.packing import PRESENT_WEEK, SESSIONS_A_WEEK

SESSIONS_OF_ALL_DAYS = 2 * WEEK
SCHOOL_DAYS = SESSIONS_A_WEEK // 2
DAYS_OPEN = 1 << SCHOOL_DAYS
"""Ways in which a school may be open on the days of a week."""


@dataclass(frozen=True, slots=True)
class Part:
    """The counts of some weeks, shaped as those of AuthorityCounts, with every code."""

    mondays: Sequence[int]
    cells: Ints
    schools: Ints
    on_roll: Ints

    @classmethod
    def empty(cls, phases: int, mondays: Sequence[int], n_values: int, n_codes: int) -> Self:
        """Nothing counted yet."""
        weeks = len(mondays)
        return cls(
            mondays,
            cells=np.zeros((phases, weeks, SCHOOL_DAYS, n_values, n_codes), dtype=np.int32),
            schools=np.zeros((phases, weeks, n_values, DAYS_OPEN), dtype=np.int32),
            on_roll=np.zeros((phases, weeks, SCHOOL_DAYS), dtype=np.int32),
        )


def codes_of(plan: Plan, n_sessions: int) -> Codes:
    """The plan's codes as the loops read them, for weeks of so many sessions."""
    kinds = np.zeros(plan.n_codes, dtype=np.int32)
    kinds[sorted(plan.possible)] |= POSSIBLE
    kinds[sorted(plan.absent)] |= ABSENT
    plain = np.resize(PRESENT_WEEK[:2], n_sessions).astype(np.int32)
    return Codes(kinds, plain, plan.not_on_roll)


def desk_for(held: Rolls, plan: Plan, n_sessions: int) -> Desk:
    """An empty desk."""
    n_slots, n_places, n_codes = len(held.roll.fold), held.n_places, plan.n_codes
    return Desk(
        cube=_none(n_slots, n_codes, n_sessions),
        touched=np.zeros(n_slots, dtype=np.uint8),
        work=_none(n_places, n_codes, n_sessions),
        base=_none(n_places, n_sessions),
        all_week=_none(n_places),
        place=_none(n_codes) - 1,
        code_at=_none(n_codes),
        n_places=_none(1),
        away=Away(*(_none(int(np.diff(held.roll.row_at).max(initial=0))) for _ in Away._fields)),
        one_week=np.zeros(n_sessions, dtype=np.uint8),
        on_roll=_none(n_sessions),
        shut=_none(n_places, SCHOOL_DAYS),
        partly=_none(n_places),
        is_open=_none(n_places),
    )


def no_cover(held: Rolls, due: Events) -> Cover:
    """Nobody is covered yet."""
    n_schools = len(held.urns)
    sent = _none(n_schools, WEEK * due.n_weeks)
    return Cover(_none(n_schools), _none(n_schools, held.n_places), _none(n_schools), sent)


def no_sums(held: Rolls) -> Sums:
    """Sums of nobody yet."""
    n_rows = int(held.roll.row_at[-1])
    return Sums(_none(n_rows), _none(n_rows), _none(n_rows), np.full(n_rows, -1, dtype=np.int32))


def _none(*shape: int) -> Ints:
    return np.zeros(shape, dtype=np.int32)


def count_authority(
    plan: Plan, schools: pa.Table, spans: pa.Table, weeks: Iterable[pa.Table], *, phases: int, first: int, last: int
) -> AuthorityCounts:
    """The counts of an authority's schools from one day to another (days since 1970), week by week as they are read.

    Takes: schools (urn, away_first, away_last, phase: a number, -1 for those that are left out), spans as the SQL
           statements take them, and tables of WEEKS, none of a week that another has.
    Raises: VerificationProblem when the bytes of a week are no packed week.
    """
    held = rolls(plan, schools, spans)
    phase_of = numbers(schools, "phase")[np.argsort(numbers(schools, "urn"))]
    due = events(held.roll, first=first, last=last)
    tools = codes_of(plan, SESSIONS_A_WEEK), desk_for(held, plan, SESSIONS_A_WEEK)
    cover, sums = no_cover(held, due), no_sums(held)
    whole = Part.empty(phases, [due.monday + WEEK * week for week in range(due.n_weeks)], held.n_places, plan.n_codes)
    for table in weeks:
        count_table(held, phase_of, due, tools, cover, sums, table, whole, edges=(first, last))
    finish_sums(held.roll, due, cover, sums)
    return _gathered(plan, held, sums, phase_of, whole)


def count_table(
    held: Rolls,
    phase_of: Ints,
    due: Events,
    tools: tuple[Codes, Desk],
    cover: Cover,
    sums: Sums,
    table: pa.Table,
    part: Part,
    *,
    edges: tuple[int, int],
) -> None:
    """Add a table of weeks to the part, what pupils missed in them to `sums`, and the sessions sent to `cover`."""
    urn, monday, n_pupils = (numbers(table, name) for name in ("urn", "monday", "n_pupils"))
    school, phase, week, place, order = _placed(held, phase_of, due, urn, monday, part.mondays)
    weeks = (*_bytes_of(table), order, school, week, n_pupils, phase, place)
    known = (edges, held.roll, due, *tools, cover, sums)
    faulty = count_weeks(*weeks, *known, part.cells, part.schools, part.on_roll)
    if faulty >= 0:
        raise VerificationProblem(
            "A packed week is not one.", where=f"school {urn[faulty]}", mend="Compact the store again."
        )


def _placed(
    held: Rolls, phase_of: Ints, due: Events, urn: Ints, monday: Ints, mondays: Sequence[int]
) -> Iterator[Ints]:
    """Of each school-week: school, phase, week of the roll's events, place among the Mondays; and the order."""
    school = np.searchsorted(held.urns, urn)
    week = (monday - due.monday) // WEEK
    known = np.isin(urn, held.urns) & (week >= 0) & (week < due.n_weeks)
    phase = np.where(known, phase_of[np.minimum(school, len(phase_of) - 1)] if len(phase_of) else -1, -1)
    place = np.searchsorted(mondays, monday)
    order = np.lexsort((urn, place, phase))
    order = order[phase[order] >= 0]
    _check_places(urn[order], monday[order])
    return (each.astype(np.int32) for each in (school, phase, week, place, order))


def _check_places(urn: Ints, monday: Ints) -> None:
    """Return unless a week begins on another day, for which the loops have no place, or stands here twice.

    Takes: school-weeks in an order in which those of one school and Monday are neighbours. Raises: VerificationProblem.
    """
    faulty = (monday + THURSDAY) % WEEK != 0
    faulty[1:] |= (urn[1:] == urn[:-1]) & (monday[1:] == monday[:-1])
    if faulty.any():
        where = f"school {urn[np.argmax(faulty)]}"
        what = "A week does not begin on a Monday, or is here twice."
        raise VerificationProblem(what, where=where, mend="Compact the store again.")


def _bytes_of(table: pa.Table) -> tuple[npt.NDArray[np.uint8], Ints]:
    """The marks of all weeks in a row, and where each begins."""
    column = table["marks"].cast(pa.binary()).combine_chunks()  # a lake may have wider offsets
    column = column.chunk(0) if isinstance(column, pa.ChunkedArray) else column
    _, offsets, data = column.buffers()
    first = np.frombuffer(offsets, dtype=np.int32)[column.offset : column.offset + len(column) + 1]
    return np.frombuffer(data or b"", dtype=np.uint8), first


def _gathered(plan: Plan, held: Rolls, sums: Sums, phase_of: Ints, part: Part) -> AuthorityCounts:
    """The part without weeks and codes of which there is nothing, and the enrolments of all weeks."""
    n_values, shares, phases = len(held.values), shares_of(plan), len(part.cells)
    counts, of_schools = _none(phases, held.n_places, len(shares)), _none(phases, held.n_places)
    count_enrolments(phase_of, held.roll, sums, shares, counts, of_schools, _none(held.n_places, len(shares)))
    of_all = part.cells[:, :, :, 0]  # every mark is one of everybody's
    codes = np.flatnonzero(of_all.any(axis=(0, 1, 2))).astype(np.int32)
    weeks = np.flatnonzero(of_all.any(axis=(0, 2, 3))).astype(np.int32)
    cells = _none(phases, len(weeks), SCHOOL_DAYS, n_values, len(codes))
    take_codes(part.cells, weeks, codes, cells)
    return AuthorityCounts(
        mondays=tuple(part.mondays[week] for week in weeks.tolist()),
        values=held.values,
        codes=tuple(codes.tolist()),
        cells=cells,
        schools=part.schools[:, weeks, :n_values].astype(np.uint16),
        on_roll=part.on_roll[:, weeks],
        enrolments=counts[:, :n_values],
        enrolment_schools=of_schools[:, :n_values],
    )


def shares_of(plan: Plan) -> Ints:
    """The shares of absence that are counted, as numerator and denominator: the first of all enrolments."""
    return np.array([(0, 1), *plan.thresholds.values()], dtype=np.int32)


@dataclass(frozen=True, slots=True)
class LooseWeeks:
    """Weeks of marks of which any row may be missing: of each the school, the Monday and its bytes in `data`."""

    school: Ints
    monday: Ints
    starts: npt.NDArray[np.int64]
    data: npt.NDArray[np.uint8]


def loose_weeks(held: Rolls, marks: pa.Table) -> LooseWeeks:
    """The marks of pupils on the roll, school by school and week by week. Takes: marks as the SQL statements do.

    Raises: VerificationProblem when a pupil has two marks in one session, or one that there is not.
    """
    urn, pupil, day = (numbers(marks, name) for name in ("urn", "pupil", "day"))
    school = np.searchsorted(held.urns, urn)
    n_rows = np.diff(held.roll.row_at, append=0)
    known = np.isin(urn, held.urns) & (pupil >= 0) & (pupil < n_rows[np.minimum(school, len(n_rows) - 1)])
    school, pupil, day = school[known], pupil[known], day[known]
    in_week = (day + THURSDAY) % WEEK
    weeks, place = np.unique(school.astype(np.int64) << 32 | (day - in_week), return_inverse=True)
    of_school = (weeks >> 32).astype(np.int32)
    starts = np.concatenate([[0], np.cumsum(n_rows[of_school].astype(np.int64) * SESSIONS_OF_ALL_DAYS)])
    data = np.full(int(starts[-1]), NO_MARK, dtype=np.uint8)
    session, code = numbers(marks, "session")[known], numbers(marks, "code")[known]
    if session.max(initial=0) > 1 or code.max(initial=0) > len(CODES):
        raise VerificationProblem(
            "There is no such session or code as a mark has.", mend="Build the register again from its extracts."
        )
    at = starts[place] + pupil * SESSIONS_OF_ALL_DAYS + in_week * 2 + session
    data[at] = code
    if np.count_nonzero(data != NO_MARK) != len(at):
        raise VerificationProblem(
            "A pupil has two marks in one session.", mend="Build the register again from its extracts."
        )
    return LooseWeeks(of_school, (weeks & 0xFFFFFFFF).astype(np.int32), starts, data)


def count_sessions(plan: Plan, held: Rolls, loose: LooseWeeks) -> Mapping[str, Ints]:
    """The cells of loose weeks: school (its place), day, session, place of the value, code, and n, as columns."""
    desk, sums, codes = desk_for(held, plan, SESSIONS_OF_ALL_DAYS), no_sums(held), codes_of(plan, SESSIONS_OF_ALL_DAYS)
    cells = _none(SESSIONS_OF_ALL_DAYS, held.n_places, plan.n_codes)
    found = []
    for place, (school, monday) in enumerate(zip(loose.school.tolist(), loose.monday.tolist(), strict=True)):
        week = loose.data[loose.starts[place] : loose.starts[place + 1]]
        count_loose(week, monday, school, held.roll, codes, desk, sums)
        fold_week(desk, codes, held.roll.fold, 1, cells)
        session, value, code = np.nonzero(cells[:, :-1])
        n = cells[session, value, code]
        cells[:] = 0
        found.append(np.stack([np.full(len(n), school), monday + session // 2, session % 2, value, code, n]))
    columns = np.concatenate([np.zeros((6, 0), dtype=np.int64), *found], axis=1)
    return dict(zip(("school", "day", "session", "place", "code", "n"), columns, strict=True))


def count_shares(plan: Plan, held: Rolls, loose: LooseWeeks) -> Ints:
    """Enrolments of each school: [school, value, share]; share 0 is all that have a possible session."""
    desk, sums, codes = desk_for(held, plan, SESSIONS_OF_ALL_DAYS), no_sums(held), codes_of(plan, SESSIONS_OF_ALL_DAYS)
    for place, (school, monday) in enumerate(zip(loose.school.tolist(), loose.monday.tolist(), strict=True)):
        week = loose.data[loose.starts[place] : loose.starts[place + 1]]
        count_loose(week, monday, school, held.roll, codes, desk, sums)
    n_schools, n_places, shares = len(held.urns), held.n_places, shares_of(plan)
    counts, of_schools = _none(n_schools, n_places, len(shares)), _none(n_schools, n_places)
    each = np.arange(n_schools, dtype=np.int32)
    count_enrolments(each, held.roll, sums, shares, counts, of_schools, _none(n_places, len(shares)))
    return counts[:, :-1]
