"""Loops compiled for this machine, kept between runs where there is a place for them."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar, cast

from numba import njit
from numba.core.caching import NullCache

from eid_stream.core.private_files import exposure

Loop = TypeVar("Loop", bound=Callable[..., Any])
_KERNELS: list[Any] = []


def kernel(**options: Any) -> Callable[[Loop], Loop]:
    """Compile a function at its first call; it releases the GIL. ``options`` are those of ``numba.njit``.

    The result is kept beside the source or in the user's cache. Where neither can be written (an installation by root,
    no home), or others could have put something there, it is compiled anew at every start: what is kept is pickled, and
    to load it is to run it.
    """

    def compiled(function: Loop) -> Loop:
        dispatcher = njit(nogil=True, **options)(function)
        with suppress(RuntimeError):  # what Numba raises when it finds no place
            dispatcher.enable_caching()
            if exposure(Path(dispatcher._cache.cache_path), is_folder=True):
                dispatcher._cache = NullCache()
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
