"""One synthetic school's year, from its plan. Any school can be made alone, and always comes out the same."""

from datetime import date

import numpy as np

from tallyroll.simulate import absence, certain, edits, presence, reasons, records
from tallyroll.simulate.byte import BYTE, UNDECIDED
from tallyroll.simulate.calendars import half_terms, school_calendar, term_days, terms_of
from tallyroll.simulate.certain import Setting
from tallyroll.simulate.estate import Plan, PlannedSchool
from tallyroll.simulate.model import Marks, SchoolYear
from tallyroll.simulate.roll import Roll, roll
from tallyroll.simulate.seeds import Stream, stream
from tallyroll.simulate.travel import Travellers
from tallyroll.vocab.schools import Phase

EXAM_YEAR = 11


def school_year(plan: Plan, planned: PlannedSchool, travellers: dict[Phase, Travellers]) -> SchoolYear:
    """The roll, calendar and marks of one planned school."""
    urn, phase = planned.school.urn, planned.school.phase
    rng = stream(plan.seed, "school", urn.number)
    setting = setting_of(plan, planned, rng=rng)
    enrolled = roll(plan, planned, travellers[phase], days=setting.days, rng=rng)
    marks = certain.undecided(setting, enrolled, rng=rng)
    found, why = _absences(marks, setting, enrolled, rng)
    presence.fill(marks, setting, enrolled, rng=rng)
    edits.withdrawn(marks, rng=rng)
    first, settles = edits.entered(marks, found, why, setting, rng=rng)
    return SchoolYear(
        school=planned.school,
        calendar=setting.calendar,
        days=setting.days,
        pupils=records.pupils(enrolled, urn=urn, year=plan.year),
        status=records.status(enrolled, days=setting.days, rng=rng),
        final=marks,
        entered=first,
        settles=settles,
    )


def setting_of(plan: Plan, planned: PlannedSchool, *, rng: Stream) -> Setting:
    """The days of a school's year and what is known of each."""
    terms = terms_of(plan.year, la=planned.school.laestab.la, seed=plan.seed)
    days: tuple[date, ...] = term_days(terms, plan.year)
    return Setting(
        phase=planned.school.phase,
        calendar=school_calendar(terms, year=plan.year, rng=rng),
        days=days,
        half_term=half_terms(terms, days),
        weekday=np.array([day.weekday() for day in days]),
    )


def _absences(marks: Marks, setting: Setting, enrolled: Roll, rng: Stream) -> tuple[reasons.Spells, reasons.Bytes]:
    """Write the absences into the block; gives the spells and the reason of each."""
    allowed = marks == UNDECIDED
    possible = allowed.sum(axis=(1, 2))
    target = absence.targets(enrolled.rate, possible, rng=rng)
    absent = absence.choose(setting, allowed, target, rng=rng)
    level = target / np.maximum(possible, 1)
    exam_year = enrolled.child.shown == EXAM_YEAR
    found = reasons.spells(absent, level=level, half_term=setting.half_term, exam_year=exam_year)
    why = reasons.draw(found, setting.phase, level=level, rng=rng)
    why[(why == BYTE["C2"]) & ~enrolled.compulsory[found.pupil]] = BYTE["C"]  # C2 is for compulsory school age
    marks.reshape(-1)[found.at] = why[found.spell]
    return found, why
