"""What `tallyroll tally --areas` does: areas counted straight from the scan side, for what is too large to tally."""

from datetime import date
from pathlib import Path

from tallyroll import tally
from tallyroll.cli.output import progress, say, say_json
from tallyroll.flows import counting
from tallyroll.flows.node import Node


def count_areas(held: Node, out: Path, *, first: date, last: date, as_json: bool) -> None:
    """Count the areas of the scan side into a folder, and say how many there are."""
    from tallyroll.engines.kernel import KernelEngine  # noqa: PLC0415 - other verbs need no compiler

    with KernelEngine() as engine, progress("Counting", quiet=as_json) as advance:
        made = counting.count_areas(
            held,
            engine,
            first=first,
            last=last,
            characteristics=held.manifest.counters.characteristics,
            advance=advance,
        )
    tally.save(made, out)
    facts = {"folder": out, "authorities": len(made.authorities), "schools": len(made.contributors)}
    if as_json:
        say_json(facts)
    else:
        say(f"{facts['schools']:,} schools in {facts['authorities']:,} authorities counted into {out}.")
