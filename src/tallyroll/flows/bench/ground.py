"""The ground that benches stand on: a synthetic England, an assessment in force, permits, a store with history."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path

from tallyroll import register, simulate
from tallyroll.flows.demo import DAY, EVENING, FIRST, PURPOSE, draft_text
from tallyroll.governance import Door, Permit, Request, items_of, require
from tallyroll.governance.manifest import Manifest, parse
from tallyroll.register import RegisterStore, Screened
from tallyroll.simulate import England
from tallyroll.vocab.clock import FixedClock
from tallyroll.vocab.progress import Advance
from tallyroll.vocab.schools import School

NATION = 21_292
"""Schools of England in the simulator: scale 1.0."""

SEED = 1
NOW = datetime.combine(DAY, EVENING)
YESTERDAY = DAY - timedelta(days=1)
CLOCK = FixedClock(NOW)


def make_england(folder: Path, *, schools: int, advance: Advance) -> England:
    """About so many synthetic schools; the same number gives the same schools."""
    return simulate.england(
        scale=schools / NATION, seed=SEED, out=folder / "england", year=FIRST.year, progress=advance
    )


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


def screened(pull: Permit, england: England, school: School, *, first: date, last: date) -> Screened:
    """One school's days as an extract, screened."""
    year = england.school_year(school.urn)
    extract = simulate.extract_of(year, items=pull.request.items, first=first, last=last, taken_at=NOW)
    return register.screen(pull, extract, calendar=year.calendar, now=NOW)


def keep_term(pull: Permit, england: England, store: RegisterStore, *, last: date, advance: Advance) -> int:
    """The term so far of every school in the store. Gives the marks kept."""
    kept = 0
    for done, school in enumerate(england.schools, start=1):
        made = screened(pull, england, school, first=FIRST, last=last)
        register.keep(pull, store, made, now=NOW)
        kept += made.kept
        advance(done, len(england.schools))
    return kept
