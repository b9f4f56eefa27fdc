"""The roles: whose signature counts for what, the log's own key, and the witnesses. The root of trust of a node.

A node pins this file. The ledger's first entry names its digest, and it changes only by a statement that two roles
of the file before have signed.
"""

import json
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from typing import Annotated

import rfc8785
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from securesystemslib.signer import Key, SSlibKey

from tallyroll.ledger import Verifier
from tallyroll.vocab.errors import InputProblem, UsageProblem

Hex = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Role(StrEnum):
    """Who may sign. Nobody holds two roles, and no key serves two."""

    APPROVER = "approver"  # decides and answers for it
    DPO = "dpo"  # the data-protection officer: advises, and can stop, but never approves (Art 38(6))
    ASSET_OWNER = "asset-owner"  # writes the assessment and runs the collection


class RoleKey(BaseModel):
    """A public key (Ed25519, hexadecimal), who holds it, in which role, and until when its holder's training holds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    role: Role
    holder: Annotated[str, Field(min_length=2, max_length=200)]
    public: Hex
    trained_until: date

    @property
    def id(self) -> str:
        """The name of the key in signatures: SHA-256 of its 32 bytes."""
        return sha256(bytes.fromhex(self.public)).hexdigest()

    def key(self) -> Key:
        """The key as the signature library wants it."""
        return SSlibKey(self.id, "ed25519", "ed25519", {"public": self.public})


class WitnessKey(BaseModel):
    """An independent witness of the log: its verifier key, where it answers, and from which sector it comes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, Field(min_length=2, max_length=200)]
    key: str
    sector: Annotated[str, Field(min_length=2, max_length=100)]
    url: str = ""


class Roles(BaseModel):
    """All that a node must trust beforehand; everything else is proved from it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    log_key: str  # the log's verifier key
    keys: tuple[RoleKey, ...]
    approvals: Annotated[int, Field(ge=1, le=5)] = 1  # how many approvers must sign
    witnesses: tuple[WitnessKey, ...] = ()
    quorum: Annotated[int, Field(ge=0, le=9)] = 0  # how many witnesses must have seen the log
    fresh_minutes: Annotated[int, Field(ge=1, le=15)] = 15  # how old what they saw may be

    @model_validator(mode="after")
    def _agree(self) -> "Roles":
        faults = [*self._key_faults(), *self._witness_faults()]
        if faults:
            raise ValueError(" ".join(faults))
        return self

    def _key_faults(self) -> Iterator[str]:
        for role in Role:
            needed = self.approvals if role is Role.APPROVER else 1
            if sum(one.role is role for one in self.keys) < needed:
                yield f"The role '{role}' has fewer than {needed} keys."
        names = [" ".join(one.holder.casefold().split()) for one in self.keys]
        for what, values in (("key", [one.public for one in self.keys]), ("holder", names)):
            for value, times in Counter(values).items():
                if times > 1:
                    yield f"The {what} '{value[:24]}' stands {times} times: one key, one holder, one role."

    def _witness_faults(self) -> Iterator[str]:
        if len({one.name for one in self.witnesses}) < len(self.witnesses):
            yield "Two witnesses share a name."
        everybody = [Verifier.parse(key).public for key in (self.log_key, *self.witness_keys.values())]
        everybody += [bytes.fromhex(one.public) for one in self.keys]
        if len(set(everybody)) < len(everybody):
            yield "A witness must share its key with nobody: not with another one, the ledger or a signer."
        if self.quorum > len(self.witnesses):
            yield f"A quorum of {self.quorum} cannot be had from {len(self.witnesses)} witnesses."
        if self.quorum and 2 * self.quorum <= len(self.witnesses):
            yield f"{self.quorum} of {len(self.witnesses)} is no majority: two halves could see two ledgers."
        if self.quorum > 1 and len({one.sector for one in self.witnesses}) < 2:
            yield "Witnesses of one sector are one witness: name another sector."

    @property
    def canonical(self) -> bytes:
        """These roles as RFC 8785 JSON: what the ledger's first entry names."""
        return rfc8785.dumps(self.model_dump(mode="json"))

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical bytes, in hexadecimal."""
        return sha256(self.canonical).hexdigest()

    @property
    def witness_keys(self) -> Mapping[str, str]:
        """The verifier key of each witness, by name."""
        return {one.name: one.key for one in self.witnesses}


def parse(text: str, *, where: str) -> Roles:
    """The roles in this TOML or canonical JSON text; InputProblem says everything that is wrong."""
    try:
        tree = tomllib.loads(text) if not text.lstrip().startswith("{") else None
        return Roles.model_validate_json(text) if tree is None else Roles.model_validate(tree)
    except tomllib.TOMLDecodeError as error:
        raise InputProblem(f"This is not TOML: {error}.", where=where, mend="Mend the line it names.") from error
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, one['loc']))} {one['msg']}".strip() for one in error.errors())
        raise InputProblem(
            f"The roles cannot be used: {faults}.", where=where, mend="See docs/how-to/key-ceremony.md."
        ) from error


def read(path: Path) -> Roles:
    """The roles in this file."""
    try:
        return parse(path.read_text(encoding="utf-8"), where=str(path))
    except FileNotFoundError as error:
        raise UsageProblem(
            "There is no roles file here.", where=str(path), mend="See docs/how-to/key-ceremony.md."
        ) from error
    except UnicodeDecodeError as error:
        raise InputProblem("The roles are not UTF-8 text.", where=str(path), mend="Save them as UTF-8.") from error


def text_of(roles: Roles) -> str:
    """The roles as a TOML file."""
    tree = roles.model_dump(mode="json")
    head = [f"{name} = {json.dumps(tree[name])}" for name in ("log_key", "approvals", "quorum", "fresh_minutes")]
    return "\n".join([*head, "", text_of_keys(roles.keys), _tables("witnesses", tree["witnesses"])])


def text_of_keys(keys: Sequence[RoleKey]) -> str:
    """The lines of roles.toml for these keys."""
    return _tables("keys", [one.model_dump(mode="json") for one in keys])


def _tables(name: str, rows: Sequence[Mapping[str, object]]) -> str:
    lines: list[str] = []
    for row in rows:
        lines += [f"[[{name}]]", *(f"{key} = {_value(key, value)}" for key, value in row.items()), ""]
    return "\n".join(lines)


def _value(name: str, value: object) -> str:
    return str(value) if name == "trained_until" else json.dumps(value, ensure_ascii=False)
