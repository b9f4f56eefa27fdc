"""How pupils were present: on time, late, or at an approved activity elsewhere.

Source: shares of possible sessions of the 2025/26 year-to-date file. Trips take whole groups of a year for a day,
work experience takes year 10 for a week, arranged provision and off-site education take a few pupils week by week.
"""

import numpy as np

from tallyroll.simulate.byte import BYTE, UNDECIDED
from tallyroll.simulate.children import Flags, Ints
from tallyroll.simulate.exceptions import Setting
from tallyroll.simulate.model import Marks
from tallyroll.simulate.roll import Roll
from tallyroll.simulate.seeds import Stream
from tallyroll.simulate.tables import share
from tallyroll.vocab.schools import Phase

_LATE_MORNING = 0.82  # of all late arrivals; the rest are late after lunch
_LATE_SPREAD = 0.6  # shape of the gamma distribution over pupils: a few are late often
_FORMS = 4  # groups of a year that go on a trip by themselves
_PLAYERS = 0.12  # pupils in a school team
_WORK_DAYS = 5
_SUMMER_2 = 5
_WORK_YEAR, _SCHOOL_YEARS = 10, {Phase.PRIMARY: 6, Phase.SECONDARY: 5, Phase.SPECIAL: 11}
_STRETCHES = 5  # a pupil's provision by the authority lasts a fifth of the year
_OFF_SITE_FROM = {Phase.PRIMARY: 1, Phase.SECONDARY: 9, Phase.SPECIAL: 7}


def fill(marks: Marks, setting: Setting, roll: Roll, *, rng: Stream) -> None:
    """Decide every session that is still `UNDECIDED`: the pupil came."""
    came = marks == UNDECIDED
    marks[:, :, 0][came[:, :, 0]] = BYTE["/"]
    marks[:, :, 1][came[:, :, 1]] = BYTE["\\"]
    _late(marks, came, setting.phase, rng)
    for code, where in (
        ("P", _sport(setting, roll, rng)),
        ("V", _trips(setting, roll, rng)),
        ("W", _work_experience(setting, roll, rng)),
        ("B", _off_site(setting, roll, rng)),
        ("K", _arranged(setting, roll, rng)),
    ):
        marks[came & where] = BYTE[code]


def attending_share(phase: Phase, column: str) -> float:
    """The chance that a pupil who attended a session did so in this way."""
    return share(phase, column) / share(phase, "overall_attendance")


def _late(marks: Marks, came: Flags, phase: Phase, rng: Stream) -> None:
    rate = 2 * attending_share(phase, "reason_l_present_late_before_registers_closed")
    by_pupil = rng.gamma(_LATE_SPREAD, 1 / _LATE_SPREAD, len(marks))
    by_pupil *= rate * len(marks) / max(by_pupil.sum(), 1e-9)
    chance = by_pupil[:, None] * np.array([_LATE_MORNING, 1 - _LATE_MORNING])
    late = rng.random(marks.shape, dtype=np.float32) < chance[:, None, :].astype(np.float32)
    marks[came & late] = BYTE["L"]


def _trips(setting: Setting, roll: Roll, rng: Stream) -> Flags:
    """Whole days, by year group and form."""
    rate = attending_share(setting.phase, "reason_v_aea_educational_visit_trip")
    groups = (roll.child.year - roll.child.year.min()) * _FORMS + np.arange(len(roll)) % _FORMS
    out = rng.random((int(groups.max()) + 1, len(setting.days))) < rate
    return out[groups][:, :, None]


def _sport(setting: Setting, roll: Roll, rng: Stream) -> Flags:
    """Afternoons, for those in a team."""
    rate = attending_share(setting.phase, "reason_p_aea_approved_sporting_activity")
    player = rng.random(len(roll)) < _PLAYERS
    out = np.zeros((len(roll), len(setting.days), 2), dtype=bool)
    out[player, :, 1] = rng.random((int(player.sum()), len(setting.days))) < 2 * rate / _PLAYERS
    return out


def _work_experience(setting: Setting, roll: Roll, rng: Stream) -> Flags:
    """A week of the summer for year 10, in as many schools as the published share needs; nobody younger."""
    rate = attending_share(setting.phase, "reason_w_aea_work_experience")
    out = np.zeros((len(roll), len(setting.days), 2), dtype=bool)
    days = np.flatnonzero(setting.half_term == _SUMMER_2)
    one_week = _WORK_DAYS / len(setting.days) / _SCHOOL_YEARS[setting.phase]
    if setting.phase is not Phase.PRIMARY and rng.random() < rate / one_week:
        start = rng.choice(days[: -2 * _WORK_DAYS])
        pupils = np.flatnonzero(roll.child.year == _WORK_YEAR)
        out[np.ix_(pupils, np.arange(start, start + _WORK_DAYS))] = True
    return out


def _off_site(setting: Setting, roll: Roll, rng: Stream) -> Flags:
    """One weekday at a college or with a tutor, all year."""
    rate = attending_share(setting.phase, "reason_b_aea_education_off_site")
    old_enough = (roll.child.year >= _OFF_SITE_FROM[setting.phase]) & (roll.child.year < 12)
    chance = 5 * rate / max(old_enough[roll.compulsory].mean() if roll.compulsory.any() else 1.0, 0.1)
    pupils = np.flatnonzero(old_enough & (rng.random(len(roll)) < chance))
    return _weekly(setting, len(roll), pupils, rng.integers(0, 5, len(pupils)))


def _weekly(setting: Setting, count: int, pupils: Ints, weekday: Ints) -> Flags:
    out = np.zeros((count, len(setting.days), 1), dtype=bool)
    out[pupils, :, 0] = setting.weekday == weekday[:, None]
    return out


def _arranged(setting: Setting, roll: Roll, rng: Stream) -> Flags:
    """Provision by the authority, for a stretch of some weeks."""
    rate = attending_share(setting.phase, "reason_k_aea_education_arranged_by_la")
    n_days = len(setting.days)
    out = np.zeros((len(roll), n_days, 1), dtype=bool)
    pupils = np.flatnonzero(roll.compulsory & (rng.random(len(roll)) < _STRETCHES * rate))
    for place in pupils:
        start = rng.integers(0, n_days)
        out[place, np.arange(start, start + n_days // _STRETCHES) % n_days] = True
    return out
