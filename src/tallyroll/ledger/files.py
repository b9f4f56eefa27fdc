"""Files of a log's folder: written so that they outlive a loss of power, read so that a missing one is told apart."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path

from tallyroll.vocab.durable import sync
from tallyroll.vocab.errors import UsageProblem, VerificationProblem

CHECKPOINT, WITNESSED, DOCUMENTS = "checkpoint", "checkpoint.witnessed", "documents"
LOCK = ".lock"


def read(path: Path) -> bytes | None:
    """A file's bytes, or None where there is no such file."""
    try:
        handle = os.open(path, os.O_RDONLY)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise UsageProblem(f"The ledger cannot be read: {error.strerror}.", where=str(path)) from error
    with os.fdopen(handle, "rb", buffering=0) as file:
        return file.read()


@contextmanager
def locked(folder: Path, *, wait: bool = True) -> Iterator[None]:
    """Only one at a time, threads and processes alike, may write to the folder.

    Raises: UsageProblem when something cannot be written, or another one writes and we do not wait.
    """
    with writing(folder):
        handle = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
            yield
        finally:
            os.close(handle)


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """What the system refuses within is said as a Problem: UsageProblem, with the file and what may help."""
    try:
        yield
    except BlockingIOError as error:
        what, mend = "Somebody else is writing to this ledger.", "Wait until it is done."
        raise UsageProblem(what, where=str(folder), mend=mend) from error
    except OSError as error:
        what = f"The ledger cannot be written: {error.strerror}. What was to be written down was not done."
        mend = "Make room, or see to the rights of the folder."
        raise UsageProblem(what, where=str(error.filename or folder), mend=mend) from error


def write(path: Path, data: bytes) -> None:
    """Put bytes into a file that nothing refers to yet; on disk when this returns, but for its name (`sync`)."""
    make_folder(path.parent)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
    with os.fdopen(handle, "wb", buffering=0) as file:
        rest = memoryview(data)
        while rest:
            rest = rest[file.write(rest) :]
        os.fsync(handle)


def replace(path: Path, data: bytes) -> None:
    """Put bytes in the place of a file, all at once; on disk when this returns."""
    new = path.with_name(f".{path.name}.new")
    try:
        write(new, data)
        new.replace(path)
    except OSError:
        with suppress(OSError):
            new.unlink(missing_ok=True)
        raise
    sync(path.parent)


def make_folder(folder: Path) -> None:
    """Make a folder and those above it, with their names on disk."""
    if not folder.is_dir():
        make_folder(folder.parent)
        folder.mkdir(exist_ok=True)
        sync(folder.parent)


def document_name(content: bytes) -> str:
    """The name of a document: its SHA-256 in hex."""
    return sha256(content).hexdigest()


def document(folder: Path, name: str) -> bytes:
    """A document by its SHA-256; VerificationProblem when it is not there or is not what its name says."""
    path = folder / DOCUMENTS / name
    content = read(path) if len(name) == 64 and set(name) <= set("0123456789abcdef") else None
    if content is None:
        what, mend = "This document is not here.", "Restore it from a mirror, or from whoever wrote it."
        raise VerificationProblem(what, where=str(path), mend=mend)
    if document_name(content) != name:
        what, mend = "This document is not what its name says.", "It was changed. Restore it from a mirror."
        raise VerificationProblem(what, where=str(path), mend=mend)
    return content


def put_document(folder: Path, content: bytes) -> str:
    """Keep a document under its SHA-256; on disk when this returns."""
    name = document_name(content)
    path = folder / DOCUMENTS / name
    if read(path) == content:
        sync(path.parent)  # the other one that wrote it may not have come so far
    else:
        replace(path, content)
    return name
