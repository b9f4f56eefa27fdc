"""What families must be told (Arts 13 and 14), as facts taken from the manifest, and the digest that names them.

The notices themselves are written from these facts by `records`. A change of any of them is a change of the digest,
and then families must be told again (LAW-02).
"""

from hashlib import sha256

import rfc8785

from tallyroll.governance.manifest import Manifest

NOTICES_ISSUED = "notices-issued"  # the event by which a school records that families were told

_TOLD = ("officers", "regulator", "purposes", "forbidden", "items", "codes", "recipients", "retention", "locations")
_TOLD_OF_COLLECTION = ("id", "title", "tier", "mandatory", "means")


def notice_facts(manifest: Manifest) -> dict[str, object]:
    """Everything that a notice tells, as plain values."""
    tree = manifest.model_dump(mode="json")
    facts: dict[str, object] = {name: tree[name] for name in (*_TOLD, "parties", "rights")}
    facts["collection"] = {name: tree["collection"][name] for name in _TOLD_OF_COLLECTION}
    return facts


def notice_digest(manifest: Manifest) -> str:
    """The name of what families were told: SHA-256 of the facts, in hexadecimal."""
    return sha256(rfc8785.dumps(notice_facts(manifest))).hexdigest()  # type: ignore[arg-type]  # plain values
