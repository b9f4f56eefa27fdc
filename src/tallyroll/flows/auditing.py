"""The audit of a ledger: every byte, every signature and every step, by somebody who was not there."""

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from tallyroll import ledger, release
from tallyroll.governance import Assessments, Standing, roles
from tallyroll.governance.assessments import FOUNDED
from tallyroll.governance.roles import Roles
from tallyroll.ledger import Entry, Verified, document, documents_of, entry_of, leaves, read_checkpoint
from tallyroll.vocab.errors import VerificationProblem


@dataclass(frozen=True, slots=True)
class Audit:
    """What was found: the files in order, and where each collection stands by the signatures."""

    files: Verified
    standing: Standing

    @property
    def void(self) -> tuple[str, ...]:
        """Statements in the ledger that have no effect, and why: somebody wrote them past the office."""
        every = [*self.standing.ignored]
        for history in self.standing.histories.values():
            every += history.ignored
        return tuple(f"entry {one.index} ({one.kind}): {one.why}" for one in sorted(every, key=lambda one: one.index))


def audit(folder: Path, trusted: Roles) -> Audit:
    """Verify a ledger against the roles that one trusts.

    Raises: VerificationProblem with the file and the place of the first fault; for a witness that saw another ledger,
            and for a ledger that was not founded with these roles.
    """
    verified = ledger.verify(folder, key=trusted.log_key, witnesses=trusted.witness_keys)
    return Audit(verified, Assessments(folder, trusted).standing())


def audit_release(folder: Path, assessments: Assessments) -> Entry:
    """The entry of the ledger that published exactly these bytes.

    Raises: VerificationProblem that names the file which is not as published, or when the ledger knows no such release.
    """
    release.verify(folder)
    path = folder / release.MANIFEST
    digest = sha256(path.read_bytes()).hexdigest()
    for entry in assessments.entries():
        if entry.event == "released" and entry.facts.get("release") == digest:
            return entry
    raise VerificationProblem("The ledger holds no release of these bytes.", where=str(path), mend="Get it again.")


def own_roles(folder: Path) -> Roles:
    """The roles that a ledger says it was founded with: to be compared with a copy from a source that one trusts.

    Nothing is proved by reading them; `audit` with them proves that the ledger agrees with itself.
    """
    where = f"{folder} entry 0"
    size = read_checkpoint(folder).partition(b"\n")[2].partition(b"\n")[0]
    for _, leaf, _ in leaves(folder, start=0, size=int(size) if size.isdigit() else 0):
        first = entry_of(leaf, index=0, where=where)
        digest = next(documents_of(first.facts), None)
        if first.event == FOUNDED and digest:
            return roles.parse(document(folder, digest).decode(errors="replace"), where=where)
        break
    raise VerificationProblem("This ledger names no roles.", where=where, mend="Give its key with --key.")
