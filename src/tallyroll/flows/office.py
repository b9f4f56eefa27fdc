"""The office: where people in roles say something of an assessment, and the ledger takes it.

Every verb of the life cycle ends in `record`: it asks whether the statement would have an effect, and only then writes
it down. What would have none is refused with the reason, and the ledger says nothing of it.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from pathlib import Path

import aiohttp
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tallyroll.flows.fetching import body_of
from tallyroll.governance import Assessments, Manifest
from tallyroll.governance.assessments import FOUNDED, STATEMENT, entry_of
from tallyroll.governance.roles import Roles
from tallyroll.governance.statements import Kind, Statement, read, sign
from tallyroll.ledger import Entry, Log, NoteKey
from tallyroll.vocab.clock import Clock
from tallyroll.vocab.errors import Refused, SourceProblem, UsageProblem, VerificationProblem
from tallyroll.vocab.lookalikes import Lookalike, kind_of

WAIT = aiohttp.ClientTimeout(total=30, connect=10)
LARGEST_MANIFEST = 8 * 1024 * 1024  # bytes; what is longer is none

PERSONAL = frozenset({Lookalike.UPN, Lookalike.UPN_SHAPE, Lookalike.NHS, Lookalike.POSTCODE})
"""What is never part of a reason or a summary; a name cannot be told from a word."""
_MEND = "`tallyroll dpia history` says where it stands; what is said must be fit for the public."
_DIGEST = re.compile("[0-9a-f]{64}")

LARGEST_DOCUMENT = 16 * 2**20  # bytes: well below what mirrors take

Documents = Mapping[str, bytes]
"""What goes with a statement, by the particular that then holds its digest: a letter, new roles."""


@dataclass(frozen=True, slots=True)
class Office:
    """A ledger in the hands of those who keep it, and the roles it was founded with."""

    log: Log
    roles: Roles
    clock: Clock
    assessments: Assessments = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "assessments", Assessments(self.log.folder, self.roles))


def key_of(roles: Roles, private: Ed25519PrivateKey) -> NoteKey:
    """The log's key under the name that the roles give it."""
    return NoteKey(roles.log_key.partition("+")[0], private)


def found(folder: Path, *, key: NoteKey, roles: Roles, at: datetime) -> Log:
    """A new ledger whose first entry names the roles: from then on nobody can swap them unseen."""
    if roles.log_key != key.vkey:
        raise UsageProblem(
            "The roles name another key for the log.", where="log_key", mend=f'Write log_key = "{key.vkey}".'
        )
    log = Log.found(folder, key)
    digest = log.keep_document(roles.canonical)
    log.append(at=at, event=FOUNDED, facts={"roles": {"document": digest}})
    return log


def say(
    office: Office,
    kind: Kind,
    *,
    collection: str,
    keys: Sequence[Ed25519PrivateKey],
    manifest: Manifest | None = None,
    facts: Mapping[str, str] | None = None,
    documents: Documents | None = None,
) -> Entry:
    """Sign a statement and enter it in the ledger.

    Raises: Refused with the clause `life-cycle.KIND` when it would have no effect.
    """
    made = statement(
        office.assessments,
        kind,
        collection=collection,
        manifest=manifest,
        facts=facts,
        documents=documents,
        at=office.clock.now(),
    )
    return record(office, sign(made, keys), manifest=manifest, documents=documents)


def statement(
    assessments: Assessments,
    kind: Kind,
    *,
    collection: str,
    at: datetime,
    manifest: Manifest | None = None,
    facts: Mapping[str, str] | None = None,
    documents: Documents | None = None,
) -> Statement:
    """What would be said now, unsigned. It needs the ledger's files, and no key of it."""
    digests = {name: sha256(content).hexdigest() for name, content in (documents or {}).items()}
    return Statement(
        kind=kind,
        collection=collection,
        manifest=manifest.digest if manifest else "",
        at=at,
        seen=assessments.standing().size,
        facts={**(facts or {}), **digests},
    )


def record(
    office: Office, envelope: bytes, *, manifest: Manifest | None = None, documents: Documents | None = None
) -> Entry:
    """Enter a statement that was signed here or elsewhere; Refused when it would have no effect."""
    now, said, papers = office.clock.now(), read(envelope), [*(documents or {}).values()]
    why = office.assessments.objection(envelope, at=now, manifest=manifest, documents=papers)
    why = why or _unfit(office, said, papers)
    if why:
        raise Refused(why, clause=f"life-cycle.{said.kind}", mend=_MEND)
    for content in (envelope, *papers, *([manifest.canonical] if manifest else [])):
        office.log.keep_document(content)
    return office.log.append(at=now, event=STATEMENT, facts=entry_of(envelope, said))


def _unfit(office: Office, said: Statement, papers: Sequence[bytes]) -> str:
    """Why a statement must not stand in a public ledger though it would count: it says it of nobody, or of a child."""
    known = office.assessments.standing().histories
    if said.kind in (Kind.SUSPENDED, Kind.PAUSE_REQUESTED, Kind.RESUMED) and said.collection not in known:
        named = ", ".join(sorted(name for name in known if name)) or "none"
        return f"The ledger knows no collection of this name; it knows {named}."
    if any(len(content) > LARGEST_DOCUMENT for content in papers):
        return f"A document of over {LARGEST_DOCUMENT // 2**20} MB would stop every mirror of the ledger."
    for name, words in said.facts.items():
        looks = kind_of(_DIGEST.sub("", words))  # an address may end in the digest of what is there
        if looks in PERSONAL:
            return f"'{name}' holds {looks}: what is said here is public for ever."
    return ""


async def check_published(url: str, manifest: Manifest) -> None:
    """Return when the address gives exactly this manifest to anybody; VerificationProblem where it gives another."""
    try:
        async with aiohttp.ClientSession(timeout=WAIT) as session, session.get(url) as answer:
            status, content = answer.status, await body_of(answer, limit=LARGEST_MANIFEST)
    except (TimeoutError, aiohttp.ClientError) as error:
        what = f"The address cannot be reached: {str(error) or type(error).__name__}."
        raise SourceProblem(what, where=url, mend="Publish the manifest there first.") from error
    if status != 200:
        raise SourceProblem(f"The address answers {status}.", where=url, mend="Publish the manifest there first.")
    if sha256(content).hexdigest() != manifest.digest:
        what, mend = "What stands there is not this manifest.", "Publish exactly the bytes that were signed."
        raise VerificationProblem(what, where=url, mend=mend)
