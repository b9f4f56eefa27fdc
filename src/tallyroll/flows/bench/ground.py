"""The ground that benches stand on: a synthetic England, an assessment in force, permits, a store with history."""

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path

from tallyroll import register, simulate
from tallyroll.flows import node
from tallyroll.flows.gatehouse import open_gate
from tallyroll.flows.rehearsal import rehearsed
from tallyroll.flows.settings import GateSettings
from tallyroll.flows.stage import COLLECTION, DAY, EVENING, FIRST, PURPOSE, draft_text
from tallyroll.governance import Door, Gate, Permit, Request, permitted, require
from tallyroll.governance.manifest import Manifest, parse
from tallyroll.governance.manifest.words import Tier
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
    """The demo's assessment, for registers at a trust, where no witnesses need run beside the bench."""
    return parse(draft_text().replace('tier = "authority"', 'tier = "trust"'), where="bench manifest")


def gate(folder: Path, schools: Sequence[School] = (), *, assessed: Manifest | None = None) -> Gate:
    """A gate in whose ledger, kept in the folder, that assessment is in force; these schools' families are told.

    `assessed` is another assessment than the demo's, if given when the gate is first made.
    """
    place = folder / "gate"
    if not place.exists():
        with rehearsed(place, origin="bench.example/attendance", clock=CLOCK, witnesses=False) as office:
            office.enact(assessed or manifest())
    settings = GateSettings(
        collection=COLLECTION,
        purpose=PURPOSE,
        tier=Tier.TRUST,
        assessments=str(place / "ledger"),
        roles=place / "roles.toml",
        log=place / "ledger",
        log_key=place / "keys" / "ledger.key",
    )
    made = open_gate(settings, clock=CLOCK)
    if schools:
        node.record_notices(made, [school.urn for school in schools])
    return made


def permit(door: Door, schools: Sequence[School], *, folder: Path, first: date = FIRST, last: date = DAY) -> Permit:
    """A permit for these schools, asked of the real gate."""
    asked = gate(folder, schools)
    request = Request(
        door=door,
        purpose=PURPOSE,
        schools=frozenset(school.urn for school in schools),
        items=permitted(asked, PURPOSE),
        first=first,
        last=last,
        characteristics=frozenset(manifest().counters.characteristics) if door is Door.COUNT else frozenset(),
    )
    return require(asked, request, authorities={school.urn: school.laestab.la for school in schools})


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
