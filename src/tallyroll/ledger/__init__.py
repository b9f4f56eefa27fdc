"""The log: what was decided and done, append-only, so that a change of the past shows.

Never personal data, never a hash of something guessable. Public names: `append`, `entries`, `verify`.
"""

from tallyroll.ledger.journal import Entry, append, entries, verify

__all__ = ["Entry", "append", "entries", "verify"]
