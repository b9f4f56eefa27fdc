"""The centre: a release speaks for its own days, asks the gate for its schools, and is checked before it stands."""

from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pyarrow as pa
import pytest
from tests.lib.builders import CLOCK, manifest, manifest_text
from tests.lib.gates import a_gate as gate_in
from tests.lib.gates import answers, events, suspend

from tallyroll.flows import centre
from tallyroll.flows.centre import Published
from tallyroll.governance import Gate, Manifest
from tallyroll.governance.manifest import parse
from tallyroll.release import headline, verify
from tallyroll.tally import Areas, Tally, areas_of, load_either, merge, save, within
from tallyroll.vocab.clock import Clock, FixedClock
from tallyroll.vocab.codes import BY_TEXT
from tallyroll.vocab.errors import InputProblem, Refused, UsageProblem
from tallyroll.vocab.shapes import CELLS, ENROLMENTS

MONDAY = date(2026, 11, 2)
TERM = (MONDAY, date(2026, 11, 13))
SCHOOLS = {100001: "390", 100002: "390", 100003: "840"}


def a_tally(first: date = TERM[0], last: date = TERM[1], *, revision: int = 1, absent: int = 10) -> Tally:
    """Three primary schools; in each session of each day `absent` of 100 pupils are ill."""
    cells, enrolments = [], []
    for urn, la in SCHOOLS.items():
        shared = {"contributor": urn, "revision": revision, "la": la, "phase": "Primary"}
        for day in (first + timedelta(days=n) for n in range((last - first).days + 1)):
            for session in (0, 1) if day.weekday() < 5 else ():
                for code, n in (("/", 100 - absent), ("I", absent)):
                    cell = {"date": day, "session": session, "characteristic": "all", "value": 0}
                    cells.append({**shared, **cell, "code": BY_TEXT[code].number, "n": n})
        counts = {"characteristic": "all", "value": 0, "enrolments": 100, "persistent": absent, "severe": 1}
        enrolments.append({**shared, "first": first, "last": last, **counts})
    return Tally(pa.Table.from_pylist(cells, schema=CELLS), pa.Table.from_pylist(enrolments, schema=ENROLMENTS))


def headcounts() -> pa.Table:
    """Three schools and 300 pupils, at every level."""
    rows = [
        ("National", "", "", 3.0, 300.0),
        ("Regional", "North East", "", 3.0, 300.0),
        ("Local authority", "North East", "Gateshead", 2.0, 200.0),
        ("Local authority", "North East", "County Durham", 1.0, 100.0),
    ]
    names = ("geographic_level", "region_name", "la_name", "total_num_schools", "total_enrolments")
    columns = {name: [row[place] for row in rows] for place, name in enumerate(names)}
    return pa.table({**columns, "phase": ["Primary"] * len(rows)})


def a_gate(folder: Path, rules: Manifest | None = None, *, clock: Clock = CLOCK) -> Gate:
    return gate_in(folder / "ledger", clock=clock, rules=rules or manifest(characteristics=()))


def publish(
    tally: Tally | Areas, gate: Gate, folder: Path, *, first: date = TERM[0], last: date = TERM[1]
) -> Published:
    return centre.publish(
        tally, headcounts(), gate=gate, purpose="attendance-statistics", first=first, last=last, out=folder / "release"
    )


def days_in(release: Path) -> set[str]:
    lines = (release / "attendance_daily.csv").read_text(encoding="utf-8").splitlines()
    place = lines[0].split(",").index("attendance_date")
    return {line.split(",")[place] for line in lines[1:]}


def test_a_release_holds_its_own_days_only(tmp_path):
    friday = date(2026, 11, 6)
    both = merge(a_tally(), a_tally(last=friday, revision=2, absent=20))
    made = publish(both, a_gate(tmp_path), tmp_path, last=friday)
    assert made.report.passed
    assert days_in(made.folder) == {f"2026-11-0{n}" for n in range(2, 7)}
    nation = next(row for row in headline(made.folder / "attendance_ytd.csv") if row[0] == "England")
    assert nation[3:] == ("20.0", "20.0", "0.0", "20.0", "20.0")  # the second revision's week, and its own enrolments


def test_a_window_that_was_not_counted_is_refused_with_the_mend(tmp_path):
    with pytest.raises(InputProblem, match="no persistent absence counted from 2026-11-02 to 2026-11-06"):
        within(a_tally(), MONDAY, date(2026, 11, 6))


def test_areas_are_published_as_their_tally_is_cell_for_cell(tmp_path):
    one, other = tmp_path / "one", tmp_path / "other"
    save(areas_of(a_tally()), tmp_path / "areas")
    by_tally = publish(a_tally(), a_gate(one), one)
    by_areas = publish(load_either(tmp_path / "areas"), a_gate(other), other)
    assert by_tally.report.passed
    assert by_areas.report.passed
    files = sorted(path.name for path in by_tally.folder.glob("*.csv"))
    assert len(files) >= 5
    for name in files:
        assert (by_tally.folder / name).read_bytes() == (by_areas.folder / name).read_bytes()


def test_areas_of_other_days_are_refused_with_the_mend(tmp_path):
    with pytest.raises(InputProblem, match="not counted from 2026-11-02 to 2026-11-06"):
        publish(areas_of(a_tally()), a_gate(tmp_path), tmp_path, last=date(2026, 11, 6))


def test_schools_outside_the_assessment_are_not_published(tmp_path):
    narrow = parse(manifest_text(characteristics=()) + '[scope]\nauthorities = ["390"]\n', where="test")
    with pytest.raises(Refused, match="840"):
        publish(a_tally(), gate := a_gate(tmp_path, narrow), tmp_path)
    assert not (tmp_path / "release").exists()
    assert answers(gate) == [("release", "refusal")]


def test_a_release_says_what_it_is_and_stands_in_the_log(tmp_path):
    made = publish(a_tally(), gate := a_gate(tmp_path), tmp_path)
    assert verify(made.folder)
    text = (made.folder / "release.json").read_text(encoding="utf-8")
    for part in ('"first": "2026-11-02"', '"last": "2026-11-13"', '"schools_counted": 3', '"schools_in_scope": 3'):
        assert part in text
    assert events(gate)[-2:] == ["gate", "released"]
    released = gate.own.refresh()[-1].facts
    assert released["release"] == sha256((made.folder / "release.json").read_bytes()).hexdigest()
    assert not (tmp_path / "release-draft").exists()


def test_a_release_that_fails_its_checks_stays_a_draft_and_out_of_the_log(tmp_path):
    monday, friday = date(2026, 12, 28), date(2027, 1, 1)  # ISO week 53, which the data standard does not know
    gate = a_gate(tmp_path, clock=FixedClock(datetime(2027, 1, 5, 9, tzinfo=UTC)))
    made = publish(a_tally(monday, friday), gate, tmp_path, first=monday, last=friday)
    assert not made.report.passed
    assert made.folder == tmp_path / "release-draft"
    assert not (tmp_path / "release").exists()
    assert answers(gate) == [("release", "permit")]
    assert "released" not in events(gate)


def test_nothing_is_made_where_something_stands(tmp_path):
    gate = a_gate(tmp_path)
    before = (publish(a_tally(), gate, tmp_path).folder / "release.json").read_bytes()
    with pytest.raises(UsageProblem, match="something here already"):
        publish(a_tally(revision=2), gate, tmp_path)
    assert (tmp_path / "release" / "release.json").read_bytes() == before


def test_what_is_suspended_while_it_is_made_stays_a_draft(tmp_path):
    """The checks of a release take minutes at the size of a nation; a signature in that time counts."""
    draft, signed = tmp_path / "release-draft", []

    class Clockwork:
        """Whoever asks the time once the draft stands finds that the protection officer has just signed."""

        def now(self) -> datetime:
            if draft.exists() and not signed:
                signed.append(True)
                suspend(gate)
            return CLOCK.now()

    gate = a_gate(tmp_path, clock=Clockwork())
    with pytest.raises(Refused) as refusal:
        publish(a_tally(), gate, tmp_path)
    assert refusal.value.clause == "suspended"
    assert draft.exists()
    assert not (tmp_path / "release").exists()
    assert "released" not in events(gate)
