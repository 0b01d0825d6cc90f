"""Arrays and tensors of any library, without importing one: what callers give, and the same kind back."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar, runtime_checkable

import numpy as np
from numpy.typing import NDArray

_SMALLEST_SIDE = 16
_LARGEST_SIDE = 16384
_OUTSIDE = 1e-3
"""How far floats may lie outside of [0, 1]: rounding of resized pictures."""


@runtime_checkable
class Tensor(Protocol):
    """Whatever hands over its memory by DLPack: a tensor of PyTorch, CuPy or JAX, or an array of NumPy."""

    def __dlpack__(self, *args: Any, **kwargs: Any) -> Any:
        """Hand over the memory."""
        ...


@runtime_checkable
class ArrayLike(Protocol):
    """Whatever shows its memory by NumPy's array interface, such as a picture of Pillow."""

    @property
    def __array_interface__(self) -> dict[str, Any]:
        """Describe the memory."""
        ...


Pictures = TypeVar("Pictures", bound=Tensor | ArrayLike)
"""One picture, or several; what comes back is of the same type."""


@dataclass(frozen=True, slots=True)
class Opened:
    """Pictures as arrays, and the way back."""

    rgb: list[NDArray[Any]]
    """uint8 or float32 of shape (height, width, 3), one for each picture."""
    close: Callable[[list[NDArray[Any]]], Any]
    """Makes of such a list what the caller gave: same type, shape and data type."""


def open_pictures(given: Any) -> Opened:
    """Look at a caller's picture.

    Arrays of NumPy and pictures of Pillow are uint8 (height, width, 3). Tensors are (..., 3, height, width), uint8 or
    floats in [0, 1].

    Raises:
        TypeError: it is no picture, or of another data type.
        ValueError: it has another shape, or values outside of [0, 1].
    """
    if isinstance(given, np.ndarray) or not isinstance(given, Tensor):
        return _open_array(given)
    values = _exported(given)
    _check_shape(values.shape, values.shape[-3:-2], values.shape[-2:], expected="(..., 3, height, width)")
    _check_values(values)
    planes = np.ascontiguousarray(np.moveaxis(values.reshape(-1, *values.shape[-3:]), 1, -1))
    rgb = planes if planes.dtype == np.uint8 else np.clip(planes.astype(np.float32), 0.0, 1.0)

    def close(results: list[NDArray[Any]]) -> Any:
        channels_first = np.moveaxis(np.stack(results), -1, 1).reshape(values.shape)
        return _like(given, np.ascontiguousarray(channels_first.astype(values.dtype)))

    return Opened(list(rgb), close)


def _open_array(given: Any) -> Opened:
    if not isinstance(given, np.ndarray | ArrayLike):
        raise TypeError(f"A picture is an array or a tensor; this is {_kind(given)}.")
    values = np.asarray(given)
    _check_shape(values.shape, values.shape[2:], values.shape[:2], expected="(height, width, 3)", axes=3)
    if values.dtype != np.uint8:
        raise TypeError(f"An array of shape (height, width, 3) is uint8; this is {values.dtype}. Tensors may be float.")
    make = None if isinstance(given, np.ndarray) else _from_library(given, "fromarray")
    return Opened([np.ascontiguousarray(values)], lambda results: make(results[0]) if make else results[0])


def _exported(given: Any) -> NDArray[Any]:
    if getattr(given, "requires_grad", False):
        raise TypeError("Nothing is learned through a Dehazer, and this tensor requires a gradient: give it .detach().")
    try:
        try:
            return np.from_dlpack(given)
        except BufferError:  # its memory is not the processor's
            return np.from_dlpack(given, device="cpu")
    except (BufferError, RuntimeError, TypeError, ValueError) as error:
        raise TypeError(f"{_kind(given)} cannot be read by DLPack ({error}). Give it as uint8 or float32.") from error


def _check_shape(
    shape: tuple[int, ...],
    channels: tuple[int, ...],
    sides: tuple[int, ...],
    *,
    expected: str,
    axes: int | None = None,
) -> None:
    if channels != (3,) or len(sides) != 2 or (axes is not None and len(shape) != axes):
        raise ValueError(f"A picture is of shape {expected}, red, green and blue; this is {shape}.")
    if 0 in shape or not _SMALLEST_SIDE <= min(sides) <= max(sides) <= _LARGEST_SIDE:
        raise ValueError(f"A side of a picture is {_SMALLEST_SIDE} to {_LARGEST_SIDE} pixels long; this is {shape}.")


def _check_values(values: NDArray[Any]) -> None:
    if values.dtype == np.uint8:
        return
    if not np.issubdtype(values.dtype, np.floating):
        raise TypeError(f"A tensor is uint8, or float in [0, 1]; this is {values.dtype}.")
    lowest, highest = float(values.min()), float(values.max())
    if not -_OUTSIDE <= lowest <= highest <= 1.0 + _OUTSIDE:  # also where one is NaN
        raise ValueError(
            f"A float tensor holds values in [0, 1]; this one {lowest:g} to {highest:g}. Scale it, or give it as uint8."
        )


def _like(given: Any, values: NDArray[Any]) -> Any:
    """The values as a tensor of the same library, subclass and device."""
    made = _from_library(given, "from_dlpack")(values)
    if not (hasattr(given, "clone") and hasattr(given, "copy_")):
        return made
    same = given.clone()
    same.copy_(made)
    return same


def _from_library(given: Any, function: str) -> Callable[[Any], Any]:
    """A function of the library whose type this is; the library is loaded, or its object would not be here."""
    for parent in type(given).__mro__:
        for name in (parent.__module__, parent.__module__.partition(".")[0]):
            found: Callable[[Any], Any] | None = getattr(sys.modules.get(name), function, None)
            if found is not None:
                return found
    return np.asarray


def _kind(given: Any) -> str:
    return f"{type(given).__module__}.{type(given).__qualname__}".removeprefix("builtins.")
