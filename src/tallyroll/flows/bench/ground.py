"""The ground that benches stand on: a synthetic England, an assessment in force, permits, a store with history."""

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path

from tallyroll import register, simulate
from tallyroll.flows.demo import DAY, EVENING, FIRST, PURPOSE, draft_text
from tallyroll.governance import Door, Permit, Request, items_of, require
from tallyroll.governance.manifest import Manifest, parse
from tallyroll.register import RegisterStore, Screened
from tallyroll.simulate import England
from tallyroll.simulate.model import SchoolYear
from tallyroll.vocab.clock import FixedClock
from tallyroll.vocab.progress import Advance, unwatched
from tallyroll.vocab.schools import School

NATION = 21_292
"""Schools of England in the simulator: scale 1.0."""

SEED = 1
NOW = datetime.combine(DAY, EVENING)
CLOCK = FixedClock(NOW)


def make_england(folder: Path, *, schools: float, advance: Advance = unwatched) -> England:
    """About so many synthetic schools, one at least; the same number gives the same schools."""
    scale = max(schools, 1) / NATION
    return simulate.england(scale=scale, seed=SEED, out=folder / "england", year=FIRST.year, progress=advance)


def manifest() -> Manifest:
    """The demo's assessment, in force."""
    dates = 'status = "active"\nsigned_on = 2026-08-20\npublished_on = 2026-08-24'
    return parse(draft_text().replace('status = "draft"', dates), where="bench manifest")


def permit(door: Door, schools: Sequence[School], *, folder: Path, first: date = FIRST, last: date = DAY) -> Permit:
    """A permit for these schools, asked of the real gate, which writes it into a journal in the folder."""
    rules = manifest()
    request = Request(
        door=door,
        purpose=PURPOSE,
        schools=frozenset(school.urn for school in schools),
        items=items_of(rules, PURPOSE),
        first=first,
        last=last,
        characteristics=frozenset(rules.release.characteristics) if door is Door.COUNT else frozenset(),
    )
    authorities = {school.urn: school.laestab.la for school in schools}
    return require(rules, request, clock=CLOCK, authorities=authorities, journal=folder / "journal.jsonl")


def screened(pull: Permit, year: SchoolYear, *, first: date, last: date) -> Screened:
    """One school's days as an extract, screened."""
    extract = simulate.extract_of(year, items=pull.request.items, first=first, last=last, taken_at=NOW)
    return register.screen(pull, extract, calendar=year.calendar, now=NOW)


def keep_term(pull: Permit, england: England, store: RegisterStore, *, advance: Advance) -> None:
    """Put the term so far of every school into the store."""
    for done, school in enumerate(england.schools, start=1):
        made = screened(pull, england.school_year(school.urn), first=FIRST, last=DAY)
        register.keep(pull, store, made, now=NOW)
        advance(done, len(england.schools))
