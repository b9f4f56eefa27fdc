"""What a register showed before it was put right: the mark as first entered, and when it was replaced.

Schools enter `N` for an absence not yet explained and replace it within days; some registers are filled in a day late;
some marks turn out to be wrong. A few schools still use codes that were withdrawn in August 2024.
"""

import numpy as np

from tallyroll.simulate.byte import BYTE, NOTHING
from tallyroll.simulate.certain import Setting
from tallyroll.simulate.children import Ints
from tallyroll.simulate.model import Marks
from tallyroll.simulate.reasons import Bytes, Spells
from tallyroll.simulate.seeds import Stream

# The chance that a spell with this reason was first entered as N, and the mean school days until it was explained.
_UNEXPLAINED = {"I": 0.18, "M": 0.1, "O": 0.3, "C": 0.12, "G": 0.15}
_MEAN_DELAY, _LONGEST_DELAY = 3.0, 40
_MISTAKEN = 0.02  # spells entered as illness that were something else
_CAME_AFTER_ALL = 0.0008  # of present marks: N at first
_LATE_AFTER_ALL = 0.02  # of late arrivals in the morning: on time at first
_LATE_REGISTERS = 0.002  # of a school's sessions: entered the next day
# Schools that still enter a withdrawn code, and for how many sessions; nationally 388 H, 87 J, about 106 F a year.
_WITHDRAWN = {"H": (0.0046, 4, ("I", "G", "C")), "F": (0.0005, 10, ("G", "O")), "J": (0.002, 2, ("/", "\\"))}

Entries = tuple[Marks, Marks]


def withdrawn(marks: Marks, *, rng: Stream) -> None:
    """In a rare school, enter a code the regulations no longer know, for one pupil."""
    for code, (share, sessions, instead_of) in _WITHDRAWN.items():
        if rng.random() < share:
            place = rng.integers(0, len(marks))
            row = marks[place].reshape(-1)
            found = np.flatnonzero(np.isin(row, [BYTE[one] for one in instead_of]))
            row[found[:sessions]] = BYTE[code]


def entered(marks: Marks, found: Spells, why: Bytes, setting: Setting, *, rng: Stream) -> Entries:
    """The marks as first entered, and after how many school days each was replaced.

    Shape: both as `marks`. Where the second is 0, both marks agree.
    """
    first, settles = marks.copy(), np.zeros_like(marks)
    _spells_unexplained(first, settles, found, why, rng)
    _single_marks(first, settles, final="/", mark="N", share=_CAME_AFTER_ALL, rng=rng)
    _single_marks(first, settles, final="\\", mark="N", share=_CAME_AFTER_ALL, rng=rng)
    _single_marks(first[:, :, :1], settles[:, :, :1], final="L", mark="/", share=_LATE_AFTER_ALL, rng=rng)
    for day, session in np.argwhere(rng.random((len(setting.days), 2)) < _LATE_REGISTERS):
        settles[:, day, session] = np.where(marks[:, day, session] == NOTHING, 0, 1)
        first[:, day, session] = NOTHING
    settles[first == marks] = 0
    return first, settles


def _spells_unexplained(first: Marks, settles: Marks, found: Spells, why: Bytes, rng: Stream) -> None:
    """`N`, or the wrong reason, until the day the spell is explained; what comes after that day is right at once."""
    chance = np.zeros(256)
    chance[[BYTE[code] for code in _UNEXPLAINED]] = list(_UNEXPLAINED.values())
    draw = rng.random(len(why))
    unexplained = draw < chance[why]
    mistaken = (draw > 1 - _MISTAKEN) & (why != BYTE["I"])
    delay = np.minimum(rng.geometric(1 / _MEAN_DELAY, len(why)), _LONGEST_DELAY)
    delay = np.where(unexplained | mistaken, delay, 0)
    mark = np.where(unexplained, BYTE["N"], BYTE["I"])
    _enter(first, settles, found, delay=delay, mark=mark)


def _enter(first: Marks, settles: Marks, found: Spells, *, delay: Ints, mark: Ints) -> None:
    within = found.at // 2 - (found.start // 2)[found.spell]  # days since the spell began
    left = delay[found.spell] - within
    open_still = left > 0
    at = found.at[open_still]
    first.reshape(-1)[at] = mark[found.spell[open_still]]
    settles.reshape(-1)[at] = left[open_still]


def _single_marks(first: Marks, settles: Marks, *, final: str, mark: str, share: float, rng: Stream) -> None:
    """A share of the marks that end as `final` were entered as `mark`."""
    right = np.flatnonzero(first == BYTE[final])
    place = np.unravel_index(rng.choice(right, rng.binomial(len(right), share), replace=False), first.shape)
    first[place] = BYTE[mark]
    settles[place] = rng.integers(1, 5, len(place[0]))
