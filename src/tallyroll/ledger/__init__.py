"""The log: what was decided and done, append-only, so that a change of the past shows.

A C2SP tlog-tiles log in plain files: anybody can copy it, and verify it with nothing but the public keys. Never
personal data in it, never a hash of something guessable.
"""

from tallyroll.ledger.checkpoints import Checkpoint, cosigned_at, decimal, log_key, witness_key, witness_keys
from tallyroll.ledger.copying import Copy, growing
from tallyroll.ledger.cosigning import keep_cosigned, request_of
from tallyroll.ledger.entries import Entry, documents_of, entry_of
from tallyroll.ledger.files import document, document_name
from tallyroll.ledger.keyfiles import read_key, write_key
from tallyroll.ledger.log import Log
from tallyroll.ledger.notes import LARGEST_NOTE, Note, NoteKey, Verifier
from tallyroll.ledger.proofs import Proof, Proved, check_proof, prove
from tallyroll.ledger.reader import Reader, Witnessed
from tallyroll.ledger.tilefiles import leaves, newest_checkpoint, read_checkpoint
from tallyroll.ledger.tiles import ENTRIES, LARGEST_BUNDLE, path_of
from tallyroll.ledger.verifying import Verified, verify
from tallyroll.ledger.witness import Answer, Witness

__all__ = [
    "ENTRIES",
    "LARGEST_BUNDLE",
    "LARGEST_NOTE",
    "Answer",
    "Checkpoint",
    "Copy",
    "Entry",
    "Log",
    "Note",
    "NoteKey",
    "Proof",
    "Proved",
    "Reader",
    "Verified",
    "Verifier",
    "Witness",
    "Witnessed",
    "check_proof",
    "cosigned_at",
    "decimal",
    "document",
    "document_name",
    "documents_of",
    "entry_of",
    "growing",
    "keep_cosigned",
    "leaves",
    "log_key",
    "newest_checkpoint",
    "path_of",
    "prove",
    "read_checkpoint",
    "read_key",
    "request_of",
    "verify",
    "witness_key",
    "witness_keys",
    "write_key",
]
