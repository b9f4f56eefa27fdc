"""The manifest: the impact assessment as data. What may be collected, why, how often, how long, and by what law.

Written by people in TOML, refused when it says anything this schema does not know (privacy requirements MAN-01 to
MAN-18). It has no status and no version number: the ledger gives these, so that nobody can write them in.
"""

from tallyroll.governance.manifest.reading import build, from_canonical, parse, read
from tallyroll.governance.manifest.whole import Manifest

__all__ = ["Manifest", "build", "from_canonical", "parse", "read"]
