"""Parsing: the bytes of one day's marks, of some 300 schools, to marks that have passed every check; against pydantic.

The bytes are those that the simulated information system sends for the marks changed since the evening before: one
record a mark, in pages. Ours is the connector's decoder and columns, then `register.screen` against the known roll.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path

import msgspec
import numpy as np
import pyarrow.compute as pc

from tallyroll import register, simulate
from tallyroll.connectors.wonde.marks import Marks
from tallyroll.connectors.wonde.records import Mark, Page
from tallyroll.flows.bench import rival_parse
from tallyroll.flows.bench.ground import NOW, YESTERDAY, make_england, permit, screened
from tallyroll.flows.bench.measuring import Goal, Line, Outcome, agree, compare, interleave
from tallyroll.flows.demo import DAY, DAYS_BACK, FIRST
from tallyroll.governance import Door, Permit
from tallyroll.register.screening import Known
from tallyroll.simulate import World, mis_marks
from tallyroll.vocab.extracts import Extract
from tallyroll.vocab.progress import Advance
from tallyroll.vocab.schools import School, SchoolCalendar
from tallyroll.vocab.shapes import RAW_MARKS, RAW_ROLL, RAW_STATUS

SCHOOLS, RUNS = 300, 5
WINDOW = DAY - timedelta(days=DAYS_BACK)
_PAGES = msgspec.json.Decoder(Page[Mark])
_OF_CHANGES = "changes"

Answer = tuple[int, int, int, int]  # marks that stand, and the sums of their days, sessions and codes


@dataclass(frozen=True, slots=True)
class Day:
    """One school's page of marks, and what it is judged by."""

    school: School
    calendar: SchoolCalendar
    page: bytes
    n: int
    pupils: dict[str, str]
    codes: dict[str, str]
    known: Known


def parse(scale: float, *, folder: Path, advance: Advance) -> Outcome:
    """Marks a second and core, and how many times our cost pydantic's is."""
    england = make_england(folder, schools=max(1, round(SCHOOLS * scale)), advance=advance)
    pull = permit(Door.PULL, england.schools, folder=folder)
    days = _days(england, pull)
    n, size = sum(day.n for day in days), sum(len(day.page) for day in days)
    rivals = [
        rival_parse.Day(
            day.page,
            rival_parse.Judge.of(
                day.pupils,
                day.codes,
                keys=day.known.keys,
                spans=day.known.spans,
                calendar=day.calendar,
                first=WINDOW,
                last=DAY,
            ),
        )
        for day in days
    ]
    works = {
        "records: msgspec": lambda: sum(len(_PAGES.decode(day.page).data) for day in days),
        "records: pydantic": lambda: sum(rival_parse.n_records(day) for day in rivals),
        "raw columns": lambda: sum(_columns(day, pull).num_rows for day in days),
        "every check": partial(_checked, days, pull),
        "every check: pydantic": lambda: _added(rival_parse.checked(day) for day in rivals),
    }
    times = interleave(works, runs=RUNS, advance=advance)
    agree({name: times[name] for name in ("every check", "every check: pydantic")})
    lines = tuple(Line(name, n, "marks", its) for name, its in times.items())
    ratios = (
        compare("records: msgspec", "records: pydantic", times),
        compare("every check", "every check: pydantic", times),
    )
    return Outcome(lines, ratios, goals=_goals(lines, ratios), facts={"schools": len(days), "bytes": size})
