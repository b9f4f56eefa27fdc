"""Encryption at rest: every block about pupils is AES-256-GCM under the key of its school and academic year.

What stands beside a block in the clear (table, school, week, revision, number of rows) is authenticated with it, so
that a block cannot be changed, moved to another place or passed off as another revision.
"""

import secrets
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tallyroll.register.keys import KeyRing
from tallyroll.vocab.errors import VerificationProblem
from tallyroll.vocab.identifiers import Urn
from tallyroll.vocab.periods import AcademicYear

_NONCE_BYTES = 12  # random: a key would have to serve four thousand million blocks before two might share one


@dataclass(frozen=True, slots=True)
class Place:
    """Where a block belongs: a school, an academic year, what it is there, and what else stands in the clear."""

    urn: int
    year: int
    what: str
    beside: tuple[int | str, ...] = ()

    def __str__(self) -> str:
        return f"store: school {self.urn}, {self.what}"

    @property
    def bound(self) -> bytes:
        """The bytes that are authenticated with the block."""
        return repr(("tallyroll register 3", self.urn, self.year, self.what, *self.beside)).encode()


@dataclass(frozen=True, slots=True)
class Cipher:
    """Encrypts and decrypts blocks with the keys of a ring."""

    ring: KeyRing

    def encrypt(self, plain: bytes, place: Place) -> bytes:
        """The bytes as they are stored at this place: nonce, then ciphertext with its tag."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        key = self.ring.key(Urn(place.urn), AcademicYear(place.year))
        return nonce + AESGCM(key).encrypt(nonce, plain, place.bound)

    def decrypt(self, data: bytes, place: Place) -> bytes:
        """The bytes that were encrypted for this place.

        Raises: VerificationProblem when the key is gone, or when they are not what was written here.
        """
        key = self.ring.find(Urn(place.urn), AcademicYear(place.year))
        if key is None:
            raise VerificationProblem(
                "The key of this school and year is not here, so what it locks cannot be read.",
                where=str(place),
                mend="Put the key back; if it was destroyed because its time was over, run `tallyroll retain`.",
            )
        try:
            return AESGCM(key).decrypt(data[:_NONCE_BYTES], data[_NONCE_BYTES:], place.bound)
        except (InvalidTag, ValueError) as error:  # ValueError: too short to be a block at all
            raise not_as_written(place) from error


def not_as_written(place: Place) -> VerificationProblem:
    """The problem of a block that is damaged, moved, or locked with another key."""
    return VerificationProblem(
        "The bytes stored here are not those that were written.",
        where=str(place),
        mend="Restore the store and its keys from a copy, or remove this school and collect it again.",
    )
