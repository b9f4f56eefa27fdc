"""Screening: an extract as it came to what stands of it, for an ordinary day's window and for a whole term."""

from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path

from tallyroll import register, simulate
from tallyroll.flows.bench.ground import NOW, make_england, permit
from tallyroll.flows.bench.measuring import Line, Outcome, interleave
from tallyroll.flows.stage import DAY, DAYS_BACK, FIRST
from tallyroll.governance import Door, Permit
from tallyroll.vocab.extracts import Extract
from tallyroll.vocab.progress import Advance
from tallyroll.vocab.schools import SchoolCalendar

SCHOOLS, RUNS = 40, 5
PERIODS = {"one day": DAY, "four weeks": DAY - timedelta(days=DAYS_BACK), "the term": FIRST}

Given = tuple[Extract, SchoolCalendar]


def screen(scale: float, *, folder: Path, advance: Advance, runs: int = RUNS) -> Outcome:
    """Marks a second, rolls and statuses of the same extracts included."""
    england = make_england(folder, schools=SCHOOLS * scale, advance=advance)
    pull = permit(Door.PULL, england.schools, folder=folder)
    given: dict[str, list[Given]] = {name: [] for name in PERIODS}
    for school in england.schools:
        year = england.school_year(school.urn)
        for name, first in PERIODS.items():
            made = simulate.extract_of(year, items=pull.request.items, first=first, last=DAY, taken_at=NOW)
            given[name].append((made, year.calendar))
    times = interleave({name: partial(_all, pull, some) for name, some in given.items()}, runs=runs, advance=advance)
    lines = [Line(name, _received(given[name]), "marks", its) for name, its in times.items()]
    schools = Line("one day, by school", len(england.schools), "schools", times["one day"])
    return Outcome((*lines, schools))


def _all(pull: Permit, given: Sequence[Given]) -> int:
    return sum(register.screen(pull, extract, calendar=calendar, now=NOW).kept for extract, calendar in given)


def _received(given: Sequence[Given]) -> int:
    return sum(extract.marks.num_rows for extract, _ in given)
