"""The loops that count, compiled. Everything here is arrays of whole numbers; nothing is read and nothing allocated.

Nine marks in ten are plain present, and most pupils are on roll all year. So presence is never counted pupil by pupil:

- `cover` holds how many pupils of each value a school has on roll all week; it changes when a stretch begins or ends.
- `base[value, session]` gets marks of any code; `cube[slot, code, session]` and, added up to values, `work[value,
  code, session]` those that are not the session's plain present, which follows by subtraction.
- What a pupil missed is summed up; what was possible follows from the sessions that the school sent.

Only those who were away, late or received in part are looked at one by one, and those whose stretch begins or ends
within the week.

Two habits of the compiler shape the code. Numbers are signed throughout, for numba compares unsigned with signed ones
as floating point, and once lost marks by it without a word. And a loop takes its arrays out of their tuples before it
begins, and calls nothing that takes arrays: taking one out, or handing one over, costs as much as counting a mark.
"""

# Arguments stand together by what they are: the week, what is known of it, and where it is counted.
# fmt: off

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from tallyroll.engines.kernel.compiled import Whole, compiled, within
from tallyroll.engines.kernel.events import COMES, GOES, PARTLY, Events
from tallyroll.engines.kernel.rolls import Ints, Roll, Slots

Bytes = npt.NDArray[np.uint8]

NO_MARK = 255
"""In loose weeks: no row came for this pupil and session, not even one that says that nothing was received."""

FAULTY = -1
ABSENT, POSSIBLE = 1, 2
PLAIN, OTHER = 1, 2
FOUR_PLAIN = 0b01010101
N_SESSIONS, N_DAYS = 10, 5  # of a packed week
ALL_SESSIONS = (1 << N_SESSIONS) - 1

_WEEKS = np.arange(ALL_SESSIONS + 1)
_IS_SET = (_WEEKS[:, None] >> np.arange(N_SESSIONS)) & 1
ONES = _IS_SET.sum(axis=1).astype(np.int32)
"""How many sessions are set, by the bits of a week."""
FIRST = np.argmax(_IS_SET, axis=1).astype(np.int32)
"""Which session is the first that is set."""
DAYS = ((_IS_SET[:, 0::2] | _IS_SET[:, 1::2]) << np.arange(N_DAYS)).sum(axis=1).astype(np.int32)
"""The days that have a session, as bits."""
N_OTHERS = sum(((np.arange(256) >> shift) & 3) == OTHER for shift in (0, 2, 4, 6)).astype(np.int32)
"""How many of four pupils are OTHER, by the byte of their states."""


class Codes(NamedTuple):
    """What codes count as: bits by code, the plain present of each session, and the code of who is not on roll."""

    kinds: Ints
    plain: Ints
    not_on_roll: int


class Away(NamedTuple):
    """Pupils of one school who were away, late or received in part: each one's row and stretch, and what differs.

    `differs` are sessions as bits, `marks` is where their codes stand; below 0, nothing was received in any of them.
    """

    rows: Ints
    stretches: Ints
    differs: Ints
    marks: Ints


class Desk(NamedTuple):
    """Where the schools of a phase are counted for a week. Codes have places in the order of their coming."""

    cube: Ints  # [slot, place of code, session]
    touched: Bytes  # [slot]
    work: Ints  # [value, place of code, session]
    base: Ints  # [value, session]
    all_week: Ints  # [value]: what is to be added to every session
    place: Ints  # [code]: its place, -1 before it came
    code_at: Ints  # [place]
    n_places: Ints  # [1]
    away: Away
    one_week: Bytes  # [session] of one pupil
    on_roll: Ints  # [session] of one school
    shut: Ints  # [value, day] of one school: pupils covered who have no possible session on the day
    partly: Ints  # [value] of one school: days with a possible session of pupils not covered, as bits
    is_open: Ints  # [value] of one school: days with a possible session


class Cover(NamedTuple):
    """What is known of each school from week to week: how many pupils the roll covers, and what was sent."""

    pupils: Ints  # [school]
    values: Ints  # [school, value]
    turned: Ints  # [school]: how many weeks' events it holds
    sent: Ints  # [school, day]: sessions sent and counted


class Sums(NamedTuple):
    """Of each row over all weeks: sessions missed, sessions that were not possible, and, at the end, the rest."""

    absent: Ints
    lost: Ints
    possible: Ints
    latest: Ints  # the stretch in which it last counted; -1: in none


@within
def _two(data: Bytes, at: Whole) -> Whole:
    """A number of two bytes that holds the bits of a week."""
    return (np.int64(data[at]) | (np.int64(data[at + 1]) << 8)) & ALL_SESSIONS


@within
def count_packed(
    data: Bytes, at: int, stop: int, n_pupils: int, week: int, counted: int, school: int,
    roll: Roll, events: Events, codes: Codes, desk: Desk, cover: Cover, sums: Sums,
) -> bool:
    """Count one school's packed week in these sessions (bits); false when the bytes are no packed week."""
    states = at + 2
    masks = states + (n_pupils + 3) // 4
    if n_pupils < 0 or masks > stop:
        return False
    marks = masks
    for byte in range(states, masks):
        marks += 2 * N_OTHERS[data[byte]]
        if data[byte] & (data[byte] >> 1) & FOUR_PLAIN:  # a state above OTHER
            return False
    if marks > stop:
        return False
    for session in range(N_SESSIONS):
        cover.sent[school, 7 * week + session // 2] += (counted >> session) & 1
    _turn_to(school, week, roll, events, cover)
    if not _count_partly(
        data, states, masks, marks, stop, n_pupils, week, counted, school, roll, events, codes, desk, sums
    ):
        return False
    monday = events.monday + 7 * week
    n_away = _find_away(data, states, masks, marks, stop, n_pupils, monday, counted, school, roll, desk)
    if n_away == FAULTY or not _count_away(data, n_away, counted, roll, codes, desk, sums):
        return False
    _close_school(counted, school, desk, cover)
    return True


@within
def _find_away(
    data: Bytes, states: int, mask_at: int, mark: int, stop: int, n_pupils: int, monday: int, counted: int, school: int,
    roll: Roll, desk: Desk,
) -> Whole:
    """Note who is covered all week and was not PLAIN; how many they are, or FAULTY."""
    row_at, stretch_at, first, last, _, _ = roll
    rows, stretches, differing, marks = desk.away
    row, last_row = row_at[school], row_at[school + 1]
    n_away, pupil = 0, 0
    while pupil < max(last_row - row, n_pupils):
        state: Whole = 0
        if pupil < n_pupils:
            four = np.int64(data[states + (pupil >> 2)])
            if four == FOUR_PLAIN:
                pupil = (pupil | 3) + 1
                continue
            state = (four >> (2 * (pupil & 3))) & 3
        one = row + pupil
        pupil += 1
        if state == PLAIN:
            continue
        differs, here = counted, -1  # who is BLANK has code 0 in every session
        if state == OTHER:
            differs, here = _two(data, mask_at), mark
            mask_at += 2
            mark += ONES[differs]
            if mark > stop:
                return FAULTY
        if one >= last_row:
            continue
        for stretch in range(stretch_at[one], stretch_at[one + 1]):
            if last[stretch] >= monday + 4:
                if first[stretch] <= monday:
                    rows[n_away], stretches[n_away], differing[n_away], marks[n_away] = one, stretch, differs, here
                    n_away += 1
                break
    return n_away


@within
def _count_away(data: Bytes, n_away: int, counted: int, roll: Roll, codes: Codes, desk: Desk, sums: Sums) -> bool:
    """Count the sessions in which those noted were not plain present; false where a byte is no code."""
    slots, fold, (kinds, _, not_on_roll) = roll.slots, roll.fold, codes
    rows, stretches, differing, marks = desk.away
    cube, touched, place_of, code_at, n_places = desk.cube, desk.touched, desk.place, desk.code_at, desk.n_places
    on_roll, shut_days, absent, lost = desk.on_roll, desk.shut, sums.absent, sums.lost
    for away in range(n_away):
        row, stretch, differs, here = rows[away], stretches[away], np.int64(differing[away]), marks[away]
        missed, shut = 0, 0
        while differs:
            session = FIRST[differs]
            differs &= differs - 1
            code = np.int64(0)
            if here >= 0:
                code = np.int64(data[here])
                here += 1
                if code >= len(kinds):
                    return False
            if not (counted >> session) & 1:
                continue
            kind = kinds[code]
            missed += kind & ABSENT
            if not kind & POSSIBLE:
                shut |= 1 << session
                if code == not_on_roll:
                    on_roll[session] -= 1
            place = place_of[code]
            if place < 0:
                place = _place_of(code, place_of, code_at, n_places)
            for bundle in range(slots.shape[1]):
                cube[np.int64(slots[stretch, bundle]), place, session] += 1
        for bundle in range(slots.shape[1]):
            touched[np.int64(slots[stretch, bundle])] = 1
        absent[row] += missed
        if shut:
            lost[row] += ONES[shut]
            _shut(DAYS[counted] & ~DAYS[counted & ~shut], stretch, slots, fold, shut_days)
    return True


@within
def _place_of(code: Whole, place_of: Ints, code_at: Ints, n_places: Ints) -> Whole:
    """The place of a code; the next free one when it comes for the first time."""
    if place_of[code] < 0:
        place_of[code] = n_places[0]
        code_at[n_places[0]] = code
        n_places[0] += 1
    return place_of[code]


@within
def _shut(days: int, stretch: int, slots: Slots, fold: Ints, shut_days: Ints) -> None:
    """Write down that a covered pupil has no possible session on these days."""
    for day in range(N_DAYS):
        if (days >> day) & 1:
            for bundle in range(slots.shape[1]):
                for way in range(fold.shape[1]):
                    shut_days[fold[np.int64(slots[stretch, bundle]), way], day] += 1


@within
def _turn_to(school: int, week: int, roll: Roll, events: Events, cover: Cover) -> None:
    """Bring the school's cover to this week, forwards or back."""
    slots, fold, pupils, values, turned = roll.slots, roll.fold, cover.pupils, cover.values, cover.turned
    starts, stretches = events.starts, events.stretches
    while turned[school] != week + 1:
        forwards = turned[school] <= week
        turned[school] -= not forwards
        key = school * events.n_weeks + turned[school]
        for kind in (COMES, GOES):
            change = 1 if (kind == COMES) == forwards else -1
            for place in range(starts[kind, key], starts[kind, key + 1]):
                pupils[school] += change
                for bundle in range(slots.shape[1]):
                    slot = np.int64(slots[stretches[kind, place], bundle])
                    for way in range(fold.shape[1]):
                        values[school, fold[slot, way]] += change
        turned[school] += forwards


@within
def _count_partly(
    data: Bytes, states: int, masks: int, marks: int, stop: int, n_pupils: int, week: int, counted: int, school: int,
    roll: Roll, events: Events, codes: Codes, desk: Desk, sums: Sums,
) -> bool:
    """Count the stretches that begin or end within the week, session by session; false where a byte is no code."""
    key = school * events.n_weeks + week
    if events.starts[PARTLY, key] == events.starts[PARTLY, key + 1]:
        return True
    starts, stretches, rows, plain, one_week = events.starts, events.stretches, events.rows, codes.plain, desk.one_week
    n_codes, monday, first_row = len(codes.kinds), events.monday + 7 * week, roll.row_at[school]
    for place in range(starts[PARTLY, key], starts[PARTLY, key + 1]):
        row = rows[PARTLY, place]
        pupil = row - first_row
        state, differs, mark = 0, 0, marks
        if pupil < n_pupils:
            n_before = 0
            for byte in range(states, states + pupil // 4):
                n_before += N_OTHERS[data[byte]]
            last_byte = np.int64(data[states + pupil // 4])
            n_before += N_OTHERS[last_byte & ((1 << (2 * (pupil & 3))) - 1)]
            for before in range(n_before):
                mark += ONES[_two(data, masks + 2 * before)]
            state = (last_byte >> (2 * (pupil & 3))) & 3
            if state == OTHER:
                differs = _two(data, masks + 2 * n_before)
        if mark + ONES[differs] > stop:
            return False
        for session in range(N_SESSIONS):
            one_week[session] = plain[session] if state else 0
            if (differs >> session) & 1:
                one_week[session] = data[mark]
                mark += 1
                if one_week[session] >= n_codes:
                    return False
        _count_marks(one_week, 0, counted, monday, row, stretches[PARTLY, place], roll, codes, desk, sums)
    return True


@compiled
def _count_marks(
    data: Bytes, at: int, counted: int, monday: int, row: int, stretch: int,
    roll: Roll, codes: Codes, desk: Desk, sums: Sums,
) -> None:
    """Count a pupil's marks of a week one by one, as far as the stretch reaches."""
    slots, fold, base, partly, work, on_roll = roll.slots, roll.fold, desk.base, desk.partly, desk.work, desk.on_roll
    kinds, plain, not_on_roll = codes
    place_of, code_at, n_places, absent, lost = desk.place, desk.code_at, desk.n_places, sums.absent, sums.lost
    possible, latest = sums.possible, sums.latest
    for session in range(len(plain)):
        code = np.int64(data[at + session])
        day = monday + session // 2
        if code == NO_MARK or not (counted >> session) & 1 or not roll.first[stretch] <= day <= roll.last[stretch]:
            continue
        kind = kinds[code]
        absent[row] += kind & ABSENT
        lost[row] += 1 - kind // POSSIBLE
        possible[row] += kind // POSSIBLE
        latest[row] = stretch
        on_roll[session] += code != not_on_roll
        place = _place_of(code, place_of, code_at, n_places) if code != plain[session] else -1
        for bundle in range(slots.shape[1]):
            slot = np.int64(slots[stretch, bundle])
            for way in range(fold.shape[1]):
                value = fold[slot, way]
                base[value, session] += 1
                partly[value] |= (kind // POSSIBLE) << (session // 2)
                if place >= 0:
                    work[value, place, session] += 1


@within
def _close_school(counted: int, school: int, desk: Desk, cover: Cover) -> None:
    """Add those whom the roll covers, and say on which days the school was open to each value."""
    base, all_week, shut, partly, is_open = desk.base, desk.all_week, desk.shut, desk.partly, desk.is_open
    values, on_roll = cover.values, desk.on_roll
    for value in range(len(is_open)):
        pupils = values[school, value]
        open_days = partly[value]
        partly[value] = 0
        if pupils:
            for day in range(N_DAYS):
                if shut[value, day] < pupils:
                    open_days |= DAYS[counted] & (1 << day)
                shut[value, day] = 0
            if counted == ALL_SESSIONS:
                all_week[value] += pupils
            else:
                for session in range(N_SESSIONS):
                    base[value, session] += pupils * ((counted >> session) & 1)
        is_open[value] = open_days
    for session in range(N_SESSIONS):
        on_roll[session] += cover.pupils[school] * ((counted >> session) & 1)


@compiled
def count_loose(data: Bytes, monday: int, school: int, roll: Roll, codes: Codes, desk: Desk, sums: Sums) -> None:
    """Count one school's loose week: data[pupil * sessions + session], NO_MARK where no row came. In order of time."""
    n_sessions, row = len(codes.plain), roll.row_at[school]
    for pupil in range(min(len(data) // n_sessions, roll.row_at[school + 1] - row)):
        for stretch in range(roll.stretch_at[row + pupil], roll.stretch_at[row + pupil + 1]):
            every = (1 << n_sessions) - 1
            _count_marks(data, pupil * n_sessions, every, monday, row + pupil, stretch, roll, codes, desk, sums)


@compiled
def fold_week(desk: Desk, codes: Codes, fold: Ints, sessions_a_row: int, cells: Ints) -> None:
    """Add the desk's counts to cells[row, value, code], a row for so many sessions, and clear the desk."""
    work, base, all_week, touched, code_at = desk.work, desk.base, desk.all_week, desk.touched, desk.code_at
    n_places, plain = desk.n_places[0], codes.plain
    n_sessions = len(plain)
    of_slot, of_value = desk.cube.reshape(len(fold), -1), work.reshape(len(work), -1)
    n_marked = n_places * n_sessions  # places of all sessions lie in a row, which the processor adds many at a time
    for slot in range(len(fold)):
        if touched[slot]:
            touched[slot] = 0
            for way in range(fold.shape[1]):
                value = fold[slot, way]
                for i in range(n_marked):
                    of_value[value, i] += of_slot[slot, i]
            of_slot[slot, :n_marked] = 0
    for value in range(cells.shape[1]):
        for session in range(n_sessions):
            row, rest = session // sessions_a_row, base[value, session] + all_week[value]
            if rest:
                for place in range(n_places):
                    n = work[value, place, session]
                    rest -= n
                    cells[row, value, code_at[place]] += n
                    work[value, place, session] = 0
                cells[row, value, plain[session]] += rest
            base[value, session] = 0
        all_week[value] = 0


@compiled
def count_weeks(
    data: Bytes, offsets: Ints, order: Ints, school: Ints, week: Ints, n_pupils: Ints, phase: Ints, place: Ints,
    edges: tuple[int, int], roll: Roll, events: Events, codes: Codes, desk: Desk, cover: Cover, sums: Sums,
    cells: Ints, schools: Ints, on_roll: Ints,
) -> Whole:
    """Count packed weeks in this order, in which those of one phase and week lie together.

    Adds to cells[phase, place, day, value, code], schools[phase, place, value, days open], on_roll[phase, place, day],
    and gives the number of the first week that is FAULTY, or -1.
    """
    is_open, on_roll_of_school = desk.is_open, desk.on_roll
    for turn in range(len(order)):
        i = order[turn]
        p, w = phase[i], place[i]
        if offsets[i + 1] - offsets[i] < 2:
            return i
        counted = _sessions_counted(data, offsets[i], events.monday + 7 * week[i], edges)
        if counted:
            if not count_packed(data, offsets[i], offsets[i + 1], n_pupils[i], week[i], counted, school[i],
                                roll, events, codes, desk, cover, sums):
                return i
            for value in range(len(is_open)):
                if is_open[value]:
                    schools[p, w, value, is_open[value]] += 1
            for day in range(N_DAYS):
                on_roll[p, w, day] += max(on_roll_of_school[2 * day], on_roll_of_school[2 * day + 1])
            on_roll_of_school[:] = 0
        after = order[min(turn + 1, len(order) - 1)]
        if turn + 1 == len(order) or phase[after] != p or place[after] != w:
            fold_week(desk, codes, roll.fold, 2, cells[p, w])
    return -1


@within
def _sessions_counted(data: Bytes, at: Whole, monday: Whole, edges: tuple[int, int]) -> Whole:
    """The sessions of a packed week that were sent and lie within the edges, as bits."""
    counted = _two(data, at)
    for session in range(N_SESSIONS):
        if not edges[0] <= monday + session // 2 <= edges[1]:
            counted &= ~(1 << session)
    return counted


@compiled
def finish_sums(roll: Roll, events: Events, cover: Cover, sums: Sums) -> None:
    """Say of each row what was possible, and in which stretch it last counted, from the sessions that were sent."""
    row_at, stretch_at, first, last, _, _ = roll
    sent, possible, lost, latest = cover.sent, sums.possible, sums.lost, sums.latest
    monday, last_day = events.monday, sent.shape[1] - 1
    for school in range(len(row_at) - 1):
        for day in range(last_day):
            sent[school, day + 1] += sent[school, day]
        for row in range(row_at[school], row_at[school + 1]):
            possible[row] = -lost[row]
            for stretch in range(stretch_at[row], stretch_at[row + 1]):
                before = min(first[stretch] - monday, last_day + 1) - 1
                until = min(last[stretch] - monday, last_day)
                if until < 0:
                    continue
                n_sent = sent[school, until]
                if before >= 0:
                    n_sent -= sent[school, before]
                if n_sent > 0:
                    possible[row] += n_sent
                    latest[row] = stretch


@compiled
def count_enrolments(
    school_phase: Ints, roll: Roll, sums: Sums, shares: Ints, counts: Ints, schools: Ints, reached: Ints
) -> None:
    """Add enrolments: counts[phase, value, share], of which share 0 is all that have a possible session.

    `shares` are numerator and denominator of each share of absence, the first 0 of 1; schools[phase, value] counts
    those with any enrolment. A phase below 0 is left out.
    """
    row_at, _, _, _, slots, fold = roll
    absent, possible, latest = sums.absent, sums.possible, sums.latest
    n_shares = len(shares)
    for school in range(len(school_phase)):
        phase = school_phase[school]
        if phase < 0:
            continue
        reached[:] = 0
        for row in range(row_at[school], row_at[school + 1]):
            if possible[row] == 0:
                continue
            for share in range(n_shares):
                if shares[share, 1] * absent[row] >= shares[share, 0] * possible[row]:
                    for bundle in range(slots.shape[1]):
                        slot = np.int64(slots[latest[row], bundle])
                        for way in range(fold.shape[1]):
                            reached[fold[slot, way], share] += 1
        for value in range(len(reached)):
            if reached[value, 0]:
                schools[phase, value] += 1
                for share in range(n_shares):
                    counts[phase, value, share] += reached[value, share]
