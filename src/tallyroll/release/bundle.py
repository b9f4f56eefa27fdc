"""Bundles: a release as a folder that is there whole or not at all, and never changes afterwards.

Takes `Protected` tables only: there is no other way to publish.
"""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType

from tallyroll.disclosure import Protected
from tallyroll.release.checks.opening import DATA_ENDING, META_ENDING
from tallyroll.release.files import data_file, meta_file
from tallyroll.release.meta import Filter, Indicator, describe
from tallyroll.vocab.durable import sync
from tallyroll.vocab.errors import ProtectionProblem, UsageProblem, VerificationProblem

MANIFEST = "release.json"


@dataclass(frozen=True, slots=True)
class BundleFile:
    """One file of a bundle, with the digest of its bytes."""

    file: str
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class BundleTable:
    """One table of a bundle: its two files, its size, and the rows in which something is hidden."""

    name: str
    rows: int
    columns: tuple[str, ...]
    hidden_rows: int
    data: BundleFile
    meta: BundleFile


def write(
    protected: Protected,
    folder: Path,
    *,
    method: str,
    created_at: datetime,
    about: Mapping[str, str | int] = MappingProxyType({}),
    notes: Sequence[str] = (),
    more: Sequence[Filter | Indicator] = (),
) -> tuple[BundleTable, ...]:
    """Write each table as NAME.csv with NAME.meta.csv, and a release.json that names and digests them.

    `about` is what the release says of itself: its days, who answers for it, how complete it is.

    Everything is written and forced to disk beside `folder` and moved there in one step: after a crash there is the
    whole release or none. The same tables and arguments give the same bytes.
    Raises: ProtectionProblem when the tables are not protected; UsageProblem when something is there already, or a
            table cannot be described.
    """
    if type(protected) is not Protected:
        raise ProtectionProblem("Only protected tables are published.", mend="Pass them through disclosure control.")
    names = [table.name for table in protected.tables]
    if len(set(names)) < len(names) or not names:
        raise UsageProblem("A release needs tables, each with a name of its own.", where=str(folder))
    described = [describe(table.name, table.table, more=more) for table in protected.tables]
    check_free(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    desk = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        tables = tuple(
            BundleTable(
                ees.name,
                ees.table.num_rows,
                tuple(ees.table.column_names),
                source.n_hidden,
                _put(desk / f"{ees.name}{DATA_ENDING}", data_file(ees)),
                _put(desk / f"{ees.name}{META_ENDING}", [meta_file(ees)]),
            )
            for ees, source in zip(described, protected.tables, strict=True)
        )
        _put(desk / MANIFEST, [_manifest(protected, tables, about, method=method, created_at=created_at, notes=notes)])
        desk.chmod(0o755)  # a temporary folder is closed to others; a release is not
        sync(desk)
        check_free(folder)
        desk.rename(folder)
        sync(folder.parent)
    finally:
        shutil.rmtree(desk, ignore_errors=True)
    return tables


def verify(folder: Path) -> tuple[str, ...]:
    """The names of a bundle's files, when each still has the bytes that release.json says; else VerificationProblem."""
    path = folder / MANIFEST
    try:
        tables = json.loads(path.read_text(encoding="utf-8"))["tables"]
        told = {one[part]["file"]: one[part]["sha256"] for one in tables for part in ("data", "meta")}
    except FileNotFoundError as error:
        raise UsageProblem("There is no release here.", where=str(path), mend="Give a release's folder.") from error
    except (ValueError, KeyError, TypeError) as error:
        raise VerificationProblem("The list of files cannot be read.", where=str(path)) from error
    wrong = [name for name, digest in told.items() if _digest(folder / name) != digest]
    if wrong:
        raise VerificationProblem(
            f"Not as published: {', '.join(wrong)}.",
            where=str(folder),
            mend="Restore the release from a copy; a revision is a release of its own.",
        )
    return tuple(told)


def check_free(folder: Path) -> None:
    """Returns when a release can be put here; UsageProblem when there is something already."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageProblem(
            "There is something here already.",
            where=str(folder),
            mend="A release is never overwritten: name a new one.",
        )


def _put(path: Path, pieces: Iterable[bytes]) -> BundleFile:
    digest, size = hashlib.sha256(), 0
    with path.open("xb") as out:
        for piece in pieces:
            out.write(piece)
            digest.update(piece)
            size += len(piece)
        out.flush()
        os.fsync(out.fileno())
    return BundleFile(path.name, size, digest.hexdigest())


def _manifest(
    protected: Protected,
    tables: Sequence[BundleTable],
    about: Mapping[str, str | int],
    *,
    method: str,
    created_at: datetime,
    notes: Sequence[str],
) -> bytes:
    said = {
        "format": "tallyroll-release/1",
        "about": dict(about),
        "created_at": created_at.astimezone(UTC).isoformat(),
        "method": method,
        "disclosure_profile": str(protected.profile),
        "open_to_subtraction": protected.open_to_subtraction,
        "notes": list(notes),
        "tables": [asdict(table) for table in tables],
    }
    return (json.dumps(said, indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode()


def _digest(path: Path) -> str:
    if not path.is_file():
        return ""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
