"""The nation: a synthetic England of nine million pupils and a whole school year, in every layout that is raced.

It is made once, by the house's own simulator, and kept: `nation-<scale>-<seed>` in the folder of kept nations, whole
or not there at all. The scan side is that of a store: encrypted Parquet for each authority and month. Beside it lie the
layouts of the rivals (see `nation_school`), unencrypted, in files sorted by authority, school, pupil and day.
"""

import multiprocessing
import shutil
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from time import perf_counter
from typing import Self

import msgspec
import pyarrow.parquet as pq

from tallyroll.flows.bench import nation_ground
from tallyroll.flows.bench.ground import NOW, SEED
from tallyroll.flows.bench.nation_authority import LONG_UP_TO, Made, authority, moved, planned
from tallyroll.flows.bench.nation_school import MARKS, STRETCHES
from tallyroll.governance import Permit
from tallyroll.register.keys import KeyRing
from tallyroll.register.scan import ScanSide, write_scan
from tallyroll.vocab.errors import UsageProblem
from tallyroll.vocab.identifiers import Urn
from tallyroll.vocab.partitions import Partition
from tallyroll.vocab.progress import Advance, unwatched
from tallyroll.vocab.shapes import SCHOOLS

_GROUP = 524_288  # rows of a row group: within what DuckDB, Polars and DataFusion each advise
_ABOUT = "nation.json"
_TABLES = {"exceptions": MARKS, "long": MARKS, "stretches": STRETCHES, "schools": SCHOOLS}


@dataclass(frozen=True, slots=True)
class Facts:
    """What a nation holds, how long it took to make, and the megabytes of each layout."""

    scale: float
    seed: int
    schools: int
    pupils: int
    marks: int
    stretches: int
    exceptions: int
    seconds: float
    megabytes: dict[str, float]


@dataclass(frozen=True, slots=True)
class Nation:
    """A nation on disk."""

    folder: Path
    facts: Facts

    @classmethod
    def open(cls, folder: Path) -> Self:
        """The nation in this folder; UsageProblem when there is none."""
        try:
            data = (folder / _ABOUT).read_bytes()
        except FileNotFoundError as error:
            mend = "Run `tallyroll bench national-year`, which makes one."
            raise UsageProblem("There is no nation here.", where=str(folder), mend=mend) from error
        return cls(folder, msgspec.json.decode(data, type=Facts))

    @property
    def side(self) -> ScanSide:
        """Its scan side."""
        return _side(self.folder)

    @property
    def dense(self) -> Path:
        """The folder of weeks whose marks are one byte each: what packing them is measured against."""
        return self.folder / "dense"

    @property
    def has_long_rows(self) -> bool:
        """Whether it is small enough to be written one row a mark, too."""
        return self.facts.scale <= LONG_UP_TO

    def table(self, name: str) -> Path:
        """A table of SQL users: `exceptions`, `long`, `stretches` or `schools`."""
        return _file(self.folder, name)

    def permit(self) -> Permit:
        """A permit to count all of it, asked of the gate that lies with it."""
        schools = pq.read_table(self.table("schools"), columns=["urn", "la"]).to_pylist()
        return nation_ground.permit(self.folder, {Urn(one["urn"]): one["la"] for one in schools})


def make_nation(
    keep: Path, *, scale: float, seed: int = SEED, processes: int = 2, advance: Advance = unwatched
) -> Nation:
    """The nation of this scale and seed in the folder of kept nations, made where there is none yet.

    Raises: UsageProblem when the scale is not above 0 and up to 1.
    """
    folder = keep / f"nation-{scale:g}-{seed}"
    if not folder.exists():
        planned(scale, seed)  # refuses the scale before anything is written
        building = folder.with_name(f".{folder.name}.partial")
        shutil.rmtree(building, ignore_errors=True)
        building.mkdir(mode=0o700, parents=True)
        _make(building, scale=scale, seed=seed, processes=processes, advance=advance)
        building.rename(folder)
    return Nation.open(folder)


def _make(folder: Path, *, scale: float, seed: int, processes: int, advance: Advance) -> None:
    start = perf_counter()
    schools = {one.school.urn: one.school.laestab.la for one in planned(scale, seed).plan.schools}
    nation_ground.tell(folder, frozenset(schools))
    permit = nation_ground.permit(folder, schools)
    (folder / "dense").mkdir()
    with _Tables(folder) as tables:
        todo = [partial(authority, folder, scale, seed, la) for la in sorted(set(schools.values()))]
        made = _made(todo, processes=processes, advance=advance)
        given = (tables.add(one) for one in made)
        write_scan(permit, _side(folder), year=nation_ground.YEAR, partitions=given, now=NOW)
    facts = Facts(
        scale=scale,
        seed=seed,
        schools=len(schools),
        pupils=tables.pupils,
        marks=tables.marks,
        stretches=tables.stretches,
        exceptions=tables.exceptions,
        seconds=perf_counter() - start,
        megabytes={path.stem: _megabytes(path) for path in sorted(folder.iterdir())},
    )
    (folder / _ABOUT).write_bytes(msgspec.json.encode(asdict(facts)))


def _made(todo: Sequence[Callable[[], Made]], *, processes: int, advance: Advance) -> Iterator[Made]:
    """The authorities in their order, made in processes that run a little ahead."""
    waiting: deque[Future[Made]] = deque()
    rest = iter(todo)
    with ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("spawn")) as pool:
        for done in range(len(todo)):
            waiting.extend(pool.submit(one) for one in islice(rest, processes + 1 - len(waiting)))
            yield waiting.popleft().result()
            advance(done + 1, len(todo))


class _Tables:
    """Writes the tables of SQL users, in which stretches and pupils are numbered through the nation."""

    def __init__(self, folder: Path) -> None:
        self.stretches = self.pupils = self.marks = self.exceptions = 0
        self._files = {
            name: pq.ParquetWriter(_file(folder, name), shape, compression="zstd", compression_level=3)
            for name, shape in _TABLES.items()
        }

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for file in self._files.values():
            file.close()

    def add(self, made: Made) -> Partition:
        """Write one authority's rows; gives what is for the scan side."""
        tables = {
            "exceptions": moved(made.exceptions, "stretch", by=self.stretches),
            "long": moved(made.long, "stretch", by=self.stretches),
            "stretches": moved(moved(made.stretches, "stretch", by=self.stretches), "pupil", by=self.pupils),
            "schools": made.partition.schools,
        }
        for name, table in tables.items():
            if table.num_rows:
                self._files[name].write_table(table, row_group_size=_GROUP)
        self.stretches += made.stretches.num_rows
        self.exceptions += made.exceptions.num_rows
        self.pupils += made.pupils
        self.marks += made.marks
        return made.partition


def _side(folder: Path) -> ScanSide:
    return ScanSide(folder / "register.scan", KeyRing(folder / "keys"))


def _file(folder: Path, name: str) -> Path:
    return folder / f"{name}.parquet"


def _megabytes(path: Path) -> float:
    files = [path] if path.is_file() else [one for one in path.rglob("*") if one.is_file()]
    return sum(one.stat().st_size for one in files) / 1e6
