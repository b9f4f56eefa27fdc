"""Polars on its streaming engine. It has no grouping sets: a group-by for each breakdown, all collected together.

Source: docs.pola.rs, Streaming and `collect_all`: plans that share a scan and a join share their work. The number of
threads is that of POLARS_MAX_THREADS, which is read when Polars is loaded.
"""

import os
import sys

os.environ["POLARS_MAX_THREADS"] = sys.argv[3] if len(sys.argv) > 3 else "2"

import polars as pl

from tallyroll.engines.rivals import child
from tallyroll.engines.rivals.question import ABSENT, BREAKDOWNS, POSSIBLE, Answer, Asked

_DAY, _AREA = ("la", "phase", "day", "code"), ("la", "phase")


def open_session(asked: Asked) -> child.Ask:
    """A query of Polars over the files."""

    def ask() -> Answer:
        frames = pl.collect_all([*_sessions(asked), *_enrolments(asked)], engine="streaming")
        sessions, enrolments = frames[: len(frames) // 2], frames[len(frames) // 2 :]
        return tuple(
            sum(int(frame.row(0)[place]) for frame in half)
            for half in (sessions, enrolments)
            for place in range(half[0].width)
        )

    return ask


def _sessions(asked: Asked) -> list[pl.LazyFrame]:
    stretches = pl.scan_parquet(asked.stretches_file).select("stretch", *_AREA, *BREAKDOWNS)
    rows = pl.scan_parquet(asked.marks_file).select("stretch", "day", "code").join(stretches, on="stretch")
    n = pl.col("n")
    return [
        rows.group_by([*_DAY, *by])
        .agg(n=pl.len().cast(pl.Int64))
        .select(pl.len().cast(pl.Int64), n.sum(), h=(n * _weight(_DAY, place, by)).sum(), q=(n * n).sum())
        for place, by in enumerate(_breakdowns())
    ]


def _enrolments(asked: Asked) -> list[pl.LazyFrame]:
    stretches, code = pl.scan_parquet(asked.stretches_file), pl.col("code")
    sums = pl.scan_parquet(asked.marks_file).group_by("stretch").agg(
        absent=code.is_in(ABSENT).sum().cast(pl.Int64),
        possible=code.is_in(POSSIBLE).sum().cast(pl.Int64),
        rows=pl.len().cast(pl.Int64),
    )  # fmt: skip
    rest = pl.lit(0) if asked.is_long else pl.col("sessions").cast(pl.Int64) - pl.col("rows").fill_null(0)
    of_pupils = (
        stretches.select("stretch", "pupil", "sessions")
        .join(sums, on="stretch", how="left")
        .with_columns(rest=rest)
        .group_by("pupil")
        .agg(absent=pl.col("absent").sum(), possible=(pl.col("possible").fill_null(0) + pl.col("rest")).sum())
        .filter(pl.col("possible") > 0)
    )
    rows = stretches.filter(pl.col("latest") == 1).join(of_pupils, on="pupil").with_columns(
        x=(pl.col("absent") * 10 >= pl.col("possible")).cast(pl.Int64),
        y=(pl.col("absent") * 2 >= pl.col("possible")).cast(pl.Int64),
    )  # fmt: skip
    return [
        rows.group_by([*_AREA, *by])
        .agg(n=pl.len().cast(pl.Int64), x=pl.col("x").sum(), y=pl.col("y").sum())
        .select(
            pl.len().cast(pl.Int64),
            pl.col("n").sum(),
            *((pl.col(name) * _weight(_AREA, place, by)).sum().alias(f"h{name}") for name in "nxy"),
        )
        for place, by in enumerate(_breakdowns())
    ]


def _breakdowns() -> list[list[str]]:
    return [[], *([name] for name in BREAKDOWNS)]


def _weight(keys: tuple[str, ...], place: int, by: list[str]) -> pl.Expr:
    """What a cell weighs: the product of all that names it."""
    weight = pl.lit(place + 1, pl.Int64)
    for name in (*keys, *by):
        weight = weight * (pl.col(name).cast(pl.Int64) + 1)
    return weight


if __name__ == "__main__":
    child.main(open_session, product="polars")
