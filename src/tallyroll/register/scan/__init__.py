"""The scan side of the store: what counting reads, made from the write side and disposable.

Immutable Parquet for each authority and month, encrypted, named by one manifest. `compact` brings it up to the write
side, `scan` reads it, `write_scan` makes one without a write side, `export` lets it out.
"""

from tallyroll.register.scan.compacting import Compacted, compact
from tallyroll.register.scan.destroying import destroy, places
from tallyroll.register.scan.dictionary import Layout
from tallyroll.register.scan.exporting import Exported, export
from tallyroll.register.scan.looking import Gaps, SentWeek, Sizes, Standing, gaps, sizes, standings, weeks
from tallyroll.register.scan.reading import scan
from tallyroll.register.scan.side import ScanSide
from tallyroll.register.scan.verifying import Verified, verify
from tallyroll.register.scan.writing import write_scan

__all__ = [
    "Compacted",
    "Exported",
    "Gaps",
    "Layout",
    "ScanSide",
    "SentWeek",
    "Sizes",
    "Standing",
    "Verified",
    "compact",
    "destroy",
    "export",
    "gaps",
    "places",
    "scan",
    "sizes",
    "standings",
    "verify",
    "weeks",
    "write_scan",
]
