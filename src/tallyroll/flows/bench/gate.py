"""The gate: what a question costs, with its answer on disk, and what a permit costs at each use."""

from pathlib import Path

from tallyroll.flows.bench import ground
from tallyroll.flows.bench.ground import NOW
from tallyroll.flows.bench.measuring import Line, Outcome, Work, interleave
from tallyroll.flows.stage import COLLECTION, DAY, PURPOSE
from tallyroll.governance import Assessments, Door, Request, decide, explain, require
from tallyroll.governance.notices import notice_digest
from tallyroll.vocab.progress import Advance

QUESTIONS, USES, RUNS = 50, 2_000, 5


def gate_bench(scale: float, *, folder: Path, advance: Advance, runs: int = RUNS) -> Outcome:
    """Questions and uses a second, in a ledger with one assessment in force."""
    gate, rules = ground.gate(folder), ground.manifest()
    request = Request(Door.COUNT, PURPOSE, frozenset(), rules.items_for(PURPOSE), DAY, DAY)
    permit = require(gate, request, authorities={})
    asked, used = max(1, round(QUESTIONS * scale)), max(1, round(USES * scale))
    folders = gate.assessments

    def read_anew() -> object:
        return Assessments(folders.folder, folders.standing().roles).standing().history(COLLECTION).active is not None

    def use() -> int:
        for _ in range(used):
            permit.check(Door.COUNT, now=NOW)
        return used

    works: dict[str, Work] = {
        "asked, answered, written down": lambda: sum(
            bool(decide(gate, request, authorities={}).manifest) for _ in range(asked)
        ),
        "asked without a trace": lambda: sum(explain(gate, request, authorities={}) is None for _ in range(asked)),
        "a permit used": use,
        "a ledger read and judged from its files": read_anew,
        "the digest of a notice": lambda: notice_digest(rules),
    }
    times = interleave(works, runs=runs, advance=advance)
    counts = dict(zip(works, (asked, asked, used, 1, 1), strict=True))
    return Outcome(tuple(Line(name, counts[name], "times", its) for name, its in times.items()))
