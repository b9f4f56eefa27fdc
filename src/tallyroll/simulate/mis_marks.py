"""The attendance part of the simulated service: marks as they show at a moment, codes, summaries.

A national demo serves millions of marks, so nothing is held as objects: arrays are cut to what a page needs, and a
page is joined from prepared bytes (1,000 marks in about two milliseconds).
"""

from dataclasses import dataclass
from datetime import datetime

import msgspec
import numpy as np
import numpy.typing as npt

from tallyroll.simulate import mis_stamps
from tallyroll.simulate.mis_awkward import Awkward
from tallyroll.simulate.mis_history import LOCAL_CODES, NEVER, History, Seconds
from tallyroll.simulate.model import Marks
from tallyroll.vocab.clock import LONDON
from tallyroll.vocab.codes import CODES, Category

TAKEN = ((9, 10), (13, 10))  # when registers are entered, London time
SETTLED = (15, 30)  # when a correction is entered

COMMENT = "Free text about a child that nobody may collect"

_TYPE = {
    Category.PRESENT: "PRESENT",
    Category.AEA: "APPROVED_EDUCATIONAL_ACTIVITY",
    Category.AUTHORISED: "AUTHORISED_ABSENCE",
    Category.UNAUTHORISED: "UNAUTHORISED_ABSENCE",
    Category.NOT_REQUIRED: "ATTENDANCE_NOT_REQUIRED",
    Category.UNABLE: "ATTENDANCE_NOT_REQUIRED",
    Category.ADMINISTRATIVE: "ATTENDANCE_NOT_REQUIRED",
}


@dataclass(frozen=True, slots=True)
class Timeline:
    """Marks at a moment, as arrays [pupil, day, session] over the days so far; code 0: no row is shown."""

    history: History
    code: Marks
    created: Seconds
    updated: Seconds
    rows: npt.NDArray[np.int64]  # flat positions of the marks shown, by day, session and pupil

    def between(self, after: int, before: int) -> npt.NDArray[np.int64]:
        """Positions of the marks last changed after the one moment and no later than the other."""
        changed = self.updated.ravel()[self.rows]
        return self.rows[(changed > after) & (changed <= before)]


def timeline(history: History, now: datetime) -> Timeline:
    """The marks that the school's system shows at that moment."""
    second, today = int(now.timestamp()), now.astimezone(LONDON).date()
    days = history.year.days
    n_seen = sum(day <= today for day in days)
    code, created, updated = _settle(history, n_seen, second)
    _edit(history, code, created, updated, second)
    for deletion in history.deletions:
        if deletion.hides(second) and Awkward.ORPHAN_MARKS not in history.on:
            code[deletion.place] = 0
    code[created > second] = 0
    by_day = np.ascontiguousarray(np.moveaxis(np.arange(code.size).reshape(code.shape), 0, 2)).ravel()
    return Timeline(history, code, created, updated, by_day[code.ravel()[by_day] != 0])


def _settle(history: History, n_seen: int, now: int) -> tuple[Marks, Seconds, Seconds]:
    """Marks as entered, replaced by the settled ones where their time has come."""
    days, entered, final = history.year.days, history.entered[:, :n_seen], history.final[:, :n_seen]
    settles = history.year.settles[:, :n_seen].astype(np.int64)
    taken = np.array([[mis_stamps.seconds(day, *at) for at in TAKEN] for day in days[:n_seen]]).reshape(n_seen, 2)
    evenings = np.array([*(mis_stamps.seconds(day, *SETTLED) for day in days), NEVER])
    due = evenings[np.minimum(np.arange(n_seen)[None, :, None] + settles, len(days))]
    moved = (settles > 0) & (entered != final) & (due <= now)
    code = np.where(moved | (settles == 0), final, entered).astype(np.uint8)
    updated = np.where(moved, due, taken[None])
    created = np.where(moved & (entered == 0), due, taken[None])
    return code, created, updated


def _edit(history: History, code: Marks, created: Seconds, updated: Seconds, now: int) -> None:
    """Lay later edits over the marks, in order of time; an edit that takes a mark away leaves code 0."""
    for place, day, session, at, number in history.edits:
        where = place, day, session
        if day < code.shape[1] and at <= now and at >= updated[where]:
            if code[where] == 0:
                created[where] = at
            code[where], updated[where] = number, at


def removed(line: Timeline, now: int) -> list[tuple[str, int]]:
    """Keys of marks that once were there and are gone, with the moment they went (their pupil being still there)."""
    history = line.history
    entered = history.entered[:, : line.code.shape[1]]
    hidden = {deletion.place for deletion in history.deletions if deletion.hides(now)}
    edited = {(edit.place, edit.day, edit.session) for edit in history.edits if edit.at <= now}
    once = {tuple(where) for where in np.argwhere((entered != 0) & (line.code == 0) & (line.updated > line.created))}
    gone = once | {where for where in edited if where[1] < line.code.shape[1] and line.code[where] == 0}
    return [
        (history.key("mark", int(np.ravel_multi_index(where, history.final.shape))), int(line.updated[where]))
        for where in sorted(gone)
        if where[0] not in hidden
    ]


class MarkWriter:
    """Writes marks as JSON; holds the prepared bytes of one school's days, pupils and codes."""

    def __init__(self, line: Timeline) -> None:
        self._line = line
        history = line.history
        mixed = Awkward.TIMEZONES in history.on
        teacher = b"null" if Awkward.NULL_EMPLOYEE in history.on else f'"A{history.urn}9"'.encode()
        stamps = [mis_stamps.day(day, n if mixed else 0) for n, day in enumerate(history.year.days)]
        self._prefix = b'{"id":"%b' % history.key("mark", 0)[:-7].encode()
        self._sessions = [
            b'","date":%b,"session":"%b","employee":%b,"student":' % (stamp, name, teacher)
            for stamp in stamps
            for name in (b"AM", b"PM")
        ]
        self._students = [f'"{history.key("student", n)}"'.encode() for n in range(2 * history.year.pupils.num_rows)]
        self._codes = [_code_json(history, number) for number in range(n_codes() + 1)]
        self._comments = (b',"comment":null', b',"comment":%b' % msgspec.json.encode(COMMENT))
        self._changes: dict[tuple[int, int], bytes] = {}

    def rows(self, positions: npt.NDArray[np.int64], includes: frozenset[str]) -> list[bytes]:
        """The marks at these positions, in this order."""
        line, history = self._line, self._line.history
        place, day, session = np.unravel_index(positions, line.code.shape)
        marks = np.ravel_multi_index((place, day, session), history.final.shape)
        student = place * 2 + (day >= history.rejoins[place])
        students, codes = self._students, self._codes
        if "student" in includes:
            students = [b'{"data":{"id":%b}}' % key for key in students]
        if "attendance_code" in includes:
            codes = [_wrapped_code(history, number) for number in range(n_codes() + 1)]
        columns = (marks, day * 2 + session, student, line.code.ravel()[positions])
        changes = zip(line.created.ravel()[positions].tolist(), line.updated.ravel()[positions].tolist(), strict=True)
        return [
            b'%b%07d%b%b,"attendance_code":%b%b%b'
            % (
                self._prefix,
                mark,
                self._sessions[when],
                students[who],
                codes[code],
                self._comments[mark % 31 == 0],
                self._changed(change),
            )
            for (mark, when, who, code), change in zip(
                zip(*(c.tolist() for c in columns), strict=True), changes, strict=True
            )
        ]

    def _changed(self, change: tuple[int, int]) -> bytes:
        """The end of a row: when the mark was made and last changed; a whole school shares few such moments."""
        if change not in self._changes:
            created, updated = map(mis_stamps.moment, change)
            self._changes[change] = b',"minutes_late":null,"created_at":%b,"updated_at":%b}' % (created, updated)
        return self._changes[change]


def n_codes() -> int:
    """How many codes there can be, a school's own ones included."""
    return len(CODES) + len(LOCAL_CODES)


def _code_json(history: History, number: int) -> bytes:
    """A mark's code: its key, or the record itself where the service gives it whole."""
    if number == 0 or Awkward.INCLUDED_CODES in history.on:
        return _wrapped_code(history, number)
    return f'"{history.key("code", number)}"'.encode()


def _wrapped_code(history: History, number: int) -> bytes:
    return msgspec.json.encode({"data": code_record(history, number)}) if number else b"null"


def code_record(history: History, number: int) -> dict[str, str]:
    """One attendance code as this school lists it."""
    if number > len(CODES):
        text, description, kind = LOCAL_CODES[number - len(CODES) - 1]
    else:
        official = CODES[number - 1]
        text, description, kind = official.text, official.name, _TYPE[official.category]
    return {"id": history.key("code", number), "code": text, "description": description, "type": kind}


def codes(history: History) -> list[bytes]:
    """Every attendance code of this school as JSON; its own ones only where it has them."""
    last = n_codes() if Awkward.CUSTOM_CODES in history.on else len(CODES)
    return [msgspec.json.encode(code_record(history, number)) for number in range(1, last + 1)]


def summaries(line: Timeline) -> list[bytes]:
    """Each pupil's marks by code, as JSON: only codes of one letter are known, and now and then a pupil comes twice."""
    rows = []
    for place, marks in enumerate(line.code):
        counts = np.bincount(marks.ravel(), minlength=n_codes() + 1)
        record = {
            "id": f"{line.history.key('student', place * 2)}S",
            "student": line.history.key("student", place * 2),
            "attendance_codes": {c.text: int(counts[c.number]) for c in CODES if len(c.text) == 1},
            "missing_marks": int(counts[0]),
        }
        twice = Awkward.DUPLICATE_SUMMARIES in line.history.on and place % 5 == 0
        rows += [msgspec.json.encode(record)] * (2 if twice else 1)
    return rows
