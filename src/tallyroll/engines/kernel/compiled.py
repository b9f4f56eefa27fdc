"""Compiling: the decorators of the kernel's loops. Compiled code is kept on disk and needs no lock of Python's."""

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

import numba

_P = ParamSpec("_P")
_R = TypeVar("_R")

Whole = Any
"""A whole number of 64 bits with a sign, which is Python's int outside a loop and numpy's within one."""


def compiled(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """The function as machine code, compiled when it is first called on this machine and read from a file later."""
    made: Callable[_P, _R] = numba.njit(nogil=True, cache=True)(function)
    return made


def within(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """The same for a part of a loop; it becomes one with its caller, for handing over arrays costs more than work."""
    made: Callable[_P, _R] = numba.njit(nogil=True, cache=True, forceinline=True)(function)
    return made
