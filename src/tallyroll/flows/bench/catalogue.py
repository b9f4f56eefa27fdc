"""Which benches there are."""

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

from tallyroll.flows.bench.check import check
from tallyroll.flows.bench.collect import collect
from tallyroll.flows.bench.correction import correction
from tallyroll.flows.bench.count import count
from tallyroll.flows.bench.etl import etl
from tallyroll.flows.bench.gate import gate_bench
from tallyroll.flows.bench.growth import growth
from tallyroll.flows.bench.ledger import ledger_bench
from tallyroll.flows.bench.measuring import Outcome
from tallyroll.flows.bench.national_day import national_day
from tallyroll.flows.bench.national_year import national_year
from tallyroll.flows.bench.parse import parse
from tallyroll.flows.bench.queue import queue
from tallyroll.flows.bench.rival_upsert import upsert_rival
from tallyroll.flows.bench.rota import rota_bench
from tallyroll.flows.bench.screen import screen
from tallyroll.flows.bench.simulate import simulate
from tallyroll.flows.bench.tabulate import tabulate
from tallyroll.flows.bench.upsert import upsert
from tallyroll.vocab.errors import UsageProblem
from tallyroll.vocab.progress import Advance, unwatched


class Bench(Protocol):
    """Does its work in the folder, `scale` times as much of it as the tables of docs/performance.md show."""

    def __call__(self, scale: float, *, folder: Path, advance: Advance, runs: int = ...) -> Outcome:
        """What was measured."""
        ...


class NationalBench(Protocol):
    """The same, over nations that are made once and kept in a folder; scale 1 is the whole of England."""

    def __call__(self, scale: float, *, folder: Path, keep: Path, advance: Advance, runs: int = ...) -> Outcome:
        """What was measured."""
        ...


BENCHES: Mapping[str, Bench] = {
    "parse": parse,
    "screen": screen,
    "upsert": upsert,
    "count": count,
    "tabulate": tabulate,
    "collect": collect,
    "check": check,
    "simulate": simulate,
    "ledger": ledger_bench,
    "gate": gate_bench,
    "rota": rota_bench,
    "queue": queue,
}
"""Each bench by its name, in the order of the docs."""

AGAINST: Mapping[str, Bench] = {"upsert-rival": upsert_rival, "etl": etl}
"""Those against products that are not needed otherwise."""

NATIONAL: Mapping[str, NationalBench] = {
    "national-year": national_year,
    "national-day": national_day,
    "correction": correction,
    "growth": growth,
}
"""Those of a nation, against more of them."""

NAMES = (*BENCHES, *AGAINST, *NATIONAL)

USUAL_SCALE: Mapping[str, float] = {"etl": 0.1, "national-year": 0.1, "growth": 0.1}
"""At which scale a bench runs when none is named, so that all of them end in a quarter of an hour; 1 for the others."""

KEPT = Path("~/.cache/tallyroll/bench")
"""Where nations are kept."""


def run(
    name: str,
    *,
    scale: float | None = None,
    runs: int | None = None,
    keep: Path | None = None,
    advance: Advance = unwatched,
) -> Outcome:
    """One bench, in a temporary folder that goes with it; each work is timed `runs` times, or as often as usual.

    Nations are made and kept in `keep`. Raises: UsageProblem when there is no such bench, or the scale is not above 0.
    """
    if name not in NAMES:
        raise UsageProblem(f"There is no bench '{name}'.", mend=f"Known: {', '.join(NAMES)}, all.")
    scale = usual_scale(name) if scale is None else scale
    if not scale > 0:
        raise UsageProblem("The scale of a bench is above 0.", where="--scale", mend="1 is the scale of the docs.")
    often = {} if runs is None else {"runs": runs}
    with TemporaryDirectory(prefix="tallyroll-bench-") as folder:
        if name in NATIONAL:
            kept = KEPT.expanduser() if keep is None else keep
            return NATIONAL[name](scale, folder=Path(folder), keep=kept, advance=advance, **often)
        return {**BENCHES, **AGAINST}[name](scale, folder=Path(folder), advance=advance, **often)


def usual_scale(name: str) -> float:
    """The scale of a bench when none is named."""
    return USUAL_SCALE.get(name, 1.0)
