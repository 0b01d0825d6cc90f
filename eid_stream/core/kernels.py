"""Loops compiled for this machine, kept between runs where there is a place for them."""

import hashlib
import pickle
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar, cast

from numba import njit
from numba.core.caching import FunctionCache, IndexDataCacheFile, NullCache

from eid_stream.core.private_files import exposure

Loop = TypeVar("Loop", bound=Callable[..., Any])
_KERNELS: list[Any] = []
_DIGEST_BYTES = hashlib.sha256().digest_size
_NumbasFile: Any = IndexDataCacheFile
_NumbasCache: Any = FunctionCache
"""Numba has no types."""


def kernel(**options: Any) -> Callable[[Loop], Loop]:
    """Compile a function at its first call; it releases the GIL. ``options`` are those of ``numba.njit``.

    The result is kept beside the source or in the user's cache. Where neither can be written (an installation by root,
    no home), or others could have put something there, it is compiled anew at every start: what is kept is pickled, and
    to load it is to run it. What a disk has changed in it, a single bit, is found by its hash and compiled anew.
    """

    def compiled(function: Loop) -> Loop:
        dispatcher = njit(nogil=True, **options)(function)
        with suppress(RuntimeError):  # what Numba raises when it finds no place
            dispatcher.enable_caching()
            exposed = exposure(Path(dispatcher._cache.cache_path), is_folder=True)
            dispatcher._cache = NullCache() if exposed else _HashedCache(function)
        _KERNELS.append(dispatcher)
        return cast("Loop", dispatcher)

    return compiled


def compile_anew() -> None:
    """Forget everything that was kept or compiled; what is compiled now replaces it."""
    for dispatcher in _KERNELS:
        dispatcher.recompile()


def compile_without_keeping() -> None:
    """Forget everything that was compiled, and neither read nor write what is kept."""
    for dispatcher in _KERNELS:
        dispatcher._cache = NullCache()
        dispatcher.recompile()


class _HashedFile(_NumbasFile):  # type: ignore[misc]
    """Numba's files with the hash of their content in front of it. It runs what it loads, machine code, unseen."""

    def _load_index(self) -> dict[Any, str]:
        content = _unharmed(Path(self._index_path))
        return {} if content is None else self._index_of(content)

    def _index_of(self, content: bytes) -> dict[Any, str]:
        version, _, rest = content.partition(b"\n")
        if version != self._version.encode():
            return {}
        stamp, overloads = pickle.loads(rest)
        return cast("dict[Any, str]", overloads) if stamp == self._source_stamp else {}

    def _save_index(self, overloads: dict[Any, str]) -> None:
        self._write(self._index_path, self._version.encode() + b"\n" + self._dump((self._source_stamp, overloads)))

    def _load_data(self, name: str) -> Any:
        content = _unharmed(Path(self._data_path(name)))
        if content is None:
            raise FileNotFoundError(name)  # upon which Numba compiles
        return pickle.loads(content)

    def _save_data(self, name: str, data: Any) -> None:
        self._write(self._data_path(name), self._dump(data))

    def _write(self, path: str, content: bytes) -> None:
        with self._open_for_write(path) as file:
            file.write(hashlib.sha256(content).digest() + content)


class _HashedCache(_NumbasCache):  # type: ignore[misc]
    """Numba's cache of one function, of hashed files."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__(function)
        self._cache_file = _HashedFile(
            cache_path=self._cache_path,
            filename_base=self._impl.filename_base,
            source_stamp=self._impl.locator.get_source_stamp(),
        )
        self.enable()


def _unharmed(path: Path) -> bytes | None:
    """The content of a file as it was written; None where there is none, or a changed one."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    digest, content = content[:_DIGEST_BYTES], content[_DIGEST_BYTES:]
    return content if hashlib.sha256(content).digest() == digest else None
