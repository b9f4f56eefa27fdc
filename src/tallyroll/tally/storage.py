"""Tallies and areas on disk: a folder of Parquet files, there whole or not at all.

It holds counts and no pupil's row; but a school's cell may count one child, so nobody but the owner may read it.
"""

import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
from pyarrow import parquet

from tallyroll.tally import area_storage
from tallyroll.tally.algebra import Tally
from tallyroll.tally.areas import Areas
from tallyroll.vocab.errors import InputProblem, UsageProblem
from tallyroll.vocab.shapes import CELLS, ENROLMENTS

_TALLY: Mapping[str, pa.Schema] = {"cells": CELLS, "enrolments": ENROLMENTS}
_OURS = {f"{name}.parquet" for shapes in (_TALLY, area_storage.SHAPES) for name in shapes}


def save(held: Tally | Areas, folder: Path) -> None:
    """Write the tally, or the areas; what such stands there is replaced.

    Raises: UsageProblem when the folder holds anything else.
    """
    if folder.exists() and not (folder.is_dir() and {path.name for path in folder.iterdir()} <= _OURS):
        raise UsageProblem("Something that is no tally stands here.", where=str(folder), mend="Name another folder.")
    if isinstance(held, Tally):
        tables: Mapping[str, pa.Table] = dict(zip(_TALLY, (held.cells, held.persistent), strict=True))
    else:
        tables = area_storage.to_tables(held)
    folder.parent.mkdir(parents=True, exist_ok=True)
    desk = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        for name, table in tables.items():
            path = desk / f"{name}.parquet"
            parquet.write_table(table, path, compression="zstd")
            path.chmod(0o600)
        former = desk.with_name(f"{desk.name}.former")
        if folder.exists():
            folder.rename(former)
        desk.rename(folder)
        shutil.rmtree(former, ignore_errors=True)
    finally:
        shutil.rmtree(desk, ignore_errors=True)


def load(folder: Path) -> Tally:
    """The tally in this folder.

    Raises: UsageProblem when there is none; InputProblem when a file is not whole; VerificationProblem when what it
            holds cannot be a tally.
    """
    return Tally(*_read(folder, _TALLY).values())


def load_either(folder: Path) -> Tally | Areas:
    """The tally or the areas in this folder, whichever are there. Raises: as `load`."""
    if os.path.exists(folder / "area_cells.parquet"):
        return area_storage.from_tables(_read(folder, area_storage.SHAPES))
    return load(folder)


def _read(folder: Path, shapes: Mapping[str, pa.Schema]) -> dict[str, pa.Table]:
    """The tables of a folder, whole."""
    tables = {}
    for name, shape in shapes.items():
        path = folder / f"{name}.parquet"
        if not os.path.exists(path):
            raise UsageProblem("There is no tally here.", where=str(path), mend="Make one with `tallyroll tally`.")
        try:
            table = parquet.read_table(path)
            tables[name] = table.cast(shape.with_metadata(table.schema.metadata))
        except (pa.ArrowException, ValueError) as error:
            raise InputProblem(
                "The file is not a whole table of cells.", where=str(path), mend="Make the tally again."
            ) from error
    return tables
