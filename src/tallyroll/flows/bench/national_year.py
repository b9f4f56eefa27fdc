"""The national year: from disk to every published cell, against products that a statistician could use instead.

Each runs in a fresh process, two threads, files in the page cache; those that take seconds in every round, those that
take minutes in the first alone, and at no larger scale than they bear. All give one answer of integers over all cells,
or no time is told. Ours reads encrypted weeks and a dated roll; the rivals get only marks that are not plain present,
each with the number of the stretch that holds its pupil's status.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tallyroll.engines.rivals import apart
from tallyroll.engines.rivals.apart import Told
from tallyroll.flows.bench.measuring import Goal, Line, Outcome, Ratio, Times, agree
from tallyroll.flows.bench.nation import Nation, make_nation
from tallyroll.vocab.progress import Advance

RUNS, THREADS = 3, 2
OURS_RUN, DECODE_RUN = "tallyroll.flows.bench.race_ours", "tallyroll.flows.bench.race_decode"
OURS, TABLES = "Tallyroll", "Tallyroll, every table laid out"
PACKED, PACKED_ALONE = "packed weeks decoded, two threads", "packed weeks decoded, one thread"
DENSE, DENSE_ALONE = "dense weeks decoded, two threads", "dense weeks decoded, one thread"
MEMORY, MEMORY_ALONE = "memory read, two threads", "memory read, one thread"

WHOLE, TENTH, HUNDREDTH = 1.0, 0.1, 0.01
SECONDS, MEGABYTES, OF_DECODING = 9.0, 1500.0, 0.6
TIMES_FASTER, TIMES_FASTER_AT_A_TENTH = 8.0, 3.5  # below full scale the cells, as many as ever, weigh more
TIMES_SPARK, TIMES_LONG = 20.0, 25.0


@dataclass(frozen=True, slots=True)
class Contestant:
    """Who runs: module, what it reads, how many threads it may use, at which scale at most, and in how many rounds."""

    name: str
    rival: str
    marks: str = "exceptions"
    most: float = WHOLE
    every_round: bool = True
    threads: int = THREADS


CONTESTANTS = (
    Contestant(OURS, OURS_RUN),
    Contestant("DuckDB", "duckdb"),
    Contestant("Polars, streaming", "polars"),
    Contestant("DataFusion", "datafusion", most=TENTH, every_round=False),
    Contestant("chDB", "chdb", most=TENTH, every_round=False),
    Contestant("PySpark, local", "pyspark", most=TENTH, every_round=False),
    Contestant("pandas", "pandas", most=HUNDREDTH, every_round=False),
)
LONG = (
    Contestant("Tallyroll, answering for long rows", OURS_RUN, "long", most=TENTH, every_round=False),
    Contestant("DuckDB, long rows", "duckdb", "long", most=TENTH, every_round=False),
)
LIMITS = (
    Contestant(TABLES, OURS_RUN, "tables", every_round=False),
    Contestant(PACKED, DECODE_RUN, "scan"),
    Contestant(PACKED_ALONE, DECODE_RUN, "scan", threads=1, every_round=False),
    Contestant(DENSE, DECODE_RUN, "dense"),
    Contestant(DENSE_ALONE, DECODE_RUN, "dense", threads=1, every_round=False),
    Contestant(MEMORY, DECODE_RUN, "memory", every_round=False),
    Contestant(MEMORY_ALONE, DECODE_RUN, "memory", threads=1, every_round=False),
)
PRODUCTS = ("chdb", "datafusion", "duckdb", "pandas", "polars", "pyspark")


def national_year(scale: float, *, folder: Path, keep: Path, advance: Advance, runs: int = RUNS) -> Outcome:
    """Seconds and megabytes of all, at the largest scale that each bears; nations are made where they are not kept."""
    apart.check_installed(PRODUCTS)
    outcomes = []
    for size in sorted({scale, min(scale, TENTH), min(scale, HUNDREDTH)}, reverse=True):
        nation = make_nation(keep, scale=size, advance=advance)
        here = [one for one in CONTESTANTS if one.name == OURS or min(scale, one.most) == size]
        long = [one for one in LONG if min(scale, one.most) == size]
        limits = LIMITS if size == scale else ()
        told = race(nation, [*here, *long, *limits], runs=runs, advance=advance)
        for group in (here, long):
            agree({one.name: times_of(told[one.name]) for one in group})
        outcomes.append(_outcome(nation, told, largest=size == scale))
    return joined(outcomes)


def race(nation: Nation, contestants: Sequence[Contestant], *, runs: int, advance: Advance) -> dict[str, list[Told]]:
    """What each tells, round by round, every other round backwards. Ours runs once before, to be compiled."""
    apart.run(OURS_RUN, folder=nation.folder, marks="exceptions")
    _read_all(nation.folder)
    told: dict[str, list[Told]] = {one.name: [] for one in contestants}
    for turn in range(runs):
        chosen = [one for one in contestants if one.every_round or turn == 0]
        for one in chosen[:: -1 if turn % 2 else 1]:
            told[one.name].append(apart.run(one.rival, folder=nation.folder, marks=one.marks, threads=one.threads))
        advance(turn + 1, runs)
    return told


def _read_all(folder: Path) -> None:
    """Read every file once, so that the first to come does not wait for the disk."""
    for path in folder.rglob("*"):
        if path.is_file():
            path.read_bytes()


def times_of(told: Sequence[Told]) -> Times:
    """The times of these runs, and the answer that they gave."""
    agree({f"run {turn}": Times((), (), one.answer) for turn, one in enumerate(told)})
    return Times(tuple(one.wall_s for one in told), tuple(one.cpu_s for one in told), told[0].answer)


def ratio(ours: str, rival: str, told: Mapping[str, Sequence[Told]], *, at: str = "") -> Ratio:
    """How many times our cost the rival's is, in the rounds in which both ran."""
    pairs = list(zip(told[rival], told[ours], strict=False))
    return Ratio(
        f"{rival} / {ours}{at}",
        tuple(its.wall_s / own.wall_s for its, own in pairs),
        tuple(its.cpu_s / max(own.cpu_s, 0.01) for its, own in pairs),
    )


def _outcome(nation: Nation, told: Mapping[str, Sequence[Told]], *, largest: bool) -> Outcome:
    size, marks = nation.facts.scale, nation.facts.marks
    lines = tuple(Line(f"{name}, {share(size)}", marks, "marks", times_of(its)) for name, its in told.items())
    limits = {one.name for one in LIMITS}
    ratios = {name: ratio(OURS, name, told, at=f", {share(size)}") for name in told if name not in limits | {OURS}}
    sizes = {f"peak MB: {name}, {share(size)}": max(one.peak_mb for one in its) for name, its in told.items()}
    sizes |= {f"starting s: {name}, {share(size)}": its[0].start_s for name, its in told.items() if name not in limits}
    sizes |= {
        f"{lap}: {name}, {share(size)}": value for name, its in told.items() for lap, value in its[0].laps.items()
    }
    sizes |= {f"GB/s: {name}, {share(size)}": _rate(told[name]) for name in told if name in limits - {TABLES}}
    facts = nation.facts
    sizes |= {f"{what}, {share(size)}": getattr(facts, what) for what in ("schools", "pupils", "marks", "exceptions")}
    sizes |= {f"nation made, s, {share(size)}": facts.seconds}
    sizes |= {f"MB of {layout}, {share(size)}": on_disk for layout, on_disk in facts.megabytes.items()}
    return Outcome(lines, tuple(ratios.values()), tuple(_goals(told, ratios, size=size, largest=largest)), sizes)


def _rate(told: Sequence[Told]) -> float:
    return told[0].answer[0] / times_of(told).wall / 1e9


def _goals(
    told: Mapping[str, Sequence[Told]], ratios: Mapping[str, Ratio], *, size: float, largest: bool
) -> list[Goal]:
    ours, goals = times_of(told[OURS]), []
    if largest:
        faster = min(ratios["DuckDB"].wall, ratios["Polars, streaming"].wall)
        hold_to = TIMES_FASTER if size == WHOLE else TIMES_FASTER_AT_A_TENTH
        peak = max(one.peak_mb for one in told[OURS])
        speeds = {kind: times_of(told[name]).wall / ours.wall for kind, name in (("dense", DENSE), ("packed", PACKED))}
        goals += [
            Goal(f"times faster than the faster of DuckDB and Polars, {share(size)}", hold_to, faster),
            Goal(f"times that {MEGABYTES:,.0f} MB hold the peak memory, {share(size)}", 1, MEGABYTES / peak),
            *(Goal(f"of decoding {one} weeks, {share(size)}", OF_DECODING, speed) for one, speed in speeds.items()),
        ]
    if size == WHOLE:
        goals.append(Goal(f"times that {SECONDS:g} s hold the year", 1, SECONDS / ours.wall))
    for name, hold_to in (("PySpark, local", TIMES_SPARK), ("DuckDB, long rows", TIMES_LONG)):
        if name in ratios:
            goals.append(Goal(f"times faster than {name}, {share(size)}", hold_to, ratios[name].wall))
    return goals


def share(size: float) -> str:
    """A scale as people say it."""
    return "whole" if size == WHOLE else f"1/{1 / size:g}"


def joined(outcomes: Sequence[Outcome]) -> Outcome:
    """Outcomes as one."""
    return Outcome(
        tuple(line for one in outcomes for line in one.lines),
        tuple(each for one in outcomes for each in one.ratios),
        tuple(goal for one in outcomes for goal in one.goals),
        {name: value for one in outcomes for name, value in one.sizes.items()},
    )
