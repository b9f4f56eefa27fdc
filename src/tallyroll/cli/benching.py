"""The verb of the benches: how fast this machine does the work, as tables for a person and as JSON."""

import json
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from statistics import median
from typing import Annotated

import typer

from tallyroll.cli.output import progress, say, show_table
from tallyroll.flows.bench.catalogue import KEPT, NAMES, run, usual_scale
from tallyroll.flows.bench.machine import Machine, look, peak_memory_mb
from tallyroll.flows.bench.measuring import Line, Outcome
from tallyroll.vocab.errors import UsageProblem

ALL = "all"
KEEP = "TALLYROLL_BENCH_KEEP"


def join(app: typer.Typer) -> None:
    """Add this verb to the command."""
    app.command("bench")(bench)


def bench(
    name: Annotated[str, typer.Argument(help=f"Which bench: {', '.join(NAMES)}, or {ALL}.")],
    *,
    scale: Annotated[
        float | None,
        typer.Option(help="How much work: 1 is that of docs/performance.md, and all of England; some do less unasked."),
    ] = None,
    runs: Annotated[
        int | None, typer.Option(min=1, help="How often each work is timed; as often as usual by itself.")
    ] = None,
    keep: Annotated[
        Path, typer.Option(help="Where synthetic nations are kept, which take minutes to make.", envvar=KEEP)
    ] = KEPT,
    json_file: Annotated[Path | None, typer.Option("--json", help="A file to write the figures to.")] = None,
) -> None:
    """Measure this machine's speed. Each bench runs in a process of its own and removes all but nations."""
    if json_file and not json_file.parent.is_dir():
        raise UsageProblem("There is no such folder.", where=str(json_file), mend="Make it, or name another file.")
    made: dict[str, object] = {}
    for one in NAMES if name == ALL else [name]:
        amount = usual_scale(one) if scale is None else scale
        machine = look()
        with ProcessPoolExecutor(max_workers=1, mp_context=multiprocessing.get_context("spawn")) as apart:
            outcome, peak_mb = apart.submit(_measure, one, amount, runs, keep.expanduser()).result()
        _show(one, outcome, machine, peak_mb)
        made[one] = {"scale": amount, **outcome.facts(), "peak_memory_mb": peak_mb, "machine": machine.facts()}
    if json_file:
        json_file.write_text(json.dumps({"scale": scale, "benches": made}, indent=2) + "\n", encoding="utf-8")


def _measure(name: str, scale: float, runs: int | None, keep: Path) -> tuple[Outcome, float]:
    """The process of one bench: what it found, and the most memory it held."""
    with progress(f"Bench {name}") as advance:
        return run(name, scale=scale, runs=runs, keep=keep, advance=advance), peak_memory_mb()


def _show(name: str, outcome: Outcome, machine: Machine, peak_mb: float) -> None:
    columns = ["work", "of", "wall ms", "core ms", "a second", "a core second"]
    show_table(f"Bench {name}", columns, [_row(line) for line in outcome.lines])
    for ratio in outcome.ratios:
        wall, cpu = (f"{median(of):.1f} ({min(of):.1f} to {max(of):.1f})" for of in (ratio.of_wall, ratio.of_cpu))
        say(f"{ratio.name}: {wall} of wall time, {cpu} of processor time")
    for goal in outcome.goals:
        say(f"Goal: {goal.what}: {goal.measured:,.1f}, to be {goal.hold_to:,g}: {'held' if goal.held else 'missed'}")
    for what, measured in outcome.sizes.items():
        say(f"{what}: {measured:,}" if isinstance(measured, int) else f"{what}: {measured:,.1f}")
    load = ", ".join(f"{one:.1f}" for one in machine.load)
    say(f"Peak memory {peak_mb:,.0f} MB. {machine.cpus} processors, load {load} (1, 5, 15 minutes) at the start.")


def _row(line: Line) -> tuple[object, ...]:
    wall = [second * 1000 for second in line.times.wall_s]
    return (
        line.name,
        f"{line.n:,} {line.unit}",
        f"{median(wall):,.1f} ({min(wall):,.1f} to {max(wall):,.1f})",
        f"{line.times.cpu * 1000:,.1f}",
        round(line.per_second),
        round(line.per_cpu_second),
    )
