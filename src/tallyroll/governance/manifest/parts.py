"""The parts of a manifest, one class a table of the TOML file. Unknown keys are refused everywhere.

What is blank or left out is read as said nowhere; `rules` say which silence is a fault, all of them at once.
"""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from tallyroll.governance.manifest.clause import Clause, Digest, Identifier, LocalAuthority, Sentence, Span, Text
from tallyroll.governance.manifest.words import (
    Alternative,
    ForbiddenUse,
    Level,
    PartyKind,
    PurposeKind,
    Receives,
    Right,
    Risk,
    Sensitive,
    Store,
    Tier,
    Trigger,
    Views,
)
from tallyroll.vocab.items import Item


class Collection(Clause):
    """Which collection this assesses, where registers rest, from when to when it holds (MAN-01)."""

    id: Identifier
    title: Sentence
    valid_from: date
    expires: date
    tier: Tier = Tier.SCHOOL
    mandatory: bool = False
    supersedes: Digest = ""  # the digest of the version before
    reason: Text = ""  # why there is a new version
    need: Text = ""  # step 1 of the regulator's template: why a collection at all
    means: Text = ""  # how: the path from the register to the figure
    necessity: Text = ""  # Art 35(7)(b)
    proportionality: Text = ""
    every_child: Text = ""  # at nation tier: why children who never miss a session are collected too
    owner: Text = ""  # the post that answers for this flow


class Lawmaking(Clause):
    """For a collection that a law will demand: how the regulator was consulted while it was made (Art 36(4))."""

    measure: Sentence
    regulator_consulted_on: date
    outcome: Sentence


class Demand(Clause):
    """The request to schools: the power it rests on, what the law allows at most, what is asked (MAN-03)."""

    legal_gateway: Text = ""
    statutory_items: tuple[Item, ...] = ()
    requested_items: tuple[Item, ...] = ()
    lawmaking: Lawmaking | None = None


class Purpose(Clause):
    """One purpose, with the law it rests on (MAN-07). What serves no purpose named here is refused."""

    id: Identifier
    kind: PurposeKind = PurposeKind.STATISTICS
    text: Sentence
    basis: Text = ""  # the lawful basis: "6(1)(c)", "6(1)(e)"
    enactment: Text = ""  # the law that gives the task or duty, by section


class Forbidden(Clause):
    """A use that overrides every permit."""

    use: ForbiddenUse
    text: Text = ""


class ItemClause(Clause):
    """One item that may be collected, why, and how sensitive it is (MAN-04)."""

    name: Item
    definition: Sentence
    source_field: Text = ""
    granularity: Text = ""
    needed_for: Text = ""  # the statistic that fails without it
    purposes: tuple[Identifier, ...] = ()
    mandatory: bool = True  # whether the register must hold it: ethnicity may be refused
    sensitivity: Literal["A", "B", "C", "D", "E", ""] = ""
    identifiability: Annotated[int, Field(ge=0, le=5)] = 0
    reveals: tuple[Sensitive, ...] = ()
    condition: Text = ""  # the condition of Art 9(2) or 10
    schedule_1: Text = ""  # the paragraph of DPA 2018 Schedule 1
    dpv: Text = ""  # the term of the Data Privacy Vocabulary


class CodeClause(Clause):
    """What an attendance code reveals of a child beyond being there or not (LAW-11)."""

    codes: Annotated[tuple[str, ...], Field(min_length=1)]
    reveals: Annotated[tuple[Sensitive, ...], Field(min_length=1)]
    condition: Text = ""
    schedule_1: Text = ""


class PolicyDocument(Clause):
    """The appropriate policy document of DPA 2018 Schedule 1 paragraphs 38 to 41."""

    reference: Sentence
    review_on: date


class Counters(Clause):
    """Exactly what a node may count (MAN-05)."""

    characteristics: tuple[str, ...] = ()


class Scope(Clause):
    """Which schools: all those of the named authorities (old LA codes); an empty list means every authority."""

    authorities: tuple[LocalAuthority, ...] = ()


class Frequency(Clause):
    """How often a source may be asked, how far back for corrections, when a day is settled (MAN-06)."""

    pulls_a_day: Annotated[int, Field(ge=1, le=48)]
    window_days: Annotated[int, Field(ge=1, le=366)]
    settled_after_days: Annotated[int, Field(ge=0, le=60)] = 14
    why: Text = ""  # why no less often


class Recipient(Clause):
    """Who gets what, for which purpose, through which gateway (MAN-08). A closed list."""

    name: Sentence
    receives: Receives
    purpose: Identifier
    gateway: Text = ""  # the paragraph that prescribes the recipient
    kind: PartyKind = PartyKind.PUBLIC_AUTHORITY


class Retention(Clause):
    """How long a store keeps what it holds, from which event, by which law (MAN-09)."""

    store: Store
    keep: Span
    starts: Sentence  # the event that starts the clock
    basis: Text = ""
    enactment: Text = ""  # a law that demands longer than the ceiling
    method: Text = ""


class Location(Clause):
    """Where a store stands (MAN-10)."""

    store: Store
    place: Sentence
    country: Sentence
    safeguard: Text = ""  # of a transfer out of the country


class AlternativeClause(Clause):
    """A lesser way that was weighed, and why it was taken or not (MAN-11)."""

    option: Alternative
    adopted: bool
    why: Text = ""


class Consultation(Clause):
    """Whose views were sought and what they said, or why they were not (MAN-12)."""

    of: Views
    held_on: date | None = None
    summary: Text = ""
    departures: Text = ""  # where the design does not follow the views, and why
    not_sought_because: Text = ""


class Screening(Clause):
    """The answers to the high-risk questions, and the level that follows; it may be raised and never lowered."""

    triggers: tuple[Trigger, ...] = ()
    level: Level = Level.HIGH
    answered_on: date | None = None


class RiskClause(Clause):
    """A risk to people's rights, what is done about it, and what remains (MAN-13)."""

    id: Identifier
    source: Risk
    text: Sentence
    impact: Text = ""
    likelihood: Level
    severity: Level
    measures: tuple[Identifier, ...] = ()
    residual: Level


class Measure(Clause):
    """A safeguard, and the tests of this software that show it works; each runs before every release."""

    id: Identifier
    text: Sentence
    tests: tuple[str, ...] = ()


class RightClause(Clause):
    """How a right is met here, and where it does not apply, why (MAN-15)."""

    right: Right
    applies: bool
    how: Sentence


class Concerns(Clause):
    """How fast a concern of the regulator is answered, and where that is shown (MAN-18)."""

    answer_within_days: Annotated[int, Field(ge=1, le=90)]
    shown_at: Sentence


class Assessments(Clause):
    """Equality and rights (LAW-36), and what a family can read."""

    equality: Text = ""
    human_rights: Text = ""


class Release(Clause):
    """How figures are published: by which method, under which disclosure profile (MAN-16)."""

    method: Literal["dfe-weighted", "dfe-pooled"]
    disclosure_profile: Literal["dfe-single-school"]
