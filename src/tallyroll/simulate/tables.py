"""The published tables that the synthetic England is drawn from, as arrays. See `data/README.md` for their sources."""

from collections import defaultdict
from collections.abc import Iterable
from csv import DictReader
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
import numpy.typing as npt

from tallyroll.vocab.schools import PUBLISHED_PHASES, Phase

Floats = npt.NDArray[np.float64]

N_GROUPS = 18  # free school meals (3) by special educational needs (3) by sex (2), numbered by `group`
N_BANDS = 11  # 0-5 %, 5-10 % … 45-50 %, 50 % and more of possible sessions
SEVERE = 0.5
BAND_WIDTH = 0.05

_PHASE_OF_BANDS = {
    "State-funded primary": Phase.PRIMARY,
    "State-funded secondary": Phase.SECONDARY,
    "Special": Phase.SPECIAL,
}
_FSM = {"Unclassified": 0, "Not Eligible": 1, "Eligible": 2}
_SEN = {"Unclassified": 0, "No identified special educational need": 1, "Any special educational need": 2}
_SEX = {"Female": 0, "Male": 1}
_YEARS = {Phase.PRIMARY: range(1, 7), Phase.SECONDARY: range(7, 12), Phase.SPECIAL: range(1, 12)}
_SMOOTHING = 20.0  # enrolments of the phase's own distribution, mixed into every small cell


def rows(name: str) -> Iterable[dict[str, str]]:
    """The rows of one of the tables beside this module."""
    return DictReader(files(__package__).joinpath(f"data/{name}").read_text(encoding="utf-8").splitlines())


def group(*, fsm: int, sen: int, sex: int) -> int:
    """The number of a group of pupils: each part is 0 unknown (sex: female), 1 no (sex: male), 2 yes."""
    return (fsm * 3 + sen) * 2 + sex


@dataclass(frozen=True, slots=True)
class Bands:
    """How absence was spread over the pupils of one phase.

    Shape: `enrolments[year, group]`; `cumulative[year, group, band]` with 0 before the first band and 1 after the
    last; `overall[band]` the phase's own shares; `slope[band]` how much rarer a pupil is at the end of the band than
    at its start. `first_year` is the year group of row 0.
    """

    first_year: int
    enrolments: Floats
    cumulative: Floats
    overall: Floats
    slope: Floats

    def place(self, years: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """The row of each year group; those outside the table (Reception, sixth form) take the nearest."""
        return np.clip(years - self.first_year, 0, len(self.enrolments) - 1)

    def rates(self, years: npt.NDArray[np.int64], groups: npt.NDArray[np.int64], ranks: Floats) -> Floats:
        """The rate of absence at each pupil's rank (0 to 1) among those of the same year and group."""
        cumulative = self.cumulative[self.place(years), groups]
        band = (cumulative[:, 1:-1] <= ranks[:, None]).sum(axis=1)
        here = np.arange(len(ranks))
        low, high = cumulative[here, band], cumulative[here, band + 1]
        return self.within(band, (ranks - low) / np.maximum(high - low, 1e-12))

    def within(self, band: npt.NDArray[np.int64], part: Floats) -> Floats:
        """The rate below which some part (0 to 1) of the pupils of a band lie."""
        slope = self.slope[band]
        along = np.log1p(part * (slope - 1)) / np.log(slope)
        return np.where(band < N_BANDS - 1, (band + along) * BAND_WIDTH, SEVERE + (1 - SEVERE) * part**2)


@cache
def bands(phase: Phase) -> Bands:
    """The bands of a published phase."""
    years = _YEARS[phase]
    counts = np.zeros((len(years), N_GROUPS, N_BANDS))
    for row in rows("absence_bands_2022_23.csv"):
        year = int(row["nc_year"])
        if _PHASE_OF_BANDS[row["school_type"]] is phase and year in years and row["sex"] in _SEX:
            where = group(fsm=_FSM[row["fsm"]], sen=_SEN[row["sen"]], sex=_SEX[row["sex"]])
            counts[year - years[0], where] += [int(n) for band, n in row.items() if band.startswith("b")]
    overall = counts.sum(axis=(0, 1)) / counts.sum()
    smooth = counts + _SMOOTHING * overall
    cumulative = np.concatenate([np.zeros((*smooth.shape[:2], 1)), smooth.cumsum(axis=2)], axis=2)
    return Bands(years[0], counts.sum(axis=2), cumulative / cumulative[:, :, -1:], overall, _slopes(overall))


def _slopes(shares: Floats) -> Floats:
    """Neighbouring bands tell how fast the pupils thin out within each; the last band has a rule of its own."""
    slopes = np.full(N_BANDS, 0.5)
    slopes[0] = shares[1] / shares[0]
    slopes[1:-2] = np.sqrt(shares[2:-1] / shares[:-3])
    slopes[-2] = slopes[-3]
    return slopes


@dataclass(frozen=True, slots=True)
class EstateRow:
    """How many schools and pupils one phase has in one local authority."""

    la: str
    phase: Phase
    schools: int
    pupils: int


@cache
def estate() -> tuple[EstateRow, ...]:
    """The real number of schools and pupils, by phase and then old LA code."""
    found = (
        EstateRow(row["old_la_code"], phase, int(row["schools_in_scope"]), _pupils(row))
        for row in rows("estate_2025_26.csv")
        if (phase := Phase(row["education_phase"])) in PUBLISHED_PHASES
    )
    return tuple(sorted(found, key=lambda row: (PUBLISHED_PHASES.index(row.phase), row.la)))


def _pupils(row: dict[str, str]) -> int:
    """The head count. Where it is withheld (two authorities of one school) the phase's mean size stands in.

    The true number could be had by subtracting all others from the national one. We do not do that to anybody.
    """
    if row["census_enrolments"] != "c":
        return int(row["census_enrolments"])
    figures = national()[row["education_phase"]]
    return round(figures["total_enrolments"] / figures["total_num_schools"])


@cache
def national() -> dict[str, dict[str, float]]:
    """Every published national figure of 2025/26: by phase (or `Total`), then by measure."""
    table: dict[str, dict[str, float]] = defaultdict(dict)
    for row in rows("national_2025_26.csv"):
        for phase in (*PUBLISHED_PHASES, "Total"):
            table[phase][row["measure"]] = float(row[phase])
    return dict(table)


def share(phase: str, *measures: str) -> float:
    """The published share of possible sessions that these counts made up together."""
    figures = national()[phase]
    return sum(figures[measure] for measure in measures) / figures["possible_sessions"]
