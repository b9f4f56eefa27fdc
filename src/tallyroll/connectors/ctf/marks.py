"""AttendanceMarks: one character for each session, morning then afternoon, from a first day, weekends included.

How the two-character codes of August 2024 are written in this string could not be verified. So a string that could
hold them, or that has slipped by a session, is refused whole: a guess would put marks on the wrong days.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from tallyroll.vocab.codes import BY_TEXT, CODES
from tallyroll.vocab.periods import Session
from tallyroll.vocab.schools import FRIDAY

FILLERS = frozenset(" -#")
CLOSURE = "#"
LONGEST = 2 * 366
_SINGLE = frozenset(text for text in BY_TEXT if len(text) == 1)
_FIRST_HALVES = frozenset(text[0] for text in BY_TEXT if len(text) == 2)
_SESSIONS = (Session.AM, Session.PM)


@dataclass(frozen=True, slots=True)
class Mark:
    """One session's code."""

    day: date
    session: Session
    code: str


@dataclass(frozen=True, slots=True)
class Run:
    """A decoded string: its marks, or the check that refused it; `halved` are marks that may be half of a code.

    `n_closures` counts `#` on Monday to Friday, which may be a planned closure or a filler and is not taken.
    """

    marks: tuple[Mark, ...] = ()
    refused: str = ""
    halved: int = 0
    n_closures: int = 0


def decode(text: str, *, start: date) -> Run:
    """The marks of a string whose first character is the morning of `start`."""
    refused = _refusal(text, start)
    if refused:
        return Run(refused=refused)
    days = [start + timedelta(days=n) for n in range((len(text) + 1) // 2)]
    marks = tuple(
        Mark(days[place // 2], _SESSIONS[place % 2], code) for place, code in enumerate(text) if code not in FILLERS
    )
    whole = tuple(mark for mark in marks if not _may_be_half(mark))
    closures = sum(code == CLOSURE and days[place // 2].weekday() <= FRIDAY for place, code in enumerate(text))
    return Run(whole, "", len(marks) - len(whole), closures)


def n_marks(text: str) -> int:
    """How many characters of a string are marks."""
    return sum(code not in FILLERS for code in text)


def _refusal(text: str, start: date) -> str:
    if len(text) > LONGEST:
        return "ctf_marks_long"
    strange = set(text) - _SINGLE - FILLERS
    if strange:
        return "ctf_code_two_characters" if any(one.isdigit() for one in strange) else "ctf_code_unknown"
    if any(code not in FILLERS and _is_weekend(start, place) for place, code in enumerate(text)):
        return "ctf_weekend_mark"
    if "/" in text[1::2] or "\\" in text[::2]:
        return "ctf_marks_shifted"
    return ""


def _is_weekend(start: date, place: int) -> bool:
    return (start.weekday() + place // 2) % 7 > FRIDAY


def _may_be_half(mark: Mark) -> bool:
    """Whether a code that is not in force any more begins one that is: J may be what is left of J1."""
    return mark.code in _FIRST_HALVES and not BY_TEXT[mark.code].in_force(mark.day) and _has_successor(mark)


def _has_successor(mark: Mark) -> bool:
    return any(len(code.text) == 2 and code.text[0] == mark.code and code.in_force(mark.day) for code in CODES)
