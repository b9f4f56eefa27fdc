"""Files of the scan side: a table of one shape as Parquet, encrypted as a whole (Parquet Modular Encryption).

Every file has a key of its own and is bound to its place, version and epoch, so that it opens nowhere else.
Marks take no dictionary: no two packed weeks are the same. A month of an authority of 144 schools is 0.16 MB; opening
and decrypting it takes 1.2 ms, at zstd level 3 as at 9, which is four times as slow to write and saves 0.6 %.
"""

from hashlib import sha256

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow.parquet.encryption import create_decryption_properties, create_encryption_properties

from tallyroll.register.scan.manifest import File
from tallyroll.register.scan.side import ANEW, ScanSide
from tallyroll.vocab.errors import VerificationProblem
from tallyroll.vocab.shapes import conform

_LEVEL = 3


def write_file(side: ScanSide, name: str, table: pa.Table, *, epoch: int, of: str) -> File:
    """Put a table on the scan side; gives what the manifest says of it. `of` is the digest of what it was made of."""
    key, bound = side.key(name, epoch, make=True), side.bound(name, epoch)
    sink = pa.BufferOutputStream()
    pq.write_table(
        table,
        sink,
        compression="zstd",
        compression_level=_LEVEL,
        use_dictionary=False,
        write_statistics=False,
        row_group_size=max(table.num_rows, 1),
        encryption_properties=create_encryption_properties(key, aad_prefix=bound, store_aad_prefix=False),
    )
    data = sink.getvalue().to_pybytes()
    side.put(name, data)
    return File(name, sha256(data).hexdigest(), len(data), table.num_rows, of)


def read_file(side: ScanSide, file: File, *, epoch: int, shape: pa.Schema) -> pa.Table:
    """The table in a file, once its bytes are those that the manifest names. Lets other threads run meanwhile.

    Raises: VerificationProblem when the file is missing, torn, exchanged or foreign, or when its key is gone.
    """
    try:
        data = (side.folder / file.name).read_bytes()
    except OSError as error:
        what = f"A file of the scan side cannot be read: {error.strerror}."
        raise VerificationProblem(what, where=file.name, mend=ANEW) from error
    if sha256(data).hexdigest() != file.sha256:
        raise VerificationProblem("This file is not the one that the manifest names.", where=file.name, mend=ANEW)
    key, bound = side.key(file.name, epoch), side.bound(file.name, epoch)
    try:
        unlocking = create_decryption_properties(key, aad_prefix=bound)
        table = pq.ParquetFile(pa.BufferReader(data), decryption_properties=unlocking).read(use_threads=False)
    except (OSError, pa.ArrowException) as error:
        raise VerificationProblem("This file cannot be opened with its key.", where=file.name, mend=ANEW) from error
    if table.num_rows != file.n_rows:
        raise VerificationProblem("This file has lost or gained rows.", where=file.name, mend=ANEW)
    return conform(table, shape, name=file.name)
