"""Counting: from the store to a register in memory, and on to cells by the definition's SQL, one thread and two."""

from functools import partial
from pathlib import Path

import pyarrow.compute as pc

from tallyroll import register, tally
from tallyroll.engines import open_engine
from tallyroll.flows.bench.ground import NOW, keep_term, make_england, manifest, permit
from tallyroll.flows.bench.measuring import Line, Outcome, Work, agree, compare, interleave
from tallyroll.flows.counting import SCHOOLS_AT_A_TIME
from tallyroll.flows.stage import DAY, FIRST
from tallyroll.governance import Door, Permit
from tallyroll.register import RegisterStore
from tallyroll.tally import Definition
from tallyroll.vocab.progress import Advance
from tallyroll.vocab.shapes import Register

RUNS = 5


def count(scale: float, *, folder: Path, advance: Advance, runs: int = RUNS) -> Outcome:
    """Marks a second, of as many schools as a node counts together, over the term so far."""
    england = make_england(folder, schools=SCHOOLS_AT_A_TIME * scale, advance=advance)
    pull, may_count = (permit(door, england.schools, folder=folder) for door in (Door.PULL, Door.COUNT))
    definition = Definition(tuple(manifest().counters.characteristics))
    with RegisterStore(folder / "register.sqlite") as store:
        keep_term(pull, england, store, advance=advance)
        held = _read(may_count, store)
        works: dict[str, Work] = {
            "read from the store": lambda: _read(may_count, store).marks.num_rows,
            "cells, two threads": partial(_cells, may_count, held, definition, 2),
            "cells, one thread": partial(_cells, may_count, held, definition, 1),
        }
        times = interleave(works, runs=runs, advance=advance)
    agree({name: its for name, its in times.items() if name.startswith("cells")})
    return Outcome(
        lines=tuple(Line(name, held.marks.num_rows, "marks", its) for name, its in times.items()),
        ratios=(compare("cells, two threads", "cells, one thread", times),),
        sizes={"schools": len(england.schools), "breakdowns": len(definition.characteristics)},
    )


def _read(may_count: Permit, store: RegisterStore) -> Register:
    urns = [school.urn for school in store.schools()]
    return register.read(may_count, store, schools=urns, first=FIRST, last=DAY, now=NOW)


def _cells(may_count: Permit, held: Register, definition: Definition, threads: int) -> tuple[int, int]:
    """How many cells there are, and their sum."""
    with open_engine(threads=threads) as engine:
        made = tally.count(may_count, engine, held, definition=definition, now=NOW, revision=1)
    return made.cells.num_rows, pc.sum(made.cells["n"]).as_py()
