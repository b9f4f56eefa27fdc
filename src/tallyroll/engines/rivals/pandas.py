"""pandas: one merge, then a group-by for each breakdown. One thread, all in memory; for small nations only."""

import pandas as pd

from tallyroll.engines.rivals import child
from tallyroll.engines.rivals.question import ABSENT, BREAKDOWNS, POSSIBLE, Answer, Asked

_DAY, _AREA = ["la", "phase", "day", "code"], ["la", "phase"]


def open_session(asked: Asked) -> child.Ask:
    """What pandas does with the files."""

    def ask() -> Answer:
        stretches, marks = pd.read_parquet(asked.stretches_file), pd.read_parquet(asked.marks_file)
        return (*_sessions(marks, stretches), *_enrolments(marks, stretches, is_long=asked.is_long))

    return ask


def _sessions(marks: pd.DataFrame, stretches: pd.DataFrame) -> Answer:
    status = stretches[["stretch", *_AREA, *BREAKDOWNS]]
    rows = marks[["stretch", "day", "code"]].merge(status, on="stretch")
    sums = [0, 0, 0, 0]
    for place, by in enumerate([[], *([name] for name in BREAKDOWNS)]):
        cells = rows.groupby([*_DAY, *by], sort=False).size().reset_index(name="n").astype("int64")
        weighted = cells["n"] * _weight(cells, [*_DAY, *by], place)
        found = (len(cells), cells["n"].sum(), weighted.sum(), (cells["n"] * cells["n"]).sum())
        sums = [one + int(more) for one, more in zip(sums, found, strict=True)]
    return tuple(sums)


def _enrolments(marks: pd.DataFrame, stretches: pd.DataFrame, *, is_long: bool) -> Answer:
    judged = marks[["stretch"]].assign(absent=marks["code"].isin(ABSENT), possible=marks["code"].isin(POSSIBLE), rows=1)
    sums = judged.groupby("stretch", sort=False).sum().reset_index()
    each = stretches.merge(sums, on="stretch", how="left").fillna({"absent": 0, "possible": 0, "rows": 0})
    each["possible"] += 0 if is_long else each["sessions"] - each["rows"]
    of_pupils = each.groupby("pupil", sort=False)[["absent", "possible"]].sum().reset_index()
    of_pupils = of_pupils[of_pupils["possible"] > 0]
    rows = stretches[stretches["latest"] == 1].merge(of_pupils, on="pupil")
    rows["x"] = (rows["absent"] * 10 >= rows["possible"]).astype("int64")
    rows["y"] = (rows["absent"] * 2 >= rows["possible"]).astype("int64")
    found = [0, 0, 0, 0, 0]
    for place, by in enumerate([[], *([name] for name in BREAKDOWNS)]):
        keys = [*_AREA, *by]
        cells = rows.groupby(keys, sort=False).agg(n=("x", "size"), x=("x", "sum"), y=("y", "sum")).reset_index()
        cells = cells.astype("int64")
        weight = _weight(cells, keys, place)
        more = (len(cells), cells["n"].sum(), *((cells[name] * weight).sum() for name in "nxy"))
        found = [one + int(another) for one, another in zip(found, more, strict=True)]
    return tuple(found)


def _weight(cells: pd.DataFrame, keys: list[str], place: int) -> pd.Series:
    """What each cell weighs: the product of all that names it."""
    return (cells[keys] + 1).prod(axis=1) * (place + 1)


if __name__ == "__main__":
    child.main(open_session, product="pandas")
