"""The ceremony in one go: an assessment brought into force step by step, each step signed by whoever must sign it.

For the demo, the benches and the tests, where one program holds everybody's keys. In life the keys lie with three
people who never meet in one process; they use the verbs of `tallyroll dpia`.
"""

from collections.abc import Mapping, Sequence
from datetime import date

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tallyroll.flows.office import Office, say
from tallyroll.governance import Manifest
from tallyroll.governance.roles import Role, RoleKey, Roles, WitnessKey
from tallyroll.governance.statements import Kind, public_of
from tallyroll.ledger import NoteKey

Keys = Mapping[Role, Ed25519PrivateKey]


POSTS = {
    Role.APPROVER: "Director (rehearsal)",
    Role.DPO: "Data Protection Officer (rehearsal)",
    Role.ASSET_OWNER: "Head of Statistics (rehearsal)",
}


def new_keys() -> Keys:
    """A key for each role, made now."""
    return {role: Ed25519PrivateKey.generate() for role in Role}


def roles_for(
    keys: Keys, log: NoteKey, *, trained_until: date, witnesses: Sequence[WitnessKey] = (), quorum: int = 0
) -> Roles:
    """The roles that name these keys."""
    named = tuple(
        RoleKey(role=role, holder=POSTS[role], public=public_of(key), trained_until=trained_until)
        for role, key in keys.items()
    )
    return Roles(log_key=log.vkey, keys=named, witnesses=tuple(witnesses), quorum=quorum)


ADVICE = {"advice": "proceed", "text": "Counts serve the purpose; the register stays where it is."}


def approve(office: Office, manifest: Manifest, keys: Keys, *, advice: Mapping[str, str] = ADVICE) -> None:
    """Screened, consulted, advised and approved, each by whoever must sign it."""
    for kind, role, facts in (
        (Kind.SCREENED, Role.ASSET_OWNER, {}),
        (Kind.CONSULTED, Role.ASSET_OWNER, {}),
        (Kind.ADVISED, Role.DPO, advice),
        (Kind.APPROVED, Role.APPROVER, {}),
    ):
        say(office, kind, collection=manifest.collection.id, manifest=manifest, keys=[keys[role]], facts=facts)


def put_in_force(office: Office, manifest: Manifest, keys: Keys, *, url: str) -> None:
    """Published and activated; the witnesses must have seen the approval before, and must see this after."""
    facts = {"url": url, "witnessed": str(office.assessments.standing().witnessed)}
    for kind, role, said in ((Kind.PUBLISHED, Role.ASSET_OWNER, facts), (Kind.ACTIVATED, Role.APPROVER, {})):
        say(office, kind, collection=manifest.collection.id, manifest=manifest, keys=[keys[role]], facts=said)
