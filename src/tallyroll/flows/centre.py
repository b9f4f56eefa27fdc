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

from tallyroll import disclosure, release, tally
from tallyroll.governance import Door, Gate, Manifest, Permit, Request, in_force, require
from tallyroll.governance.lifecycle import Version
from tallyroll.tally import Areas, Method, Tally
from tallyroll.vocab.errors import InputProblem


@dataclass(frozen=True, slots=True)
class Published:
    """A release that was written: its folder (a draft's, where the report has failures), its tables, the report."""

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
    merged: Tally | Areas,
    headcounts: pa.Table,
    *,
    gate: Gate,
    purpose: str,
    first: date,
    last: date,
    out: Path,
    notes: Sequence[str] = (),
) -> Published:
    """Tabulate, protect, write, check and publish one release of the days from first to last.

    The gate is asked first, for the schools whose counts will be published. The release is written beside `out` and
    moved there once it has passed its checks, and then written down in the log; one that fails them stays where
    it was written, as a draft.
    Raises: Refused by the gate; InputProblem when the tally was not counted over these days; UsageProblem when
            something is at `out` already.
    """
    release.check_free(out)
    held = _areas(merged, first, last)
    permit = _ask(gate, held, purpose=purpose, first=first, last=last)
    version = in_force(gate)
    manifest = version.manifest
    named = _tables(held, headcounts, manifest=manifest, first=first, last=last)
    protected = disclosure.protect(named, profile=manifest.release.disclosure_profile, last=last)
    draft = out.with_name(f"{out.name}-draft")
    shutil.rmtree(draft, ignore_errors=True)
    about = _about(held, headcounts, version=version, first=first, last=last)
    written = release.write(
        protected, draft, method=manifest.release.method, created_at=gate.clock.now(), about=about, notes=notes
    )
    report = release.check(draft)
    if not report.passed:
        return Published(draft, written, report)
    permit.check(Door.RELEASE, now=gate.clock.now())  # what was suspended meanwhile stays a draft
    if out.exists():
        out.rmdir()
    draft.rename(out)
    digest = sha256((out / release.MANIFEST).read_bytes()).hexdigest()
    facts = {"manifest": manifest.digest, "release": digest, "tables": len(written)}
    gate.log.append(at=gate.clock.now(), event="released", facts=facts)
    return Published(out, written, report)


def _tables(held: Areas, headcounts: pa.Table, *, manifest: Manifest, first: date, last: date) -> dict[str, pa.Table]:
    rules, by = manifest.release, manifest.counters.characteristics
    tables = tally.tabulate(
        tally.area_daily(held),
        headcounts,
        method=Method(rules.method),
        first=first,
        last=last,
        persistent=tally.persistent_by_area(held),
    )
    return {
        "attendance_daily": tables.daily,
        "attendance_weekly": tables.weekly,
        "attendance_ytd": tables.ytd,
        "attendance_characteristics_weekly": tally.weekly_by_characteristic(held, by),
        "persistent_absence_ytd": tally.persistent_by_characteristic(
            held, manifest.counters.characteristics, first=first
        ),
    }


def _areas(merged: Tally | Areas, first: date, last: date) -> Areas:
    """What was counted over these days, by area."""
    if isinstance(merged, Tally):
        return tally.areas_of(tally.within(merged, first, last))
    if merged.windows != ((first, last),):
        raise InputProblem(
            f"These areas were not counted from {first} to {last}.",
            mend="Count these days with `tallyroll tally --areas`.",
        )
    return merged


def _about(held: Areas, headcounts: pa.Table, *, version: Version, first: date, last: date) -> dict[str, str | int]:
    """What a release says of itself: its days, who answers for it, under which assessment, and how complete it is."""
    nation = headcounts.filter(pc.equal(headcounts["geographic_level"], "National"))
    return {
        "first": first.isoformat(),
        "last": last.isoformat(),
        "controller": version.manifest.controller,
        "assessment": f"{version.manifest.collection.id}, version {version.number}",
        "assessment_sha256": version.digest,
        "schools_counted": len(held.contributors),
        "schools_in_scope": int(pc.sum(nation["total_num_schools"]).as_py() or 0),
    }


def _ask(gate: Gate, held: Areas, *, purpose: str, first: date, last: date) -> Permit:
    """Ask the gate whether the counts of these schools may be published; no item of a pupil is named."""
    request = Request(
        door=Door.RELEASE,
        purpose=purpose,
        schools=frozenset(held.contributors),
        items=frozenset(),
        first=first,
        last=last,
        characteristics=held.breakdowns,
    )
    return require(gate, request, authorities=held.contributors)
