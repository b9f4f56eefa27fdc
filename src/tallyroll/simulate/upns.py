"""Unique Pupil Numbers for synthetic children: right check letters, many at once.

Source: Common Basic Data Set. Check letter, LA code (3), establishment (4), year of allocation (2), serial (3 digits;
in a temporary number 2 digits and a letter). The rule for one number stands in `vocab.identifiers`.
"""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

_LETTERS = np.frombuffer(b"ABCDEFGHJKLMNPQRTUVWXYZ", dtype=np.uint8)
_ZERO = ord("0")
_PLACES = np.arange(2, 14)
SERIALS = 1000  # numbers that one establishment can give in one year
Ints = npt.NDArray[np.int64]


def upns(*, la: Ints, establishment: Ints, allocated: Ints, serial: Ints, temporary: npt.NDArray[np.bool_]) -> pa.Array:
    """UPNs of these parts; `allocated` is a year. Serials below 1000 never give the same number twice."""
    values = np.concatenate(
        [_digits(la, 3), _digits(establishment, 4), _digits(allocated % 100, 2), _digits(serial, 3)], axis=1
    )
    values[temporary, 9:] = np.stack([serial // 10 % 10, serial % 10, serial // 100], axis=1)[temporary]
    text = (values + _ZERO).astype(np.uint8)
    text[temporary, 11] = _LETTERS[values[temporary, 11]]
    check = _LETTERS[(values * _PLACES).sum(axis=1) % len(_LETTERS)]
    whole = np.concatenate([check[:, None], text], axis=1)
    return pa.array(np.ascontiguousarray(whole).view("S13").ravel()).cast(pa.string())


def _digits(numbers: Ints, width: int) -> Ints:
    return numbers[:, None] // 10 ** np.arange(width - 1, -1, -1) % 10
