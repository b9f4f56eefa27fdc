"""Builders with good defaults: a test names only what it is about."""

from collections.abc import Collection
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from tallyroll.governance import Door, Manifest, Permit, Request, require
from tallyroll.governance.manifest import parse
from tallyroll.vocab.characteristics import BY_NAME
from tallyroll.vocab.clock import FixedClock
from tallyroll.vocab.identifiers import Laestab, Urn
from tallyroll.vocab.items import Item
from tallyroll.vocab.schools import Phase, School

_DESK = TemporaryDirectory(prefix="tallyroll-tests-")  # goes with the process
NOW = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)  # a Friday in the autumn term of 2026/27
CLOCK = FixedClock(NOW)

MANIFEST = """
[collection]
id = "test-attendance"
title = "Attendance for tests"
version = 1
controller = "The Synthetic Authority"
status = "active"
tier = "authority"
valid_from = 2026-09-01
expires = 2027-08-31
signed_on = 2026-08-20
published_on = 2026-08-25

[[purposes]]
id = "attendance-statistics"
text = "Official statistics of attendance and absence."
legal_basis = "Education Act 1996 section 537A"

{items}

[frequency]
pulls_a_day = 2
window_days = 300

[retention]
roll_days = 366
decisions_days = 2000

[release]
characteristics = [{characteristics}]
method = "dfe-pooled"
disclosure_profile = "dfe-single-school"
"""

_ITEM = """
[[items]]
name = "{name}"
definition = "As defined in the school's register."
needed_for = "Every published rate."
purposes = ["attendance-statistics"]
"""


def a_journal() -> Path:
    """A journal of this process; it goes with it."""
    return Path(_DESK.name) / "journal.jsonl"


def manifest_text(items: Collection[Item] = tuple(Item), characteristics: Collection[str] = tuple(BY_NAME)) -> str:
    """The TOML of an active manifest that permits these items and breakdowns."""
    return MANIFEST.format(
        items="".join(_ITEM.format(name=item) for item in items),
        characteristics=", ".join(f'"{name}"' for name in characteristics),
    )


def manifest(items: Collection[Item] = tuple(Item), characteristics: Collection[str] = tuple(BY_NAME)) -> Manifest:
    """An active manifest that permits these items and breakdowns."""
    return parse(manifest_text(items, characteristics), where="test manifest")


def permit(
    door: Door = Door.PULL,
    *,
    schools: Collection[Urn],
    items: Collection[Item] = tuple(Item),
    first: date = date(2026, 9, 1),
    last: date = date(2026, 11, 20),
    characteristics: Collection[str] = tuple(BY_NAME),
    journal: Path | None = None,
) -> Permit:
    """A permit asked of the real gate under the manifest above."""
    request = Request(
        door=door,
        purpose="attendance-statistics",
        schools=frozenset(schools),
        items=frozenset(items),
        first=first,
        last=last,
        characteristics=frozenset(characteristics),
    )
    return require(
        manifest(items, characteristics),
        request,
        clock=CLOCK,
        authorities={},
        journal=journal or a_journal(),
    )


def school(urn: int = 100001, *, la: str = "201", phase: Phase = Phase.PRIMARY, name: str = "Test School") -> School:
    """A synthetic school."""
    return School(Urn(urn), Laestab(la, "2001"), name, phase)
