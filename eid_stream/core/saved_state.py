"""States of a run as bytes: written beside an unfinished file, read by the run that goes on with it.

By ``pickle``, of which nothing is read but numbers, arrays and the classes named here: a file beside an output may be
anybody's (https://docs.python.org/3/library/pickle.html#restricting-globals).
"""

import io
import pickle
from importlib import import_module
from typing import Any

_PLAIN = {
    ("fractions", "Fraction"),
    ("collections", "Counter"),
    ("collections", "deque"),
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy.core.multiarray", "scalar"),
    ("numpy._core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "scalar"),
    ("numpy._core.numeric", "_frombuffer"),
}
_OURS = (
    "eid_stream.dehazing.",
    "eid_stream.core.haze_maps",
    "eid_stream.flow.haze_curve",
    "eid_stream.sources.damage",
    "eid_stream.sources.file.frame_clock",
    "eid_stream.sources.file.constant_rate",
)
"""Modules whose own classes hold states and do nothing else when they are made."""


def saved(state: object) -> bytes:
    """A state as it is at this moment."""
    return pickle.dumps(state, protocol=5)


def restored(data: bytes) -> Any:
    """The state again.

    Raises:
        ValueError: the bytes are no state that this version has saved.
    """
    try:
        return _Reader(io.BytesIO(data)).load()
    except Exception as error:  # a damaged pickle raises whatever its remains mean
        raise ValueError(f"no saved state: {error}") from error


class _Reader(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in _PLAIN:
            return super().find_class(module, name)
        if module.startswith(_OURS):
            found = getattr(import_module(module), name, None)
            if isinstance(found, type) and found.__module__ == module:
                return found
        raise pickle.UnpicklingError(f"{module}.{name} is no part of a state")
