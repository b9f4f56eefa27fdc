"""The centre's procession: tallies in, a protected release out. It holds no register and reaches none."""

import os
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from tallyroll import disclosure, ledger, release, tally
from tallyroll.governance import Door, Manifest, Request, require
from tallyroll.tally import Method, Tally
from tallyroll.vocab.clock import Clock


@dataclass(frozen=True, slots=True)
class Published:
    """A release that was written: its folder, its tables, and what the checker said."""

    folder: Path
    tables: tuple[release.BundleTable, ...]
    report: release.Report


def merge(folders: Sequence[Path], out: Path) -> Tally:
    """The tallies of these folders as one, written to `out`."""
    merged = tally.merge_all(tally.load(folder) for folder in folders)
    tally.save(merged, out)
    return merged


def tabulate(
    tallies: Path,
    headcounts: Path,
    *,
    method: Method,
    first: date,
    last: date,
    out: Path,
    persistent: Path | None,
    profile: str,
    now: datetime,
) -> tuple[release.BundleTable, ...]:
    """Write daily, weekly and ytd tables from daily area tallies into `out`, replacing what it wrote there before."""
    tables = tally.tabulate(
        tally.read_tallies(tallies),
        tally.read_headcounts(headcounts),
        method=method,
        first=first,
        last=last,
        persistent=None if persistent is None else tally.read_persistent(persistent),
    )
    named = {"daily": tables.daily, "weekly": tables.weekly, "ytd": tables.ytd}
    protected = disclosure.protect(named, profile=profile, last=last)
    out.mkdir(parents=True, exist_ok=True)
    desk = Path(tempfile.mkdtemp(prefix=".tabulate.", dir=out))
    try:
        written = release.write(protected, desk / "made", method=method, created_at=now)
        for path in (desk / "made").iterdir():
            os.replace(path, out / path.name)
    finally:
        shutil.rmtree(desk, ignore_errors=True)
    return written


def publish(
    merged: Tally,
    headcounts: pa.Table,
    *,
    manifest: Manifest,
    clock: Clock,
    journal: Path,
    first: date,
    last: date,
    out: Path,
    notes: Sequence[str] = (),
) -> Published:
    """Tabulate, protect, write and check one release of the days from first to last, as the assessment says.

    The gate is asked first, and the release is written down in the journal with the digest of its list of files.
    Regions and the nation have no row on dates when most of the schools in scope were closed.
    Raises: Refused by the gate.
    """
    rules = manifest.release
    _ask(manifest, clock=clock, journal=journal, first=first, last=last)
    known_schools = _schools_in_scope(headcounts)
    areas = tally.area_daily(merged, known_schools=known_schools)
    tables = tally.tabulate(
        areas,
        headcounts,
        method=Method(rules.method),
        first=first,
        last=last,
        persistent=tally.persistent_by_area(merged),
    )
    named = {
        "attendance_daily": tables.daily,
        "attendance_weekly": tables.weekly,
        "attendance_ytd": tables.ytd,
        "attendance_characteristics_weekly": tally.weekly_by_characteristic(
            merged, rules.characteristics, known_schools=known_schools
        ),
        "persistent_absence_ytd": tally.persistent_by_characteristic(merged, rules.characteristics, first=first),
    }
    protected = disclosure.protect(named, profile=rules.disclosure_profile, last=last)
    written = release.write(protected, out, method=rules.method, created_at=clock.now(), notes=notes)
    digest = sha256((out / release.MANIFEST).read_bytes()).hexdigest()
    facts = {"manifest": manifest.digest, "release": digest, "tables": len(written)}
    ledger.append(journal, at=clock.now(), event="released", facts=facts)
    return Published(out, written, release.check(out))


def _ask(manifest: Manifest, *, clock: Clock, journal: Path, first: date, last: date) -> None:
    """Ask the gate whether this may be published; no pupil's row is touched, so no item is named."""
    request = Request(
        door=Door.RELEASE,
        purpose=manifest.purposes[0].id,
        schools=frozenset(),
        items=frozenset(),
        first=first,
        last=last,
        characteristics=frozenset(manifest.release.characteristics),
    )
    require(manifest, request, clock=clock, authorities={}, journal=journal)


def _schools_in_scope(headcounts: pa.Table) -> int:
    nation = headcounts.filter(pc.equal(headcounts["geographic_level"], "National"))
    return int(pc.sum(nation["total_num_schools"]).as_py() or 0)
