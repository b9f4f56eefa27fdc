"""A correction: one school's week said otherwise, from its authority's figures to every sum of region and nation."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tallyroll.flows.bench.ground import NOW, SEED
from tallyroll.flows.bench.measuring import Goal, Line, Outcome, spread, timed, times_of
from tallyroll.flows.bench.nation import make_nation
from tallyroll.flows.bench.national_day import check_equal, corrected, full, last_week, live_areas, partitions
from tallyroll.tally.refreshing import Change
from tallyroll.vocab.progress import Advance

CORRECTIONS, WARM_UP = 200, 10
SCHOOLS = 50  # that are corrected in turn, there and back
HOLD_TO_MS = 10


def correction(scale: float, *, folder: Path, keep: Path, advance: Advance, runs: int = CORRECTIONS) -> Outcome:
    """Milliseconds until a correction is in every figure."""
    nation = make_nation(keep, scale=scale, advance=advance)
    permit = nation.permit()
    live = live_areas(nation, permit, advance=advance)
    random = np.random.default_rng(SEED)
    there = _corrections([(one.la, last_week(one)) for one in partitions(nation, permit)], random)
    spent = []
    for turn in range(WARM_UP + runs):
        change = there[turn // 2 % len(there)]
        if turn % 2:
            change = Change(change.la, gone=change.come, come=change.gone)
        spent.append(timed(partial(live.refresh, permit, [change], now=NOW))[0])
        advance(turn + 1, WARM_UP + runs)
    if (WARM_UP + runs) % 2:  # the last one was not taken back
        live.refresh(permit, [Change(change.la, gone=change.come, come=change.gone)], now=NOW)
    check_equal(live.areas, full(nation, permit))
    times = times_of(spent[WARM_UP:])
    facts = spread([1000 * one for one in times.wall_s])
    return Outcome(
        lines=(Line("one school's week, to every figure", 1, "corrections", times),),
        goals=(Goal("corrections a second, 10 ms each", 1000 / HOLD_TO_MS, 1 / times.wall),),
        sizes={"schools": nation.facts.schools, "ms_median": facts["median"], "ms_p95": facts["p95"]},
    )


def _corrections(weeks: Sequence[tuple[str, pa.Table]], random: np.random.Generator) -> list[Change]:
    """One school's week in each of some authorities, as it is and as it becomes."""
    made = []
    for la, table in weeks[:: max(1, len(weeks) // SCHOOLS)]:
        urn = int(random.choice(table["urn"].to_numpy()))
        one = table.filter(pc.equal(table["urn"], urn))
        made.append(Change(la, gone=one, come=corrected(one, random)))
    return made
