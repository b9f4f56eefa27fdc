"""A sequence whose members are made when they are asked for, anew each time, so that none is kept."""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar, overload

T = TypeVar("T")


class Lazily(Sequence[T]):
    """The results of these makers, in their order. Threads may ask at once, if the makers allow it."""

    def __init__(self, makers: Sequence[Callable[[], T]]) -> None:
        self._makers = tuple(makers)

    def __len__(self) -> int:
        return len(self._makers)

    def __iter__(self) -> Iterator[T]:
        """Each member in turn; what goes wrong in a maker is never taken for the end."""
        return (make() for make in self._makers)

    @overload
    def __getitem__(self, place: int) -> T: ...

    @overload
    def __getitem__(self, place: slice) -> "Lazily[T]": ...

    def __getitem__(self, place: int | slice) -> "T | Lazily[T]":
        """The member at a place, made now; of a slice, a sequence that makes its own."""
        return Lazily(self._makers[place]) if isinstance(place, slice) else self._makers[place]()
