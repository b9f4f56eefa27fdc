"""Daily area tallies of a national year as the department exports them, made of random counts: for benches only."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tallyroll.tally.layouts import AREA, HEADCOUNTS, MEANS, OLD_T, REASONS, SUMS
from tallyroll.vocab.periods import AcademicYear
from tallyroll.vocab.places import AUTHORITIES, COUNTRY_CODE, COUNTRY_NAME, REGIONS
from tallyroll.vocab.schools import FRIDAY, PUBLISHED_PHASES

Counts = npt.NDArray[np.int64]

DAYS_IN_YEAR = 190
_LAST = {
    OLD_T,
    "reason_d_aea_dual_registration",
    "reason_h_authorised_holiday",
    "reason_x_not_attending_covid_non_compulsory",
}
_COUNTS = (*MEANS, *SUMS, *(reason for reason in REASONS if reason not in _LAST))
_LARGEST = 50_000  # sessions of one authority, phase and day


def school_days(year: int, n: int) -> tuple[date, ...]:
    """The first n weekdays from the second Monday of September on; 190 of them end before June does."""
    start = AcademicYear(year).first
    start += timedelta(days=(7 - start.weekday()) % 7 + 7)
    every = (start + timedelta(days=place) for place in range(2 * n + 7))
    return tuple([day for day in every if day.weekday() <= FRIDAY][:n])


def tallies(days: Sequence[date], *, seed: int) -> pa.Table:
    """One row for each day, area and phase; regions and the nation are the sums of their authorities."""
    shape = (len(days), len(AUTHORITIES), len(PUBLISHED_PHASES), len(_COUNTS))
    local = np.random.default_rng(seed).integers(2, _LARGEST, shape)
    counts = np.concatenate([local, *(local[:, of].sum(axis=1, keepdims=True) for of in _members())], axis=1)
    n_areas, n_phases = counts.shape[1:3]
    area = np.tile(np.repeat(np.arange(n_areas), n_phases), len(days))
    areas = pa.table([pa.array(column) for column in zip(*_areas(), strict=True)], names=[*AREA])
    columns = {name: areas[name].combine_chunks().take(pa.array(area)) for name in AREA}
    columns["attendance_date"] = pa.array(np.repeat(np.array(days, dtype="datetime64[D]"), n_areas * n_phases))
    phases = pa.array([str(phase) for phase in PUBLISHED_PHASES])
    columns["education_phase"] = phases.take(pa.array(np.tile(np.arange(n_phases), n_areas * len(days))))
    flat = counts.reshape(-1, len(_COUNTS))
    return pa.table(columns | {name: pa.array(flat[:, place]) for place, name in enumerate(_COUNTS)})


def headcounts() -> pa.Table:
    """Census head counts of the same areas and phases."""
    keys = [(level, region, la, str(phase)) for level, *_, region, _, la, _ in _areas() for phase in PUBLISHED_PHASES]
    names = ("geographic_level", "region_name", "la_name", "phase")
    table = pa.table(dict(zip(names, map(pa.array, zip(*keys, strict=True)), strict=True)))
    for name, least in zip(HEADCOUNTS, (100.0, 30_000.0), strict=True):
        table = table.append_column(name, pa.array(least + np.arange(len(keys))))
    return table


def _areas() -> Iterator[tuple[str, ...]]:
    """Every area as the columns of AREA: authorities, regions, the nation."""
    country = (COUNTRY_CODE, COUNTRY_NAME)
    for la in AUTHORITIES:
        yield "Local authority", *country, la.region.code, la.region.name, la.code, la.name, la.old_code
    for region in REGIONS:
        yield "Regional", *country, region.code, region.name, "", "", ""
    yield "National", *country, "", "", "", "", ""


def _members() -> Iterator[list[int]]:
    """The places of the authorities of each region, then of the nation."""
    for region in REGIONS:
        yield [place for place, la in enumerate(AUTHORITIES) if la.region == region]
    yield list(range(len(AUTHORITIES)))
