"""A whole manifest: the impact assessment as data."""

from functools import cached_property

from pydantic import Field, PrivateAttr

from tallyroll.governance.manifest import parts
from tallyroll.governance.manifest.clause import Clause
from tallyroll.governance.manifest.parties import Officers, Party, Regulator
from tallyroll.governance.manifest.words import Level, Part, Store
from tallyroll.vocab.items import Item


class Manifest(Clause):
    """A whole assessment, as people wrote it. `digest` names it, whatever file or spacing it came in."""

    collection: parts.Collection
    officers: Officers
    regulator: Regulator
    parties: tuple[Party, ...] = ()
    request: parts.Demand = parts.Demand()
    purposes: tuple[parts.Purpose, ...] = Field(min_length=1)
    forbidden: tuple[parts.Forbidden, ...] = ()
    items: tuple[parts.ItemClause, ...] = Field(min_length=1)
    codes: tuple[parts.CodeClause, ...] = ()
    policy_document: parts.PolicyDocument | None = None
    counters: parts.Counters = parts.Counters()
    scope: parts.Scope = parts.Scope()
    frequency: parts.Frequency
    recipients: tuple[parts.Recipient, ...] = ()
    retention: tuple[parts.Retention, ...] = ()
    locations: tuple[parts.Location, ...] = ()
    alternatives: tuple[parts.AlternativeClause, ...] = ()
    consultations: tuple[parts.Consultation, ...] = ()
    screening: parts.Screening = parts.Screening()
    risks: tuple[parts.RiskClause, ...] = ()
    measures: tuple[parts.Measure, ...] = ()
    rights: tuple[parts.RightClause, ...] = ()
    assessments: parts.Assessments = parts.Assessments()
    concerns: parts.Concerns | None = None
    release: parts.Release

    _canonical: bytes = PrivateAttr(default=b"")
    _digest: str = PrivateAttr(default="")

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical bytes, in hexadecimal."""
        return self._digest

    @property
    def canonical(self) -> bytes:
        """What was written, as RFC 8785 JSON: the bytes that are signed, logged and published."""
        return self._canonical

    @property
    def controller(self) -> str:
        """Who answers for the collection; several where they are joint."""
        names = [one.name for one in self.parties if one.part in (Part.CONTROLLER, Part.JOINT_CONTROLLER)]
        return ", ".join(names) or "nobody named"

    @cached_property
    def residual(self) -> Level:
        """The highest risk that remains after the measures."""
        return max((one.residual for one in self.risks), key=lambda level: level.rank, default=Level.LOW)

    def items_for(self, purpose: str) -> frozenset[Item]:
        """Every item that may be collected for a purpose."""
        return frozenset(clause.name for clause in self.items if purpose in clause.purposes)

    def kept(self, store: Store) -> parts.Retention | None:
        """How long a store keeps what it holds; None where the manifest does not say."""
        return next((one for one in self.retention if one.store is store), None)
