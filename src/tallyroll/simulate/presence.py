"""How pupils were present: on time, late, or at an approved activity elsewhere.

Source: shares of possible sessions of the 2025/26 year-to-date file. Trips take whole groups of a year for a day,
work experience takes year 10 for a week, arranged provision and off-site education take a few pupils week by week.
"""

from dataclasses import dataclass

import numpy as np

from tallyroll.simulate.byte import BYTE, UNDECIDED
from tallyroll.simulate.certain import Setting
from tallyroll.simulate.children import Flags, Ints
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


@dataclass(frozen=True, slots=True)
class _Outing:
    """Some pupils, and when they are out. Shape of `when`: pupils by days by sessions (or one for both)."""

    pupils: Ints | slice
    when: Flags


def fill(marks: Marks, setting: Setting, roll: Roll, *, rng: Stream) -> None:
    """Decide every session that is still `UNDECIDED`: the pupil came."""
    came = marks == UNDECIDED
    np.copyto(marks, np.array([BYTE["/"], BYTE["\\"]], dtype=np.uint8), where=came)
    np.copyto(marks, np.uint8(BYTE["L"]), where=came & _late(len(marks), setting, rng))
    for code, outing in (
        ("P", _sport(setting, roll, rng)),
        ("V", _trips(setting, roll, rng)),
        ("W", _work_experience(setting, roll, rng)),
        ("B", _off_site(setting, roll, rng)),
        ("K", _arranged(setting, roll, rng)),
    ):
        some = marks[outing.pupils]
        np.copyto(some, np.uint8(BYTE[code]), where=came[outing.pupils] & outing.when)
        marks[outing.pupils] = some


def attending_share(phase: Phase, column: str) -> float:
    """The chance that a pupil who attended a session did so in this way."""
    return share(phase, column) / share(phase, "overall_attendance")


def _late(pupils: int, setting: Setting, rng: Stream) -> Flags:
    """By chance, and more so for some. Sixteen bits are enough for a chance of a few in a hundred."""
    rate = 2 * attending_share(setting.phase, "reason_l_present_late_before_registers_closed")
    by_pupil = rng.gamma(_LATE_SPREAD, 1 / _LATE_SPREAD, pupils)
    by_pupil *= rate * pupils / max(by_pupil.sum(), 1e-9)
    chance = np.minimum(by_pupil[:, None] * np.array([_LATE_MORNING, 1 - _LATE_MORNING]), 0.95)
    draw = np.frombuffer(rng.bytes(4 * pupils * len(setting.days)), dtype="<u2").reshape(pupils, -1, 2)
    late: Flags = draw < (chance * 65536).astype(np.uint16)[:, None, :]
    return late


def _trips(setting: Setting, roll: Roll, rng: Stream) -> _Outing:
    """Whole days, by year group and form."""
    rate = attending_share(setting.phase, "reason_v_aea_educational_visit_trip")
    groups = (roll.child.year - roll.child.year.min()) * _FORMS + np.arange(len(roll)) % _FORMS
    out = rng.random((int(groups.max()) + 1, len(setting.days))) < rate
    return _Outing(slice(None), out[groups][:, :, None])


def _sport(setting: Setting, roll: Roll, rng: Stream) -> _Outing:
    """Afternoons, for those in a team."""
    rate = attending_share(setting.phase, "reason_p_aea_approved_sporting_activity")
    players = np.flatnonzero(rng.random(len(roll)) < _PLAYERS)
    out = np.zeros((len(players), len(setting.days), 2), dtype=bool)
    out[:, :, 1] = rng.random(out.shape[:2]) < 2 * rate / _PLAYERS
    return _Outing(players, out)


def _work_experience(setting: Setting, roll: Roll, rng: Stream) -> _Outing:
    """A week of the summer for year 10, in as many schools as the published share needs; nobody younger."""
    rate = attending_share(setting.phase, "reason_w_aea_work_experience")
    week = _WORK_DAYS / len(setting.days) / _SCHOOL_YEARS[setting.phase]
    takes_part = setting.phase is not Phase.PRIMARY and rng.random() < rate / week
    pupils = np.flatnonzero((roll.child.year == _WORK_YEAR) & takes_part)
    start = rng.choice(np.flatnonzero(setting.half_term == _SUMMER_2)[: -2 * _WORK_DAYS])
    days = np.arange(len(setting.days))
    return _Outing(pupils, ((days >= start) & (days < start + _WORK_DAYS))[None, :, None])


def _off_site(setting: Setting, roll: Roll, rng: Stream) -> _Outing:
    """One weekday at a college or with a tutor, all year."""
    rate = attending_share(setting.phase, "reason_b_aea_education_off_site")
    old_enough = (roll.child.year >= _OFF_SITE_FROM[setting.phase]) & (roll.child.year < 12)
    chance = 5 * rate / max(old_enough[roll.compulsory].mean() if roll.compulsory.any() else 1.0, 0.1)
    pupils = np.flatnonzero(old_enough & (rng.random(len(roll)) < chance))
    weekday = rng.integers(0, 5, len(pupils))
    return _Outing(pupils, (setting.weekday == weekday[:, None])[:, :, None])


def _arranged(setting: Setting, roll: Roll, rng: Stream) -> _Outing:
    """Provision by the authority, for a stretch of some weeks."""
    rate = attending_share(setting.phase, "reason_k_aea_education_arranged_by_la")
    pupils = np.flatnonzero(roll.compulsory & (rng.random(len(roll)) < _STRETCHES * rate))
    since = (np.arange(len(setting.days)) - rng.integers(0, len(setting.days), (len(pupils), 1))) % len(setting.days)
    return _Outing(pupils, (since < len(setting.days) // _STRETCHES)[:, :, None])
