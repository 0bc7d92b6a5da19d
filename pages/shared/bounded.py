"""A cache of bytes that counts them: no more entries, and no more of memory, than it was given."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Value = TypeVar("Value")


@dataclass(eq=False)
class BoundedCache(Generic[Value]):
    """Values by key, the ones used last; each is made once, however many threads ask for it at a time.

    Attributes:
        size_of: bytes that a value takes.
        most_entries, most_bytes: what is kept at most; a value larger than all of it is handed out and not kept.
    """

    size_of: Callable[[Value], int]
    most_entries: int
    most_bytes: int
    bytes: int = 0
    _kept: "OrderedDict[Hashable, Value]" = field(default_factory=OrderedDict)
    _being_made: dict[Hashable, "Future[Value]"] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def get(self, key: Hashable, make: Callable[[], Value]) -> Value:
        """The value under a key, made now unless it is kept or somebody else is making it; raises as `make` does."""
        while True:
            with self._lock:
                if key in self._kept:
                    self._kept.move_to_end(key)
                    return self._kept[key]
                others = self._being_made.get(key)
                if others is None:
                    mine: Future[Value] = Future()
                    self._being_made[key] = mine
                    break
            with suppress(CancelledError):
                return others.result()
        try:
            value = make()
        except BaseException as error:
            with self._lock:
                del self._being_made[key]
            if isinstance(error, Exception):
                mine.set_exception(error)  # who waited fails the same way; the next one tries again
            else:
                mine.cancel()  # a page that was stopped: who waited makes it instead
            raise
        with self._lock:
            self._keep(key, value)
            del self._being_made[key]
        mine.set_result(value)
        return value

    def has(self, key: Hashable) -> bool:
        """Whether a value is there at once."""
        with self._lock:
            return key in self._kept

    def __len__(self) -> int:
        return len(self._kept)

    def _keep(self, key: Hashable, value: Value) -> None:
        self._kept[key] = value
        self.bytes += self.size_of(value)
        while self._kept and (len(self._kept) > self.most_entries or self.bytes > self.most_bytes):
            _, gone = self._kept.popitem(last=False)
            self.bytes -= self.size_of(gone)
