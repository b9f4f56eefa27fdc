"""The gate and the assessment behind it. The only room that makes a `Permit`."""

from tallyroll.governance.gate import decide, explain, items_of, require
from tallyroll.governance.manifest import Manifest
from tallyroll.governance.permits import Door, Permit, Refusal, Request

__all__ = ["Door", "Manifest", "Permit", "Refusal", "Request", "decide", "explain", "items_of", "require"]
