"""The gate and the assessment behind it. The only room that makes a `Permit`."""

from tallyroll.governance.assessments import Assessments, Standing
from tallyroll.governance.gate import Gate, decide, explain, in_force, permitted, require
from tallyroll.governance.manifest import Manifest
from tallyroll.governance.permits import Door, Permit, Refusal, Request

__all__ = [
    "Assessments",
    "Door",
    "Gate",
    "Manifest",
    "Permit",
    "Refusal",
    "Request",
    "Standing",
    "decide",
    "explain",
    "in_force",
    "permitted",
    "require",
]
