"""Ours: from the scan side, encrypted as it lies, to every cell and table that is published of areas.

It does more than it asks of its rivals: plain presence, schools and pupils on roll, regions, the nation, weeks and the
year to date; and it reads the dated roll and puts it in order itself. The permit is asked of the gate beforehand, and
checked for each authority within the time.
"""

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from time import perf_counter

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tallyroll import tally
from tallyroll.engines.kernel import KernelEngine
from tallyroll.engines.rivals import child
from tallyroll.engines.rivals.question import BREAKDOWNS, Answer, Asked, weight_of_value
from tallyroll.flows.bench import nation_ground
from tallyroll.flows.bench.ground import NOW
from tallyroll.flows.bench.nation import Nation
from tallyroll.flows.bench.nation_school import day_of
from tallyroll.register.scan import scan
from tallyroll.tally import Areas
from tallyroll.tally.area_tables import area_breakdown, area_daily, area_persistent
from tallyroll.tally.areas import AreaCells
from tallyroll.tally.definitions import ALL
from tallyroll.tally.figures import Figures, every_day, figures, open_days
from tallyroll.vocab.codes import BY_TEXT
from tallyroll.vocab.places import BY_OLD_CODE, COUNTRY_CODE

Ints = npt.NDArray[np.int64]

_YEAR = nation_ground.YEAR
_START = day_of(_YEAR.first)
_PLAIN = [BY_TEXT[text].number for text in ("/", "\\")]

TABLES = "tables"
"""Asked for as `marks`: the tables, too."""


def open_session(asked: Asked) -> child.Ask:
    """The kernel over a nation's scan side."""
    nation = Nation.open(asked.folder)
    permit = nation.permit()

    def ask() -> child.Found:
        start = perf_counter()
        partitions = scan(permit, nation.side, authorities=(), first=_YEAR.first, last=_YEAR.last, now=NOW)
        with KernelEngine() as engine:
            areas = tally.count_areas(
                permit,
                engine,
                partitions,
                definition=nation_ground.definition(),
                first=_YEAR.first,
                last=_YEAR.last,
                now=NOW,
                threads=asked.threads,
            )
        counted = perf_counter()
        add_up(areas, threads=asked.threads)
        added = perf_counter()
        laps = {"cells_s": counted - start, "sums_s": added - counted}
        if asked.marks == TABLES:
            laps |= {"rows": sum(table.num_rows for table in tables(areas)), "tables_s": perf_counter() - added}
        return child.Found(partial(answer, areas, is_long=asked.is_long), laps)

    return ask


def add_up(areas: Areas, *, threads: int = 2) -> dict[str, Figures]:
    """Every authority's figures by day, week and for the year; gives those of the regions and the nation."""
    days, mondays = open_days(areas), np.array(areas.mondays)
    size = {"n_weeks": len(mondays), "n_days": areas.n_days, "n_values": len(areas.values)}
    by_region: dict[str, list[AreaCells]] = {}
    for la, one in areas.authorities.items():
        by_region.setdefault(BY_OLD_CODE[la].region.code, []).append(one)

    def region(code: str) -> Figures:
        its = Figures.none(**size)
        for one in by_region[code]:
            figures(one, every_day(one)).week_cells.sum(axis=1)
            weeks = np.searchsorted(mondays, one.mondays)
            its.add_counts(one, days[weeks], weeks=np.arange(len(weeks)), places=weeks)
        return its

    with ThreadPoolExecutor(threads) as pool:
        sums = dict(zip(by_region, pool.map(region, by_region), strict=True))
    nation = Figures.none(**size)
    for one_region in sums.values():
        nation.add(one_region, weeks=slice(None))
    for one_of_them in (*sums.values(), nation):
        one_of_them.week_cells.sum(axis=1)
    return sums | {COUNTRY_CODE: nation}


def tables(areas: Areas) -> list[pa.Table]:
    """Every table of areas as it is laid out: by day, by week and breakdown, and persistent absence."""
    names = (ALL, *BREAKDOWNS)
    by_week, persistent = (map(partial(table, areas), names) for table in (area_breakdown, area_persistent))
    return [area_daily(areas), *by_week, *persistent]


def answer(areas: Areas, *, is_long: bool) -> Answer:
    """What the rivals give, from our cells; without plain presence unless they count long rows."""
    places = np.array([weight_of_value((ALL, *BREAKDOWNS).index(name), value) for name, value in areas.values])
    sessions, enrolments = np.zeros(4, dtype=np.int64), np.zeros(5, dtype=np.int64)
    for la, cells in areas.authorities.items():
        sessions += _sessions(cells, int(la) + 1, places, left_out=[] if is_long else _PLAIN)
        enrolments += _enrolments(cells, int(la) + 1, places)
    return tuple(int(each) for each in (*sessions, *enrolments))


def _sessions(cells: AreaCells, la: int, places: Ints, *, left_out: list[int]) -> Ints:
    codes, mondays = np.array(cells.codes), np.array(cells.mondays) - _START
    kept = ~np.isin(codes, left_out)
    phase, week, day, place, code = np.nonzero(cells.cells[..., kept])
    n = cells.cells[..., kept][phase, week, day, place, code].astype(np.int64)
    weight = la * (phase + 1) * (mondays[week] + day + 1) * (codes[kept][code] + 1) * places[place]
    return np.array([len(n), n.sum(), (n * weight).sum(), (n * n).sum()])


def _enrolments(cells: AreaCells, la: int, places: Ints) -> Ints:
    counts = cells.enrolments[0].astype(np.int64)
    weight = la * np.arange(1, len(counts) + 1)[:, None] * places
    weighted = (counts * weight[..., None]).sum(axis=(0, 1))
    return np.array([np.count_nonzero(counts[..., 0]), counts[..., 0].sum(), *weighted])


if __name__ == "__main__":
    child.main(open_session, product="tallyroll")
