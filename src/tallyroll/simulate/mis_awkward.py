"""What goes wrong in real information systems, each by name, so that a test or a demo can switch it on.

Which records and requests are struck is a function of the seed alone: the same world misbehaves the same way twice.
"""

from collections.abc import Collection
from enum import StrEnum
from hashlib import blake2b


class Awkward(StrEnum):
    """One awkward behaviour of a school's information system, or of the service in front of it."""

    # records
    CUSTOM_CODES = "custom_codes"  # local codes of the school's own, with types that look official
    OLD_CODES = "old_codes"  # H, F and J after their withdrawal
    MISSING_MARKS = "missing_marks"
    RETROSPECTIVE_EDITS = "retrospective_edits"  # marks change weeks later; updated_at moves
    RE_ENROLMENT = "re_enrolment"  # a pupil leaves and comes back under a new id, with the same upi
    DELETIONS = "deletions"  # pupils vanish; every other one is restored days later
    SILENT_RESTORE = "silent_restore"  # a restored pupil is struck off the list of deletions
    ORPHAN_MARKS = "orphan_marks"  # the marks of deleted pupils stay behind
    MIGRATION = "migration"  # a new system: every id changes, the school's too
    DUPLICATE_SUMMARIES = "duplicate_summaries"
    NULL_EMPLOYEE = "null_employee"
    TIMEZONES = "timezones"  # dates in every form seen, also shifted into UTC
    INCLUDED_CODES = "included_codes"  # attendance_code comes as an object instead of an id
    # answers
    SLOW = "slow"
    CUT_OFF = "cut_off"  # the connection closes half way through an answer
    TRUNCATED = "truncated"  # a whole HTTP answer that holds half a JSON text
    WRONG_SHAPE = "wrong_shape"  # JSON of another shape than agreed
    RATE_LIMIT = "rate_limit"  # 429 with Retry-After
    SERVER_ERRORS = "server_errors"  # 502 and 503, in bursts
    UNAUTHORIZED = "unauthorized"  # 401
    FORBIDDEN = "forbidden"  # 403
    NOT_FOUND = "not_found"  # 404
    INVALID = "invalid"  # 422
    REVOKED = "revoked"  # access is withdrawn while the school is being read
    WRONG_REGION = "wrong_region"  # the school lives at another domain; here it gives nothing
    FOREIGN_NEXT = "foreign_next"  # the next page lies at somebody else's host
    LOOPING_NEXT = "looping_next"  # the next page is this page


LASTING = (Awkward.UNAUTHORIZED, Awkward.FORBIDDEN, Awkward.NOT_FOUND, Awkward.INVALID)
"""Faults that strike every data request while they are on."""

PASSING = (
    Awkward.RATE_LIMIT,
    Awkward.SERVER_ERRORS,
    Awkward.CUT_OFF,
    Awkward.TRUNCATED,
    Awkward.WRONG_SHAPE,
    Awkward.SLOW,
)
"""Faults that strike some requests, a few times each."""


def chance(seed: int, *words: object) -> float:
    """A number in [0, 1) that depends on the seed and the words alone."""
    digest = blake2b("|".join(str(word) for word in (seed, *words)).encode(), digest_size=4).digest()
    return int.from_bytes(digest, "big") / 2**32


def fault(on: Collection[Awkward], *, seed: int, request: str, attempt: int, rate: float, burst: int) -> Awkward | None:
    """The fault that strikes this attempt (from 0) at a request, if any; a struck request fails `burst` times."""
    for lasting in LASTING:
        if lasting in on:
            return lasting
    if attempt < burst:
        for passing in PASSING:
            if passing in on and chance(seed, passing, request) < rate:
                return passing
    return None
