"""The manifest: the impact assessment as data. What may be collected, why, how often, how long, and from when.

Written by people in TOML, refused when it says anything this schema does not know. This is the first part of it:
identity, dates, purposes, items, breakdowns, tier, frequency, retention (privacy requirements MAN-01, 03, 04, 06, 07,
09). Signatures and the life cycle come with the ledger.
"""

import hashlib
import tomllib
from datetime import date, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from tallyroll.vocab.characteristics import BY_NAME as CHARACTERISTICS
from tallyroll.vocab.errors import InputProblem, UsageProblem
from tallyroll.vocab.items import Item

Sentence = Annotated[str, Field(min_length=3, max_length=2000)]
Identifier = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{1,63}$")]
MAX_LIFE = timedelta(days=366)  # an assessment is reviewed at least every year (MAN-01)


class Status(StrEnum):
    """Where the assessment stands."""

    DRAFT = "draft"
    SIGNED = "signed"
    PUBLISHED = "published"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    WITHDRAWN = "withdrawn"


class Tier(StrEnum):
    """Where named registers may rest."""

    SCHOOL = "school"
    TRUST = "trust"
    AUTHORITY = "authority"
    NATION = "nation"


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)  # built by the first manifest that is read


class Collection(_Part):
    """Which collection this assesses, which version of the text, and from when to when it holds."""

    id: Identifier
    title: Sentence
    version: Annotated[int, Field(ge=1)]
    controller: Sentence
    status: Status
    tier: Tier
    valid_from: date
    expires: date
    signed_on: date | None = None
    published_on: date | None = None


class Purpose(_Part):
    """One purpose, with the law it rests on. What serves no purpose named here is refused."""

    id: Identifier
    text: Sentence
    legal_basis: Sentence


class ItemClause(_Part):
    """One item that may be collected: its definition, the statistic that needs it, and for which purposes."""

    name: Item
    definition: Sentence
    needed_for: Sentence
    purposes: Annotated[list[Identifier], Field(min_length=1)]
    special_category: bool = False


class Scope(_Part):
    """Which schools: all those of the named authorities (old LA codes); an empty list means every authority."""

    authorities: list[Annotated[str, Field(pattern=r"^[0-9]{3}$")]] = []


class Frequency(_Part):
    """How often a source may be asked, and how many days back a pull may reach for corrections."""

    pulls_a_day: Annotated[int, Field(ge=1, le=12)]
    window_days: Annotated[int, Field(ge=1, le=366)]


class Retention(_Part):
    """How long each store keeps what it holds, in days."""

    roll_days: Annotated[int, Field(ge=1, le=1096)]
    decisions_days: Annotated[int, Field(ge=1)]


class Release(_Part):
    """What may be published: which breakdowns, by which method, under which disclosure profile."""

    characteristics: list[str] = []
    method: Literal["dfe-weighted", "dfe-pooled"]
    disclosure_profile: Literal["dfe-single-school"]


class Manifest(_Part):
    """A whole assessment. `digest` names these exact bytes."""

    collection: Collection
    purposes: Annotated[list[Purpose], Field(min_length=1)]
    items: Annotated[list[ItemClause], Field(min_length=1)]
    scope: Scope = Scope()
    frequency: Frequency
    retention: Retention
    release: Release
    digest: str = ""

    @model_validator(mode="after")
    def _agree(self) -> "Manifest":
        faults = [*self._date_faults(), *self._purpose_faults(), *self._name_faults()]
        if faults:
            raise ValueError(" ".join(faults))
        return self

    def _date_faults(self) -> list[str]:
        c = self.collection
        faults = []
        if not c.valid_from < c.expires <= c.valid_from + MAX_LIFE:
            faults.append("collection.expires must be after valid_from and within a year of it.")
        if c.status not in (Status.DRAFT, Status.WITHDRAWN) and c.signed_on is None:
            faults.append(f"collection.signed_on is missing, but the status is {c.status}.")
        if c.status in (Status.PUBLISHED, Status.ACTIVE, Status.SUSPENDED) and c.published_on is None:
            faults.append(f"collection.published_on is missing, but the status is {c.status}.")
        if c.signed_on and c.published_on and c.published_on < c.signed_on:
            faults.append("collection.published_on lies before signed_on.")
        return faults

    def _purpose_faults(self) -> list[str]:
        known = {purpose.id for purpose in self.purposes}
        return [
            f"items.{clause.name} names the purpose '{purpose}', which is not among the purposes."
            for clause in self.items
            for purpose in clause.purposes
            if purpose not in known
        ]

    def _name_faults(self) -> list[str]:
        names = [clause.name for clause in self.items]
        twice = sorted({name for name in names if names.count(name) > 1})
        unknown = sorted(set(self.release.characteristics) - set(CHARACTERISTICS))
        return [f"items.{name} stands twice." for name in twice] + [
            f"release.characteristics names '{name}'; known are {', '.join(CHARACTERISTICS)}." for name in unknown
        ]


def parse(text: str, *, where: str) -> Manifest:
    """The manifest in this TOML; InputProblem lists everything that is wrong with it at once."""
    try:
        tree = tomllib.loads(text)
        digest = hashlib.sha256(text.encode()).hexdigest()
        if "digest" in tree:
            raise InputProblem("The key 'digest' is computed, not written.", where=where, mend="Remove the line.")
        return Manifest.model_validate({**tree, "digest": digest})
    except tomllib.TOMLDecodeError as error:
        raise InputProblem(f"This is not TOML: {error}.", where=where, mend="Mend the line it names.") from error
    except ValidationError as error:
        faults = "\n".join(f"  {_say(fault)}" for fault in error.errors())
        raise InputProblem(
            f"The manifest cannot be used:\n{faults}\n",
            where=where,
            mend="Mend these lines; see docs/reference.",
        ) from error


def _say(fault: object) -> str:
    """One fault of the schema in plain words: where, and what is wrong."""
    assert isinstance(fault, dict)
    place = ".".join(str(part) for part in fault["loc"])
    if fault["type"] == "extra_forbidden":
        return f"{place}: this key is not known."
    if fault["type"] == "missing":
        return f"{place}: this key is missing."
    text = str(fault["msg"]).removeprefix("Value error, ")
    return f"{place}: {text}" if place else text


def read(path: Path) -> Manifest:
    """The manifest in this file."""
    try:
        return parse(path.read_bytes().decode(), where=str(path))  # read_text would change line ends
    except FileNotFoundError as error:
        raise UsageProblem("There is no manifest here.", where=str(path), mend="Give the path of one.") from error
    except OSError as error:
        raise UsageProblem(f"This cannot be read: {error.strerror}.", where=str(path), mend="Name a file.") from error
    except UnicodeDecodeError as error:
        raise InputProblem("The manifest is not UTF-8 text.", where=str(path), mend="Save it as UTF-8.") from error
