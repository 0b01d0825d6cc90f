"""Which NVIDIA device and driver this machine has, asked of the driver itself: no torch, milliseconds."""

import ctypes
import sys
from dataclasses import dataclass

from eid_stream.core.errors import EngineLoadError

_COMPUTE_CAPABILITY_MAJOR, _COMPUTE_CAPABILITY_MINOR = 75, 76
"""CUdevice_attribute values of the CUDA driver API."""
_TEXT_BYTES = 256


@dataclass(frozen=True, slots=True)
class Gpu:
    """The device that CUDA calls 0; ``CUDA_VISIBLE_DEVICES`` has its usual effect."""

    name: str
    compute_capability: tuple[int, int]
    driver: str
    """Version of the driver, such as ``580.95.05``; ``unknown`` where its management library is missing."""
    cuda: tuple[int, int]
    """Newest CUDA version that the driver serves, as (major, minor)."""


def find_gpu() -> Gpu:
    """Ask the driver for its first device.

    Raises:
        EngineLoadError: there is no driver, no device, or the driver does not work.
    """
    library = _open_library("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    device = ctypes.c_int()
    _call(library, "cuInit", ctypes.c_uint(0))
    _call(library, "cuDeviceGet", ctypes.byref(device), ctypes.c_int(0))
    name = ctypes.create_string_buffer(_TEXT_BYTES)
    _call(library, "cuDeviceGetName", name, ctypes.c_int(_TEXT_BYTES), device)
    version = ctypes.c_int()
    _call(library, "cuDriverGetVersion", ctypes.byref(version))
    return Gpu(
        name=name.value.decode("utf-8", "replace"),
        compute_capability=(
            _attribute(library, device, _COMPUTE_CAPABILITY_MAJOR),
            _attribute(library, device, _COMPUTE_CAPABILITY_MINOR),
        ),
        driver=_driver_version(),
        cuda=(version.value // 1000, version.value % 1000 // 10),
    )


def _open_library(name: str) -> ctypes.CDLL:
    try:
        return ctypes.CDLL(name)
    except OSError as error:
        raise EngineLoadError(
            f"No NVIDIA driver was found on this machine ({error}). "
            "Install the driver from nvidia.com/drivers, or run with --engine onnx."
        ) from error


def _call(library: ctypes.CDLL, function: str, *arguments: object) -> None:
    status = library[function](*arguments)
    if status != 0:
        text = ctypes.c_char_p()
        known = library.cuGetErrorName(ctypes.c_int(status), ctypes.byref(text)) == 0 and text.value
        name = text.value.decode("ascii", "replace") if known and text.value else f"error {status}"
        raise EngineLoadError(
            f"The NVIDIA driver answers {function} with {name}: no usable device. "
            "Check it with nvidia-smi, or run with --engine onnx."
        )


def _attribute(library: ctypes.CDLL, device: ctypes.c_int, attribute: int) -> int:
    value = ctypes.c_int()
    _call(library, "cuDeviceGetAttribute", ctypes.byref(value), ctypes.c_int(attribute), device)
    return value.value


def _driver_version() -> str:
    try:
        library = ctypes.CDLL("nvml.dll" if sys.platform == "win32" else "libnvidia-ml.so.1")
    except OSError:
        return "unknown"
    text = ctypes.create_string_buffer(_TEXT_BYTES)
    if library.nvmlInit_v2() != 0:
        return "unknown"
    status = library.nvmlSystemGetDriverVersion(text, ctypes.c_uint(_TEXT_BYTES))
    library.nvmlShutdown()
    return text.value.decode("ascii", "replace") if status == 0 else "unknown"
