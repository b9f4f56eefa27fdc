"""Signed notes: a text with the signatures of named keys below it. Source: C2SP signed-note v1.0.0."""

import base64
import binascii
import re
from collections.abc import Collection
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from tallyroll.vocab.errors import UsageProblem, VerificationProblem

PLAIN, COSIGNATURE = 0x01, 0x04
"""What a key signs: the text of a note itself, or a cosignature with its time (C2SP tlog-cosignature)."""

_LENGTH = {PLAIN: 64, COSIGNATURE: 72}

LARGEST_NOTE = 100_000  # bytes: room for far more than the 16 signatures that everybody must take
_DASH = "\u2014 "
_NAME = re.compile(r"[^\s+\x00-\x1f]+")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")


@dataclass(frozen=True, slots=True)
class Signature:
    """One line below a note: whose it says it is, and the bytes."""

    name: str
    key_id: bytes
    blob: bytes

    @property
    def line(self) -> str:
        """The line as it stands in a note, with its line feed."""
        return f"{_DASH}{self.name} {base64.b64encode(self.key_id + self.blob).decode()}\n"


@dataclass(frozen=True, slots=True)
class Verifier:
    """A public key with a name, for one kind of signature."""

    name: str
    kind: int
    public: bytes

    @classmethod
    def parse(cls, vkey: str) -> "Verifier":
        """The key of a verifier key text; UsageProblem when it is none of ours."""
        mend = "Copy it again: NAME+8 HEX DIGITS+BASE64, as `tallyroll ledger key` prints it."
        try:
            name, key_id, material = vkey.strip().split("+", 2)
            blob = unbase64(material)
        except ValueError as error:
            raise UsageProblem(f"'{vkey}' is not a verifier key.", mend=mend) from error
        key = cls(name, blob[0] if blob else 0, blob[1:])
        is_ours = _NAME.fullmatch(name) and key.kind in {PLAIN, COSIGNATURE} and len(key.public) == 32
        if not is_ours or key.key_id.hex() != key_id:
            raise UsageProblem(f"'{vkey}' is not an Ed25519 verifier key, or its parts do not match.", mend=mend)
        return key

    @property
    def key_id(self) -> bytes:
        """The four bytes that stand before each of its signatures."""
        return sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.public).digest()[:4]

    @property
    def vkey(self) -> str:
        """The verifier key text."""
        return f"{self.name}+{self.key_id.hex()}+{base64.b64encode(bytes([self.kind]) + self.public).decode()}"

    def is_author_of(self, signature: Signature) -> bool:
        """Whether the line names this key."""
        return (signature.name, signature.key_id) == (self.name, self.key_id)

    def verifies(self, signature: bytes, text: bytes) -> bool:
        """Whether these 64 bytes are the key's signature of the text."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, text)
        except (InvalidSignature, ValueError):
            return False
        return True


@dataclass(frozen=True, slots=True)
class NoteKey:
    """A private key with the name it signs under: for a log its origin, for a witness the witness's name."""

    name: str
    private: Ed25519PrivateKey

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            mend = "Use something like `schools.example/gate`."
            raise UsageProblem(f"'{self.name}' cannot name a key: no blanks, no plus sign.", mend=mend)

    @classmethod
    def new(cls, name: str) -> "NoteKey":
        """A key made now."""
        return cls(name, Ed25519PrivateKey.generate())

    @property
    def vkey(self) -> str:
        """The verifier key of its plain signatures: what a log hands out."""
        return self.verifier().vkey

    @property
    def cosigner_vkey(self) -> str:
        """The verifier key of its cosignatures: what a witness hands out."""
        return self.verifier(COSIGNATURE).vkey

    def verifier(self, kind: int = PLAIN) -> Verifier:
        """The public half, for one kind of signature."""
        return Verifier(self.name, kind, self.private.public_key().public_bytes_raw())

    def sign(self, text: str) -> str:
        """The signature line of a note's text."""
        return Signature(self.name, self.verifier().key_id, self.private.sign(text.encode())).line


@dataclass(frozen=True, slots=True)
class Note:
    """A text and the lines below it, in form, and not verified."""

    text: str
    signatures: tuple[Signature, ...]

    @property
    def data(self) -> bytes:
        """The note as a file."""
        return f"{self.text}\n{''.join(one.line for one in self.signatures)}".encode()

    @classmethod
    def parse(cls, data: bytes, *, where: str) -> "Note":
        """The note in these bytes; VerificationProblem when they are in any way out of form."""
        if len(data) > LARGEST_NOTE:
            raise _fault(f"it is over {LARGEST_NOTE:,} bytes long", where)
        try:
            note = data.decode()
        except UnicodeDecodeError as error:
            raise _fault(f"byte {error.start} is not UTF-8", where) from error
        if found := _CONTROL.search(note):
            raise _fault(f"character {found.start()} is a control character", where)
        body, blank, tail = note.rpartition("\n\n")
        if not body or not blank or not tail.endswith("\n"):
            raise _fault("a blank line and signatures must end it", where)
        lines = tail[:-1].split("\n")
        return cls(f"{body}\n", tuple(_signature(line, place, where) for place, line in enumerate(lines, start=1)))

    def check(self, key: Verifier, *, where: str) -> None:
        """Return when this key signed the text plainly; VerificationProblem when it did not, or any line of it fails.

        Lines of other keys are passed over.
        """
        mine = [one for one in self.signatures if key.is_author_of(one)]
        if not mine or not all(key.verifies(one.blob, self.text.encode()) for one in mine):
            what = "does not verify" if mine else "is missing"
            mend = "It was changed, or is another log's. Restore it from a mirror, or give the right key."
            raise VerificationProblem(f"The signature of {key.name} {what}.", where=where, mend=mend)

    def strangers(self, known: Collection[Verifier], *, where: str) -> list[str]:
        """The names on the lines that none of these keys wrote.

        Raises: VerificationProblem when such a line shares a name or a key id with one of them, and its length: what
            others must pass over is damage to somebody who looks for damage.
        """
        others = [one for one in self.signatures if not any(key.is_author_of(one) for key in known)]
        for one in others:
            for key in known:
                is_like = one.name == key.name or one.key_id == key.key_id
                if is_like and len(one.blob) == _LENGTH[key.kind]:
                    raise _fault(f"the line of {one.name} names no key, but nearly that of {key.name}", where)
        return [one.name for one in others]


def _signature(line: str, place: int, where: str) -> Signature:
    name, _, material = line.removeprefix(_DASH).partition(" ")
    try:
        blob = unbase64(material)
    except ValueError as error:
        raise _fault(f"signature line {place} is not base64", where) from error
    if not line.startswith(_DASH) or not _NAME.fullmatch(name) or len(blob) < 5:
        raise _fault(f"signature line {place} is out of form", where)
    return Signature(name, blob[:4], blob[4:])


def unbase64(text: str) -> bytes:
    """The bytes of base64 in its one proper form: ValueError for any other spelling of the same bytes."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError("not base64") from error
    if base64.b64encode(data).decode() != text:
        raise ValueError("not the proper form of base64")
    return data


def _fault(what: str, where: str) -> VerificationProblem:
    mend = "Restore it from a mirror; do not edit it."
    return VerificationProblem(f"This is not a signed note: {what}.", where=where, mend=mend)
