"""Upserting against Delta Lake: a school's day replaced by a predicate, beside `register.keep`, with the same edits.

Apart from `upsert`, for Delta Lake needs packages that only benches have, and takes a hundred times as long.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tallyroll import register
from tallyroll.engines.rivals.apart import check_installed
from tallyroll.flows.bench.ground import NOW, SEED, keep_term, make_england, permit, screened
from tallyroll.flows.bench.measuring import Line, Outcome, Work, compare, timed, times_of
from tallyroll.flows.stage import DAY, FIRST
from tallyroll.governance import Door, Permit
from tallyroll.register import RegisterStore, Screened
from tallyroll.simulate import England
from tallyroll.vocab.codes import BY_TEXT, NOTHING_RECEIVED
from tallyroll.vocab.errors import VerificationProblem
from tallyroll.vocab.progress import Advance

SCHOOLS, UPSERTS, WARM_UP = 100, 20, 2
EDITED = 0.02  # share of a day's marks that differ when it is extracted anew
OURS, RIVAL = "register.keep", "Delta Lake, replaced by predicate"
_CELL = ["urn", "date", "session", "code"]
_PRESENT = [BY_TEXT[text].number for text in ("/", "\\")]


def upsert_rival(scale: float, *, folder: Path, advance: Advance, runs: int = UPSERTS) -> Outcome:
    """Milliseconds of an upsert, and how many times our cost Delta Lake's is."""
    check_installed(["deltalake"])
    from tallyroll.engines.rivals.delta import DeltaFile  # noqa: PLC0415 - only where it is installed

    england = make_england(folder, schools=SCHOOLS * scale, advance=advance)
    pull = permit(Door.PULL, england.schools, folder=folder)
    rival = DeltaFile(folder / "marks")
    with RegisterStore(folder / "register.sqlite") as store:
        keep_term(pull, england, store, advance=advance)
        rival.add(_held(england, store, folder))
        spent: dict[str, list[tuple[float, float]]] = {OURS: [], RIVAL: []}
        for turn, edit in enumerate(_edits(pull, england, n=WARM_UP + runs)):
            works: dict[str, Work] = {
                OURS: partial(register.keep, pull, store, edit, now=NOW),
                RIVAL: partial(rival.replace, edit.marks, urn=edit.school.urn.number, first=edit.first, last=edit.last),
            }
            for name in list(works)[:: -1 if turn % 2 else 1]:
                spent[name].append(timed(works[name])[0])
            advance(turn + 1, WARM_UP + runs)
        held = _held(england, store, folder)
    if not _cells(held).equals(rival.cells().cast(_cells(held).schema)):
        raise VerificationProblem("The two stores do not hold the same marks.", mend="Report a bug.")
    times = {name: times_of(runs[WARM_UP:]) for name, runs in spent.items()}
    lines = tuple(Line(name, 1, "upserts", its) for name, its in times.items())
    return Outcome(lines, (compare(OURS, RIVAL, times),), sizes={"marks_kept": held.num_rows})


def _edits(pull: Permit, england: England, *, n: int) -> Iterator[Screened]:
    """Days of one school after another, extracted anew after some presents became illness."""
    random = np.random.default_rng(SEED)
    for turn in range(n):
        year = england.school_year(england.schools[turn % len(england.schools)].urn)
        place = int(
            random.choice([i for i, day in enumerate(year.days) if FIRST <= day <= DAY and year.calendar.is_open(day)])
        )
        final = year.final.copy()
        ill = np.isin(final[:, place], _PRESENT) & (random.random(final[:, place].shape) < EDITED)
        final[:, place][ill] = BY_TEXT["I"].number
        edited = replace(year, final=final, entered=final, settles=np.zeros_like(final))
        yield screened(pull, edited, first=year.days[place], last=year.days[place])


def _held(england: England, store: RegisterStore, folder: Path) -> pa.Table:
    """The marks that the store holds."""
    may_count = permit(Door.COUNT, england.schools, folder=folder)
    urns = [school.urn for school in england.schools]
    marks = register.read(may_count, store, schools=urns, first=FIRST, last=DAY, now=NOW).marks
    return marks.filter(pc.not_equal(marks["code"], NOTHING_RECEIVED))


def _cells(marks: pa.Table) -> pa.Table:
    counted = marks.group_by(_CELL).aggregate([([], "count_all")]).sort_by([(one, "ascending") for one in _CELL])
    return counted.rename_columns([*_CELL, "n"])
