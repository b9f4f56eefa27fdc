"""What people read of an assessment, made from the manifest and the ledger: generated, never typed twice.

Pure functions from what was signed to text or bytes: no clock, no files, nothing that an author could slip in.
"""

from tallyroll.governance.records.export import FILES, collection_documents, documents

__all__ = ["FILES", "collection_documents", "documents"]
