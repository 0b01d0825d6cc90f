"""ONNX Runtime's plug-in execution providers: the shipped student on other devices, one extra each, nothing to build.

A provider is a package of its own with a library that plain ONNX Runtime loads
(https://onnxruntime.ai/docs/execution-providers/plugin-ep-libraries). No step of the student may be left to ONNX
Runtime's own CPU code behind the user's back: a provider runs all of it, or is refused.
"""

import functools
import hashlib
import importlib
import json
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import onnxruntime

from eid_stream.backends.engine_cache import default_folder
from eid_stream.core.errors import EngineLoadError
from eid_stream.core.host.private_files import exposure, make_private_folder

PREFERRED_DEVICES = ("GPU", "CPU")
"""Where a provider offers several devices; NPUs compute in half precision or less throughout."""
_EXACT = {"INFERENCE_PRECISION_HINT": "f32", "NUM_STREAMS": "2"}
"""OpenVINO, two looks at once. Where there is AMX it would choose bfloat16, which is 0.1 off in the maps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginProvider:
    """One provider: what to install, what to ask of it, what it needs."""

    engine: str
    """Name of the engine and of the extra that installs it."""
    package: str
    """Module of the plug-in, with ``get_library_path`` and ``get_ep_name``."""
    distribution: str
    needs: str
    """What the machine must have, in words."""
    half: bool = False
    """Whether the trunk computes in FP16: where the format is the device's own and the graph alone decides."""
    options: tuple[tuple[str, str], ...] = ()
    """The provider's own names and values."""
    cache_option: str = ""
    """The provider's name for a folder in which it keeps what it compiled for this card, if it keeps any."""


PROVIDERS = {
    provider.engine: provider
    for provider in (
        PluginProvider(
            engine="rtx",
            package="onnxruntime_ep_nv_tensorrt_rtx",
            distribution="onnxruntime-ep-nv-tensorrt-rtx-cu13",
            needs="an NVIDIA RTX card (Ampere or later) and a driver for CUDA 13",
            half=True,
            cache_option="nv_runtime_cache_path",
        ),
        PluginProvider(
            engine="webgpu",
            package="onnxruntime_ep_webgpu",
            distribution="onnxruntime-ep-webgpu",
            needs="a GPU with Vulkan (libvulkan.so.1), Direct3D 12 or Metal",
        ),
        PluginProvider(
            engine="openvino",
            package="onnxruntime_ep_openvino",
            distribution="onnxruntime-ep-openvino",
            needs="an Intel CPU or GPU",
            options=(("load_config", json.dumps({"CPU": _EXACT, "GPU": _EXACT})),),
        ),
    )
}


@dataclass(frozen=True, slots=True)
class PluginSession:
    """A session that runs wholly on a provider's device, and what it is for people."""

    session: Any
    device: str
    on_cpu: bool
    built_by: str


def open_session(provider: PluginProvider, model: bytes) -> PluginSession:
    """Load a model on the provider's best device.

    Raises:
        EngineLoadError: the package is missing, its library cannot be loaded, there is no device for it, or the device
            cannot run every step of the model.
    """
    onnxruntime.disable_telemetry_events()  # older Windows builds do not ask for the variable of eid_stream/__init__.py
    name = _register(provider)
    device = _device(provider, name)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.add_session_config_entry("session.disable_cpu_ep_fallback", "1")
    try:
        options.add_provider_for_devices([device], dict(provider.options) | kept(provider, model))
        session = onnxruntime.InferenceSession(model, options)
    except Exception as error:  # ONNX Runtime's exceptions share no other root
        raise _refused(provider, "cannot run the student on this machine", error) from error
    installed = f"{provider.distribution} {version(provider.distribution)}"
    on_cpu = device.device.type.name == "CPU"
    return PluginSession(session, _describe(device), on_cpu, f"onnxruntime {onnxruntime.__version__}, {installed}")


def kept(provider: PluginProvider, model: bytes) -> dict[str, str]:
    """The option by which a provider keeps compiled kernels between runs, in a folder that is this model's alone.

    Nothing where it keeps none, or where others could put code into the folder, which the next start would run.
    """
    if not provider.cache_option:
        return {}
    made = f"{provider.distribution} {version(provider.distribution)}\n".encode() + model
    folder = default_folder() / provider.engine / hashlib.sha256(made).hexdigest()[:16]
    try:
        make_private_folder(folder)
        return {} if exposure(folder, is_folder=True) else {provider.cache_option: str(folder)}
    except OSError:
        return {}


@functools.cache
def _register(provider: PluginProvider) -> str:
    """Load the provider's library, once in a process; returns the provider's own name."""
    try:
        package = importlib.import_module(provider.package)
    except ImportError as error:
        raise EngineLoadError(
            f"{provider.distribution} is not installed. Install it with: pip install 'eid-stream[{provider.engine}]'"
        ) from error
    try:
        onnxruntime.register_execution_provider_library(provider.package, package.get_library_path())
    except AttributeError as error:
        raise EngineLoadError(
            f"ONNX Runtime {onnxruntime.__version__} is too old for plug-ins, 1.24 is needed. "
            f"Install it with: pip install 'eid-stream[{provider.engine}]'"
        ) from error
    except Exception as error:  # ONNX Runtime's exceptions share no other root
        raise _refused(provider, "cannot be loaded", error) from error
    return str(package.get_ep_name())


def _device(provider: PluginProvider, name: str) -> Any:
    found = {device.device.type.name: device for device in onnxruntime.get_ep_devices() if device.ep_name == name}
    for kind in PREFERRED_DEVICES:
        if kind in found:
            return found[kind]
    raise EngineLoadError(
        f"The {provider.engine} engine finds no device on this machine: it needs {provider.needs}. "
        "Choose another one with --engine."
    )


def _refused(provider: PluginProvider, what: str, error: Exception) -> EngineLoadError:
    said = str(error).splitlines()[0].rsplit(" : ", 1)[-1].rsplit(" with error: ", 1)[-1]
    return EngineLoadError(
        f"{provider.distribution} {what} ({said}). It needs {provider.needs}. Choose another engine with --engine."
    )


def _describe(device: Any) -> str:
    name = device.ep_metadata.get("FULL_DEVICE_NAME") or device.device.metadata.get("Description")
    return f"{name or device.device.vendor or 'unnamed'} ({device.device.type.name})"
