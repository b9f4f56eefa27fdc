"""What crosses between a node and a centre: a contributor's tally as a closed-world payload, and back."""

from tallyroll.submission.columns import Counts, parts
from tallyroll.submission.payload import Claims, claims, decode, encode
from tallyroll.submission.wire import LARGEST_PAYLOAD, OUTLINE, SPEC, Receipt

__all__ = ["LARGEST_PAYLOAD", "OUTLINE", "SPEC", "Claims", "Counts", "Receipt", "claims", "decode", "encode", "parts"]
