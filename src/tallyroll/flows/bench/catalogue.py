"""Which benches there are."""

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

from tallyroll.flows.bench.check import check
from tallyroll.flows.bench.collect import collect
from tallyroll.flows.bench.count import count
from tallyroll.flows.bench.gate import gate_bench
from tallyroll.flows.bench.ledger import ledger_bench
from tallyroll.flows.bench.measuring import Outcome
from tallyroll.flows.bench.parse import parse
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
}
"""Each bench by its name, in the order of the docs."""


def run(name: str, *, scale: float = 1.0, runs: int | None = None, advance: Advance = unwatched) -> Outcome:
    """One bench, in a temporary folder that goes with it; each work is timed `runs` times, or as often as usual.

    Raises: UsageProblem when there is no such bench, or the scale is not above 0.
    """
    if name not in BENCHES:
        raise UsageProblem(f"There is no bench '{name}'.", mend=f"Known: {', '.join(BENCHES)}, all.")
    if not scale > 0:
        raise UsageProblem("The scale of a bench is above 0.", where="--scale", mend="1 is the scale of the docs.")
    often = {} if runs is None else {"runs": runs}
    with TemporaryDirectory(prefix="tallyroll-bench-") as folder:
        return BENCHES[name](scale, folder=Path(folder), advance=advance, **often)
