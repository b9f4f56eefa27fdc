"""Streams of chance: one for each thing that is made, so that any school can be made alone and comes out the same."""

import zlib

import numpy as np

Stream = np.random.Generator


def stream(seed: int, purpose: str, *keys: int) -> Stream:
    """The stream for one purpose and one thing; SFC64 is the fastest of numpy's generators (2.7 ns a float)."""
    entropy = (seed, zlib.crc32(purpose.encode()), *keys)
    return np.random.Generator(np.random.SFC64(np.random.SeedSequence(entropy)))
