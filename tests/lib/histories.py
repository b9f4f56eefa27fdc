"""Histories for tests of what people read: real ledgers, real signatures, in a folder of their own."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tallyroll.flows.office import say
from tallyroll.governance import Assessments, Manifest
from tallyroll.governance.lifecycle import History, Version
from tallyroll.governance.manifest import parse
from tallyroll.governance.roles import Role
from tallyroll.governance.statements import Kind
from tallyroll.ledger import Entry
from tallyroll.vocab.clock import FixedClock
from tests.lib.assessed import House, house
from tests.lib.builders import manifest_text

START = datetime(2026, 9, 1, 8, 0, tzinfo=UTC)


@dataclass
class Story:
    """A ledger to which a test says things one after another, a minute apart."""

    house: House
    at: datetime = START

    def say(self, kind: Kind, role: Role, manifest: Manifest | None = None, **facts: str) -> "Story":
        """One statement more, signed by one role, about a version or about the collection of the tests."""
        self.at += timedelta(minutes=1)
        office, keys = self.house.office(FixedClock(self.at)), [self.house.keys[role]]
        say(office, kind, collection="test-attendance", keys=keys, manifest=manifest, facts=facts)
        return self

    def approve(self, manifest: Manifest, *, advice: str = "proceed", **facts: str) -> "Story":
        """Screened, consulted, advised and approved."""
        self.say(Kind.SCREENED, Role.ASSET_OWNER, manifest).say(Kind.CONSULTED, Role.ASSET_OWNER, manifest)
        self.say(Kind.ADVISED, Role.DPO, manifest, advice=advice, text="Keep the counts coarse.")
        return self.say(Kind.APPROVED, Role.APPROVER, manifest, **facts)

    def activate(self, manifest: Manifest) -> "Story":
        """Published and activated."""
        witnessed = str(self.standing().standing().witnessed)
        self.say(Kind.PUBLISHED, Role.ASSET_OWNER, manifest, url="https://attendance.example/", witnessed=witnessed)
        return self.say(Kind.ACTIVATED, Role.APPROVER, manifest)

    def holder(self, role: Role) -> str:
        """Who signs in this role, as documents name them."""
        return next(f"{one.holder} ({role})" for one in self.house.roles.keys if one.role is role)

    def standing(self) -> Assessments:
        """The assessments as anybody reads them."""
        return Assessments(self.house.folder, self.house.roles)

    @property
    def history(self) -> History:
        """All that was said of the collection of the tests."""
        return self.standing().standing().history("test-attendance")

    @property
    def entries(self) -> tuple[Entry, ...]:
        """Every entry of the ledger."""
        return self.standing().entries()

    def version(self, manifest: Manifest) -> Version:
        """The version of this manifest."""
        found = self.history.version(manifest.digest)
        assert found is not None
        return found


def story(folder: Path) -> Story:
    """A ledger that was just founded."""
    return Story(house(folder / "ledger", at=START))


def edited(edit: Callable[[str], str]) -> Manifest:
    """The manifest of the tests with its TOML changed; the change must be one."""
    text = manifest_text()
    changed = edit(text)
    assert changed != text
    return parse(changed, where="edited")


def following(first: Manifest, before: str, after: str) -> Manifest:
    """The manifest of the tests with one change, as the version that follows another."""
    head = f'supersedes = "{first.digest}"\nreason = "The first term showed that this serves the figures better."\n'
    return edited(
        lambda text: text.replace(before, after).replace("mandatory = false\n", head + "mandatory = false\n", 1)
    )


PROCESSOR = """
[[parties]]
part = "processor"
name = "A Hosting Company Ltd"
kind = "company"
contact = "privacy@hosting.example"
country = "Ireland"
safeguard = "Adequacy regulations for the European Economic Area"
does = "Keeps the machine running."
sees = "ciphertext"
key_custodian = "The head of records"
hosting = "Two halls near Cork"
contract = { reference = "Contract 17 of 2026", ends = 2027-12-31, due_diligence_on = 2026-03-02 }
"""
"""A party more, with everything that a party can say."""
