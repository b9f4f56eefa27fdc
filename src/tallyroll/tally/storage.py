"""Tallies on disk: a folder with two Parquet files, there whole or not at all.

It holds counts and no pupil's row; but a school's cell may count one child, so nobody but the owner may read it.
"""

import os
import shutil
import tempfile
from pathlib import Path

import pyarrow as pa
from pyarrow import parquet

from tallyroll.tally.algebra import Tally
from tallyroll.vocab.errors import InputProblem, UsageProblem
from tallyroll.vocab.shapes import CELLS, ENROLMENTS

_FILES = {"cells.parquet": CELLS, "enrolments.parquet": ENROLMENTS}


def save(tally: Tally, folder: Path) -> None:
    """Write the tally; it replaces a tally that stands there.

    Raises: UsageProblem when the folder holds anything else.
    """
    if folder.exists() and not (folder.is_dir() and {path.name for path in folder.iterdir()} <= set(_FILES)):
        raise UsageProblem("Something that is no tally stands here.", where=str(folder), mend="Name another folder.")
    folder.parent.mkdir(parents=True, exist_ok=True)
    desk = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        for name, table in zip(_FILES, (tally.cells, tally.persistent), strict=True):
            parquet.write_table(table, desk / name, compression="zstd")
            (desk / name).chmod(0o600)
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
    tables = []
    for name, shape in _FILES.items():
        path = folder / name
        if not os.path.exists(path):
            raise UsageProblem("There is no tally here.", where=str(path), mend="Make one with `tallyroll tally`.")
        try:
            tables.append(parquet.read_table(path).cast(shape))
        except (pa.ArrowException, ValueError) as error:
            raise InputProblem(
                "The file is not a whole table of cells.", where=str(path), mend="Make the tally again."
            ) from error
    return Tally(*tables)
