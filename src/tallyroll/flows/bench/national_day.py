"""A national day: every school's current week replaced at once, against counting the whole year from disk.

The day's corrections are made beforehand, for parsing and keeping them has benches of its own: in every school of the
nation a fiftieth of the pupils who were present on the Wednesday is ill after all.
"""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tallyroll.engines.kernel import KernelEngine
from tallyroll.flows.bench import nation_ground
from tallyroll.flows.bench.ground import NOW, SEED
from tallyroll.flows.bench.measuring import Goal, Line, Outcome, compare, timed, times_of
from tallyroll.flows.bench.nation import Nation, make_nation
from tallyroll.governance import Permit
from tallyroll.register.scan import scan
from tallyroll.tally import Areas, count_areas
from tallyroll.tally.refreshing import Change, LiveAreas
from tallyroll.vocab.codes import BY_TEXT
from tallyroll.vocab.errors import VerificationProblem
from tallyroll.vocab.packing import PRESENT_WEEK, pack, unpack
from tallyroll.vocab.partitions import Partition
from tallyroll.vocab.progress import Advance, unwatched

_Weeks = tuple[str, pa.Table]
"""An authority and weeks of its schools."""

RUNS = 5
SHARE = 0.02  # of a day's present marks
SESSIONS = slice(4, 6)  # Wednesday, morning and afternoon
DAY, FULL = "a national day, refreshed", "the whole year, counted from disk"
HOLD_TO = 30


def national_day(scale: float, *, folder: Path, keep: Path, advance: Advance, runs: int = RUNS) -> Outcome:
    """Milliseconds of a day, and how many days one full count costs."""
    nation = make_nation(keep, scale=scale, advance=advance)
    permit = nation.permit()
    live = live_areas(nation, permit, advance=advance)
    now, then = _day(nation, permit, np.random.default_rng(SEED))
    spent: dict[str, list[tuple[float, float]]] = {DAY: [], FULL: []}
    full(nation, permit)  # compiles, and warms the disk
    live.refresh(permit, _swap(now, then), now=NOW)
    for turn in range(runs):
        there = _swap(then, now) if turn % 2 == 0 else _swap(now, then)
        spent[DAY].append(timed(partial(live.refresh, permit, there, now=NOW))[0])
        spent[FULL].append(timed(partial(full, nation, permit))[0])
        advance(turn + 1, runs)
    if runs % 2 == 0:
        live.refresh(permit, _swap(then, now), now=NOW)
    check_equal(live.areas, full(nation, permit))
    times = {name: times_of(its) for name, its in spent.items()}
    ratio = compare(DAY, FULL, times)
    n_weeks = sum(table.num_rows for _, table in now)
    return Outcome(
        lines=tuple(Line(name, n_weeks, "school-weeks", its) for name, its in times.items()),
        ratios=(ratio,),
        goals=(Goal("national days in one full count", HOLD_TO, ratio.wall),),
        sizes={"schools": nation.facts.schools, "pupils": nation.facts.pupils, "ms_a_day": 1000 * times[DAY].wall},
    )


def live_areas(nation: Nation, permit: Permit, *, advance: Advance = unwatched) -> LiveAreas:
    """The nation's areas, counted and kept current."""
    year = nation_ground.YEAR
    live = LiveAreas(nation_ground.definition(), first=year.first, last=year.last)
    live.start(permit, partitions(nation, permit), now=NOW, advance=advance)
    return live


def partitions(nation: Nation, permit: Permit) -> Sequence[Partition]:
    """The nation's registers."""
    year = nation_ground.YEAR
    return scan(permit, nation.side, authorities=(), first=year.first, last=year.last, now=NOW)


def full(nation: Nation, permit: Permit) -> Areas:
    """The nation's areas, counted from disk."""
    year = nation_ground.YEAR
    return count_areas(
        permit,
        KernelEngine(),
        partitions(nation, permit),
        definition=nation_ground.definition(),
        first=year.first,
        last=year.last,
        now=NOW,
    )


def check_equal(kept: Areas, counted: Areas) -> None:
    """Raises: VerificationProblem when areas that were kept current are not what a full count gives."""
    if kept.digest != counted.digest:
        raise VerificationProblem("What was kept current is not what a full count gives.", mend="Report a bug.")


def corrected(table: pa.Table, random: np.random.Generator) -> pa.Table:
    """These weeks after some who were present on the Wednesday turned out to be ill."""
    marks = []
    for data, n_pupils in zip(table["marks"].to_pylist(), table["n_pupils"].to_pylist(), strict=True):
        week = unpack(data, n_pupils=n_pupils).copy()
        ill = (week[:, SESSIONS] == PRESENT_WEEK[SESSIONS]).all(axis=1) & (random.random(n_pupils) < SHARE)
        week[ill, SESSIONS] = BY_TEXT["I"].number
        marks.append(pack(week))
    return table.set_column(table.column_names.index("marks"), "marks", pa.array(marks, pa.binary()))


def _day(nation: Nation, permit: Permit, random: np.random.Generator) -> tuple[list[_Weeks], list[_Weeks]]:
    """The last week of every authority as it is, and as it becomes."""
    now = [(one.la, last_week(one)) for one in partitions(nation, permit)]
    return now, [(la, corrected(table, random)) for la, table in now]


def last_week(one: Partition) -> pa.Table:
    """The latest week of a partition's schools."""
    for table in reversed(range(len(one.weeks))):
        weeks = one.weeks[table]
        if weeks.num_rows:
            return weeks.filter(pc.equal(weeks["monday"], pc.max(weeks["monday"])))
    raise VerificationProblem("An authority has no week.", mend="Make the nation again.")


def _swap(gone: Sequence[_Weeks], come: Sequence[_Weeks]) -> list[Change]:
    return [Change(la, gone=old, come=new) for (la, old), (_, new) in zip(gone, come, strict=True)]
