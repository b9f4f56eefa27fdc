"""What is missing: sessions, pupils and half days without a mark, and how full a register is.

Only a full extract can be judged so: changes name only what changed.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time

import numpy as np

from tallyroll.register.checks import BY_NAME
from tallyroll.register.marks import Period, Sessions
from tallyroll.register.roll import ON_ROLL, Enrolments, Presence
from tallyroll.register.sieve import TOLD_SINGLY, Bools, finding
from tallyroll.vocab.clock import LONDON
from tallyroll.vocab.codes import NOTHING_RECEIVED
from tallyroll.vocab.findings import Finding
from tallyroll.vocab.periods import Session

UNUSUAL_FALL = 0.05  # a registration group in a school of twenty groups, missed all day
WORST_DAYS = 3  # days named with the most half days unmarked
_DUE_AT = (time(11, 0), time(16, 0))  # London; registers are taken by then, and entered in the school's system
_SESSIONS = (Session.AM, Session.PM)


@dataclass(frozen=True, slots=True)
class Completeness:
    """How many marks were due (pupils on the roll, open sessions that have been) and how many of them came."""

    filled: int
    due: int

    @property
    def share(self) -> float:
        """The share that came; 1 when nothing was due."""
        return self.filled / self.due if self.due else 1.0


@dataclass(frozen=True, slots=True)
class Slots:
    """What was due and what came, by pupil, day and session."""

    due: Bools
    filled: Bools

    @property
    def completeness(self) -> Completeness:
        """The share of what was due that came."""
        return Completeness(int(np.count_nonzero(self.due & self.filled)), int(np.count_nonzero(self.due)))


def slots(sessions: Sessions, *, presence: Presence, period: Period, taken_at: datetime) -> Slots:
    """What was due when the extract was taken, and what it holds."""
    on_roll = presence[:-1] == ON_ROLL
    filled = np.zeros((*on_roll.shape, 2), dtype=np.bool_)
    marked = sessions.code != NOTHING_RECEIVED
    filled[sessions.pupil[marked], sessions.day[marked], sessions.session[marked]] = True
    been = period.open & _been(period, taken_at)
    return Slots(on_roll[:, :, None] & been[None], filled)


def _been(period: Period, taken_at: datetime) -> Bools:
    """The sessions whose register should have been entered at that moment, by day and session."""
    local = taken_at.astimezone(LONDON)
    answers = [
        [day < local.date() or (day == local.date() and local.time() >= due_at) for due_at in _DUE_AT]
        for day in period.dates
    ]
    return np.array(answers, dtype=np.bool_)


def judge(slots: Slots, *, enrolments: Enrolments, period: Period, usual: Completeness | None) -> list[Finding]:
    """Everything that a full extract lacks."""
    if not enrolments.keys:
        return [finding(BY_NAME["roll_empty"])]
    return [
        *_silent_sessions(slots, period),
        *_silent_pupils(slots, enrolments),
        *_half_days(slots, period),
        *_fall(slots.completeness, usual),
    ]


def _silent_sessions(slots: Slots, period: Period) -> Iterator[Finding]:
    check = BY_NAME["session_without_marks"]
    silent = np.argwhere(np.any(slots.due, axis=0) & ~np.any(slots.filled, axis=0)).tolist()
    single = TOLD_SINGLY[check.severity]
    for day, session in silent[:single]:
        yield finding(check, f"{period.dates[day]} {_SESSIONS[session]} has none.", field="session")
    rest = len(silent) - single
    if rest > 0:
        yield finding(check, f"{rest} more sessions have none.", field="session", n_rows=rest)


def _silent_pupils(slots: Slots, enrolments: Enrolments) -> Iterator[Finding]:
    check = BY_NAME["pupil_without_marks"]
    silent = np.any(slots.due, axis=(1, 2)) & ~np.any(slots.filled, axis=(1, 2))
    if silent.all():
        return  # the whole school is silent: its sessions say so
    rows = np.unique(enrolments.row[silent[enrolments.pupil]])
    single = TOLD_SINGLY[check.severity]
    for row in rows[:single].tolist():
        yield finding(check, row=row if row >= 0 else None, field="pupil")
    rest = len(rows) - single
    if rest > 0:
        yield finding(check, f"{rest} more pupils have none.", field="pupil", n_rows=rest)


def _half_days(slots: Slots, period: Period) -> Iterator[Finding]:
    """Days of a pupil with one mark of two, where both registers were taken: one finding for all of them."""
    taken = np.all(np.any(slots.due & slots.filled, axis=0), axis=1)
    both_due = np.all(slots.due, axis=2) & taken
    half = both_due & (slots.filled[:, :, 0] != slots.filled[:, :, 1])
    of_day = np.count_nonzero(half, axis=0)
    n = int(of_day.sum())
    if n:
        worst = np.argsort(-of_day, kind="stable")[:WORST_DAYS].tolist()
        named = ", ".join(f"{period.dates[day]} ({of_day[day]})" for day in worst if of_day[day])
        yield finding(BY_NAME["half_day_unmarked"], f"{n} half days lack theirs, the most on {named}.", n_rows=n)


def _fall(now: Completeness, usual: Completeness | None) -> Iterator[Finding]:
    if usual is not None and usual.due and now.due and now.share < usual.share - UNUSUAL_FALL:
        said = f"It is {now.share:.1%} now, and {usual.share:.1%} usually."
        yield finding(BY_NAME["completeness_fell"], said)
