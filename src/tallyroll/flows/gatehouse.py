"""The gatehouse: opens the gate that settings describe, and keeps what it knows of the public ledger fresh.

A ledger at an address is mirrored, every byte verified; one in a folder is shown to its witnesses again. Where neither
succeeds, what is known grows old, and the gate refuses what is older than the roles allow.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tallyroll.flows.mirroring import mirror
from tallyroll.flows.settings import GateSettings
from tallyroll.flows.witnessing import Cosigned, WitnessAt, cosign
from tallyroll.governance import Assessments, Gate, roles
from tallyroll.governance.roles import Roles
from tallyroll.ledger import Log, NoteKey, Reader, read_key, write_key
from tallyroll.vocab.clock import Clock
from tallyroll.vocab.errors import Problem, UsageProblem

EVERY_S = 30.0  # how often a node looks whether it was stopped: the design holds to 60 seconds, everywhere
_told = logging.getLogger(__name__)


def open_gate(settings: GateSettings, *, clock: Clock) -> Gate:
    """The gate of these settings; the node's own log and its key are made on first use."""
    trusted = roles.read(settings.roles)
    if settings.is_remote and not trusted.quorum:
        what = "A ledger at an address needs witnesses: without them an old copy may hide a suspension."
        raise UsageProblem(what, where=str(settings.roles), mend="Name witnesses and a quorum.")
    log, key = open_log(settings.log, settings.log_key)
    own = Reader(log.folder, key=key.vkey)
    return Gate(Assessments(settings.ledger, trusted), settings.collection, settings.tier, log, own, clock)


@contextmanager
def asking(settings: GateSettings, *, clock: Clock) -> Iterator[Gate]:
    """A gate that can be asked without a trace: a node that has no log yet gets none."""
    with TemporaryDirectory() as desk:
        away = {"log": Path(desk) / "log", "log_key": Path(desk) / "log.key"}
        yield open_gate(settings if settings.log.exists() else settings.model_copy(update=away), clock=clock)


def open_log(folder: Path, key_file: Path) -> tuple[Log, NoteKey]:
    """The log in a folder, and its key: opened where it is there, made where it is not.

    A new log is named after its key, so that no two nodes share a name.
    """
    if key_file.exists() and not (folder / "checkpoint").exists():
        what = "The log of this key is gone, and with it what this machine remembers of rounds, notices and the ledger."
        mend = f"Restore it from a copy. To begin anew, remove {key_file} too."
        raise UsageProblem(what, where=str(folder), mend=mend)
    if not key_file.exists():
        key_file.parent.mkdir(parents=True, exist_ok=True)
        write_key(key_file, NoteKey.new("new").private)
    private = read_key(key_file)
    checkpoint = folder / "checkpoint"
    if checkpoint.exists():
        key = NoteKey(checkpoint.read_text(encoding="utf-8").partition("\n")[0], private)
        return Log.open(folder, key), key
    key = NoteKey(f"tallyroll/{private.public_key().public_bytes_raw().hex()[:16]}", private)
    log = Log.found(folder, key)
    key_file.with_suffix(".pub").write_text(f"{key.vkey}\n", encoding="utf-8")  # for whoever verifies the log
    return log, key


async def refresh(settings: GateSettings, trusted: Roles) -> None:
    """Bring what is known of the public ledger up to this moment."""
    if settings.is_remote:
        await mirror(settings.assessments, settings.mirror, key=trusted.log_key)
    else:
        await witness(settings.ledger, trusted)


async def witness(ledger: Path, trusted: Roles) -> Cosigned | None:
    """Show a ledger to its witnesses; None where it has none."""
    asked = [WitnessAt(one.name, one.key, one.url) for one in trusted.witnesses if one.url]
    return await cosign(ledger, key=trusted.log_key, witnesses=asked, quorum=trusted.quorum) if asked else None


@asynccontextmanager
async def watched(settings: GateSettings, *, every_s: float = EVERY_S) -> AsyncIterator[None]:
    """Fresh knowledge at the start of the block and every half minute in it.

    A refresh that fails is told and tried again: the gate itself stops what goes on without one for too long.
    """
    await try_to_refresh(settings)
    task = asyncio.create_task(_keep(settings, every_s))
    try:
        yield
    finally:
        task.cancel()


async def _keep(settings: GateSettings, every_s: float) -> None:
    while True:
        await asyncio.sleep(every_s)
        await try_to_refresh(settings)


async def try_to_refresh(settings: GateSettings) -> None:
    """The same as `refresh`; a failure is told, and the gate judges by what is known."""
    trusted = roles.read(settings.roles)
    try:
        await refresh(settings, trusted)
    except Problem as problem:
        _told.warning("The public ledger could not be read anew: %s", problem)
