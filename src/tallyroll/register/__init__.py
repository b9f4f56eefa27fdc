"""Screen, keep, read, forget: the only room that stores pupil rows.

`screen` judges an extract, `keep` stores what stands of it, `read` hands it to counting. Each takes a permit first.
`forget` deletes what is `due` and destroys its keys; it hands nothing out.
"""

from tallyroll.register.checks import CHECKS, Check
from tallyroll.register.completeness import Completeness
from tallyroll.register.forgetting import Due, Forgotten, due, forget, inventory
from tallyroll.register.keeping import Kept, keep
from tallyroll.register.reading import known, read
from tallyroll.register.screening import Count, Known, Screened, screen
from tallyroll.register.store import RegisterStore, RoundCounts

__all__ = [
    "CHECKS",
    "Check",
    "Completeness",
    "Count",
    "Due",
    "Forgotten",
    "Kept",
    "Known",
    "RegisterStore",
    "RoundCounts",
    "Screened",
    "due",
    "forget",
    "inventory",
    "keep",
    "known",
    "read",
    "screen",
]
