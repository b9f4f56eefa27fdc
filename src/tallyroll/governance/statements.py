"""Statements: what a person in a role says of an assessment, signed, so that anyone can see who said it and when.

A statement travels in a DSSE envelope (secure-systems-lab/dsse 1.0.2) over its RFC 8785 bytes. It names the size of
the ledger that its signer had seen, so that it cannot be held back and played later, when more has been said.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from hashlib import sha256

import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import Error as SignatureError
from securesystemslib.signer import CryptoSigner, SSlibKey

from tallyroll.governance.roles import Role, RoleKey, Roles
from tallyroll.vocab.errors import VerificationProblem

PAYLOAD_TYPE = "application/vnd.tallyroll.statement.v1+json"


class Kind(StrEnum):
    """What a statement says."""

    SCREENED = "screened"
    CONSULTED = "consulted"
    ADVISED = "advised"
    APPROVED = "approved"
    PUBLISHED = "published"
    ACTIVATED = "activated"
    SUSPENDED = "suspended"
    RESUMED = "resumed"
    WITHDRAWN = "withdrawn"
    ROLES_CHANGED = "roles-changed"
    REGULATOR_SUBMITTED = "regulator-submitted"  # the assessment was sent for prior consultation (Art 36)
    REGULATOR_ACKNOWLEDGED = "regulator-acknowledged"
    REGULATOR_EXTENDED = "regulator-extended"  # six weeks more, told in the first month
    REGULATOR_ADVISED = "regulator-advised"
    REGULATOR_LETTER = "regulator-letter"  # any other letter, from or to the regulator
    REGULATOR_CONCERN = "regulator-concern"
    CONCERN_ANSWERED = "concern-answered"
    PAUSE_REQUESTED = "regulator-pause-requested"


@dataclass(frozen=True, slots=True)
class Statement:
    """What is said: of which collection and version, when, how much of the ledger was known, and the particulars."""

    kind: Kind
    collection: str
    manifest: str  # digest; blank where the statement is about the collection as a whole
    at: datetime
    seen: int  # entries of the ledger when it was signed
    facts: Mapping[str, str] = field(default_factory=dict)

    @property
    def canonical(self) -> bytes:
        """The bytes that are signed."""
        return rfc8785.dumps(
            {
                "at": self.at.astimezone(UTC).isoformat(),
                "collection": self.collection,
                "facts": dict(self.facts),
                "kind": str(self.kind),
                "manifest": self.manifest,
                "seen": self.seen,
            }
        )


@dataclass(frozen=True, slots=True)
class Signed:
    """A statement with the roles whose signatures stand under it, and its place in the ledger."""

    statement: Statement
    by: frozenset[Role]
    holders: tuple[str, ...]
    index: int
    envelope: str  # digest of the envelope


def sign(statement: Statement, keys: Iterable[Ed25519PrivateKey]) -> bytes:
    """The envelope of this statement, signed with each of these keys."""
    envelope = Envelope(statement.canonical, PAYLOAD_TYPE, {})
    for key in keys:
        envelope.sign(_signer(key))
    return rfc8785.dumps(envelope.to_dict())


def countersign(envelope: bytes, key: Ed25519PrivateKey) -> bytes:
    """The envelope with one signature more, of somebody who has read the same words."""
    opened = _open(envelope, where="envelope")
    opened.sign(_signer(key))
    return rfc8785.dumps(opened.to_dict())


def public_of(key: Ed25519PrivateKey) -> str:
    """The public half of a key, in hexadecimal."""
    return key.public_key().public_bytes_raw().hex()


def _signer(key: Ed25519PrivateKey) -> CryptoSigner:
    public = public_of(key)
    name = sha256(bytes.fromhex(public)).hexdigest()
    return CryptoSigner(key, SSlibKey(name, "ed25519", "ed25519", {"public": public}))


def _open(envelope: bytes, *, where: str) -> Envelope:
    try:
        opened = Envelope.from_dict(json.loads(envelope))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, SignatureError) as error:
        raise VerificationProblem("This is no signed envelope.", where=where) from error
    if opened.payload_type != PAYLOAD_TYPE:
        raise VerificationProblem("This envelope holds something else than a statement.", where=where)
    return opened


def read(envelope: bytes, *, where: str = "envelope") -> Statement:
    """What an envelope says, whoever signed it; VerificationProblem when it is not a statement in canonical form."""
    payload = _open(envelope, where=where).payload
    try:
        tree = json.loads(payload)
        facts = {str(key): str(value) for key, value in tree["facts"].items()}
        moment = datetime.fromisoformat(tree["at"])
        named = (str(tree["collection"]), str(tree["manifest"]))
        made = Statement(Kind(tree["kind"]), *named, moment, int(tree["seen"]), facts)
        if made.canonical == payload:  # whatever was not text or a number before is another payload now
            return made
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise VerificationProblem("This statement cannot be read.", where=where) from error
    raise VerificationProblem("This statement is not in canonical form.", where=where)


def signers(
    envelope: bytes, roles: Roles, *, trained_at: datetime | None, where: str = "envelope"
) -> Sequence[RoleKey]:
    """The keys of these roles whose signatures under the envelope hold, with training that held at a time, if any."""
    opened = _open(envelope, where=where)
    known = [one for one in roles.keys if one.id in opened.signatures]
    trained = [one for one in known if trained_at is None or trained_at.date() <= one.trained_until]
    return [one for one in trained if _holds(opened, one)]


def _holds(envelope: Envelope, key: RoleKey) -> bool:
    try:
        return bool(envelope.verify([key.key()], 1))
    except SignatureError:
        return False
