"""Upserting: one school's day extracted anew and kept durably; against DuckDB, which deletes and inserts the same rows.

Both hold the term so far of all schools in a file, and each transaction is forced to disk. Ours also keeps the roll,
the revision and the bookmark, and can still tell what it knew before; the rival forgets. The disk's own part is
measured beside them: one block written to a file and forced.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from io import RawIOBase
from pathlib import Path

import numpy as np
import pyarrow.compute as pc

from tallyroll import register
from tallyroll.engines import FileStore, open_file_store
from tallyroll.flows.bench.ground import NOW, SEED, make_england, permit, screened
from tallyroll.flows.bench.measuring import Goal, Line, Outcome, Times, Work, compare, timed, times_of
from tallyroll.flows.stage import DAY, FIRST
from tallyroll.governance import Door, Permit
from tallyroll.register import RegisterStore, Screened
from tallyroll.simulate import England
from tallyroll.vocab.codes import BY_TEXT, NOTHING_RECEIVED
from tallyroll.vocab.errors import VerificationProblem
from tallyroll.vocab.progress import Advance

SCHOOLS, UPSERTS, WARM_UP = 100, 200, 20
EDITED = 0.02  # share of a day's marks that differ when it is extracted anew
OURS, RIVAL, DISK = "register.keep", "DuckDB, delete and insert", "the disk alone"
BLOCK = bytes(64 * 1024)  # about what a transaction of ours writes
_PRESENT = [BY_TEXT[text].number for text in ("/", "\\")]
_CELL = ["urn", "date", "session", "code"]


def upsert(scale: float, *, folder: Path, advance: Advance, runs: int = UPSERTS) -> Outcome:
    """Milliseconds of an upsert, and how many times our cost DuckDB's is."""
    england = make_england(folder, schools=SCHOOLS * scale, advance=advance)
    pull = permit(Door.PULL, england.schools, folder=folder)
    with RegisterStore(folder / "register.sqlite") as store, open_file_store(folder / "marks.duckdb") as rival:
        for done, school in enumerate(england.schools, start=1):
            term = screened(pull, england.school_year(school.urn), first=FIRST, last=DAY)
            register.keep(pull, store, term, now=NOW)
            rival.add(term.marks)
            advance(done, len(england.schools))
        edits = list(_edits(pull, england, n=WARM_UP + runs))
        with (folder / "block").open("wb", buffering=0) as block:
            works = [
                {
                    OURS: partial(_keep, pull, store, one),
                    RIVAL: partial(_replace, rival, one),
                    DISK: partial(_force, block),
                }
                for one in edits
            ]
            times = _take_turns(works, advance=advance)
        n_marks = _same(england, store, rival, folder=folder)
    ratio = compare(OURS, RIVAL, times)
    lines = tuple(Line(name, 1, "upserts", its) for name, its in times.items())
    return Outcome(
        lines=lines,
        ratios=(ratio,),
        goals=(
            Goal("times cheaper than DuckDB delete and insert", 10, ratio.wall),
            Goal("upserts a second, 1 ms each", 1000, lines[0].per_second),
        ),
        sizes={
            "schools": len(england.schools),
            "marks_kept": n_marks,
            "marks_an_upsert": sum(one.kept for one in edits) / len(edits),
        },
    )


def _edits(pull: Permit, england: England, *, n: int) -> Iterator[Screened]:
    """Days of one school after another, extracted anew after some presents became illness."""
    random = np.random.default_rng(SEED)
    for turn in range(n):
        year = england.school_year(england.schools[turn % len(england.schools)].urn)
        past = [place for place, day in enumerate(year.days) if FIRST <= day <= DAY and year.calendar.is_open(day)]
        place = int(random.choice(past))
        final = year.final.copy()
        ill = np.isin(final[:, place], _PRESENT) & (random.random(final[:, place].shape) < EDITED)
        final[:, place][ill] = BY_TEXT["I"].number
        edited = replace(year, final=final, entered=final, settles=np.zeros_like(final))
        yield screened(pull, edited, first=year.days[place], last=year.days[place])


def _take_turns(works: Sequence[Mapping[str, Work]], *, advance: Advance) -> dict[str, Times]:
    """The times of all, upsert by upsert, the first ones left out."""
    spent: dict[str, list[tuple[float, float]]] = {OURS: [], RIVAL: [], DISK: []}
    for turn, these in enumerate(works):
        for name in list(these)[:: -1 if turn % 2 else 1]:
            spent[name].append(timed(these[name])[0])
        advance(turn + 1, len(works))
    return {name: times_of(runs[WARM_UP:]) for name, runs in spent.items()}


def _keep(pull: Permit, store: RegisterStore, one: Screened) -> None:
    register.keep(pull, store, one, now=NOW)


def _replace(rival: FileStore, one: Screened) -> None:
    rival.replace(one.marks, urn=one.school.urn.number, first=one.first, last=one.last)


def _force(block: RawIOBase) -> None:
    block.write(BLOCK)
    os.fsync(block.fileno())


def _same(england: England, store: RegisterStore, rival: FileStore, *, folder: Path) -> int:
    """How many marks both hold; VerificationProblem when they do not hold the same."""
    may_count = permit(Door.COUNT, england.schools, folder=folder)
    urns = [school.urn for school in england.schools]
    marks = register.read(may_count, store, schools=urns, first=FIRST, last=DAY, now=NOW).marks
    came = marks.filter(pc.not_equal(marks["code"], NOTHING_RECEIVED))
    ours = came.group_by(_CELL).aggregate([([], "count_all")]).sort_by([(name, "ascending") for name in _CELL])
    if not ours.rename_columns([*_CELL, "n"]).equals(rival.cells()):
        raise VerificationProblem("The two stores do not hold the same marks.", mend="Report a bug.")
    return int(came.num_rows)
