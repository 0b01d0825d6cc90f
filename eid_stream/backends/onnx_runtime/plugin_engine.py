"""Engines of plug-in providers: ``rtx``, ``webgpu`` and ``openvino`` are the onnx engine on another session."""

from dataclasses import replace

from eid_stream.backends.onnx_runtime.plugin_providers import PROVIDERS, PluginProvider, open_session
from eid_stream.backends.onnx_runtime.session_engine import SessionEngine
from eid_stream.backends.student_contract import MODEL_FILE, read_shipped, require_hash, shipped_card
from eid_stream.core.engine_card import EngineCard
from eid_stream.core.errors import EngineLoadError


def open_plugin(engine: str) -> SessionEngine:
    """The shipped student on a provider's device.

    Raises:
        EngineLoadError: a package is missing, or the provider does not work on this machine.
        EngineMismatchError: model and card do not belong together.
    """
    return plugin_engine(PROVIDERS[engine], read_shipped(MODEL_FILE), shipped_card())


def plugin_engine(provider: PluginProvider, model: bytes, card: EngineCard) -> SessionEngine:
    """A student's ONNX bytes on a provider's device.

    Raises:
        EngineLoadError: a package is missing, or the provider does not work on this machine.
        EngineMismatchError: model and card do not belong together.
    """
    require_hash(model, card.student_sha256, f"The ONNX model {card.name!r}")
    opened = open_session(provider, _in_half(provider, model) if provider.half else model)
    made = replace(
        card,
        backend=provider.engine,
        precision="fp16" if provider.half else "fp32",
        built_by=opened.built_by,
        device=opened.device,
    )
    return SessionEngine(opened.session, made, at_once=opened.on_cpu)


def _in_half(provider: PluginProvider, model: bytes) -> bytes:
    try:
        from eid_stream.backends.onnx_runtime.half_model import in_half
    except ImportError as error:
        raise EngineLoadError(
            f"The {provider.engine} engine needs the package onnx ({error}). "
            f"Install it with: pip install 'eid-stream[{provider.engine}]'"
        ) from error
    return in_half(model)
