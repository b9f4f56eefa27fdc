"""Work that is dear and shared: done once in a run of the tests, also where several workers share them out."""

import fcntl
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

T = TypeVar("T")


def once(temporary: pytest.TempPathFactory, name: str, make: Callable[[Path], T]) -> T:
    """What `make` gives for a new folder; the first to ask makes it, the others wait. What it gives must pickle."""
    base = temporary.getbasetemp()
    place = (base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base) / f"once-{name}"
    place.mkdir(exist_ok=True)
    kept = place / "kept.pickle"
    with (place / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.exists():
            kept.write_bytes(pickle.dumps(make(place / "made")))
    made: T = pickle.loads(kept.read_bytes())
    return made
