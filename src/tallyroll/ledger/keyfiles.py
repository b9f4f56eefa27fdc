"""Private keys in files that only their owner can read."""

import os
import stat
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from tallyroll.vocab.errors import UsageProblem


def write_key(path: Path, private: Ed25519PrivateKey, passphrase: str | None = None) -> None:
    """Write a key to a new file, as PEM (PKCS 8), readable by its owner only from its first moment.

    Raises: UsageProblem when there is a file already, or it cannot be made.
    """
    lock: KeySerializationEncryption = NoEncryption() if passphrase is None else _encryption(passphrase, path)
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise UsageProblem("There is a file already.", where=str(path), mend="Name a new one.") from error
    except OSError as error:
        raise UsageProblem(f"The key cannot be written: {error.strerror}.", where=str(path)) from error
    with os.fdopen(handle, "wb") as file:
        file.write(pem)
        file.flush()
        os.fsync(file.fileno())


def _encryption(passphrase: str, path: Path) -> KeySerializationEncryption:
    if not passphrase:
        raise UsageProblem("The passphrase is empty.", where=str(path), mend="Give one, or none at all.")
    return BestAvailableEncryption(passphrase.encode())


def read_key(path: Path, passphrase: str | None = None) -> Ed25519PrivateKey:
    """The key in a file.

    Raises: UsageProblem when others may read the file, the passphrase is wrong, or it holds no Ed25519 key.
    """
    try:
        handle = os.open(path, os.O_RDONLY)
    except OSError as error:
        raise UsageProblem(f"The key cannot be read: {error.strerror}.", where=str(path)) from error
    with os.fdopen(handle, "rb") as file:
        if stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077:
            mend = f"Run `chmod 600 {path}`, and make a new key if somebody may have read it."
            raise UsageProblem("Others than its owner may read this key.", where=str(path), mend=mend)
        pem = file.read()
    try:
        key = load_pem_private_key(pem, None if passphrase is None else passphrase.encode())
    except (ValueError, TypeError) as error:
        mend = "Give its passphrase, or the right file."
        raise UsageProblem("This key cannot be opened.", where=str(path), mend=mend) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise UsageProblem("This is not an Ed25519 key.", where=str(path), mend="Make one with `tallyroll ledger key`.")
    return key
