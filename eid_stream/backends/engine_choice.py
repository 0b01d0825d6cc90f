"""Choosing an engine: ``auto`` takes the best one that this machine has and that passes its self-test."""

from collections.abc import Callable
from functools import partial

from eid_stream.backends.chosen_weights import chosen_weights, open_weights
from eid_stream.backends.cuda.gpu import find_gpu
from eid_stream.backends.fallback_engine import EngineOpener, FallbackEngine
from eid_stream.backends.self_test import check
from eid_stream.core.errors import ConfigError, EngineError, EngineLoadError
from eid_stream.core.interfaces import Engine


def open_engine(choice: str = "auto", weights: str | None = None) -> FallbackEngine:
    """Open an engine and let it prove itself; at run time the next best takes over when it fails.

    ``choice`` is ``auto`` (the first of ``AUTO_ORDER`` that works) or the name of an engine, which then must work at
    the start; after it come those that ``auto`` would try next. ``weights``, or else the environment variable
    EID_STREAM_WEIGHTS, names a student in the place of the shipped one: it runs on the CPU, and nothing takes over.

    Raises:
        ConfigError: no engine has that name.
        EngineError: the engine is not installed, was not built, does not fit, or failed its self-test.
    """
    if choice not in (*_OPENERS, "auto"):
        raise ConfigError(f"There is no engine {choice!r}: choose auto, {', '.join(_OPENERS)}.")
    chosen = chosen_weights(weights)
    if chosen is not None:
        return _open_chosen(choice, chosen)
    openers = [
        EngineOpener(name, _proven(partial(_opened, name)), on_a_device=name in _ON_A_DEVICE)
        for name in _in_order(choice)
    ]
    return FallbackEngine(openers, fall_back_at_start=choice == "auto")


def _open_chosen(choice: str, weights: str) -> FallbackEngine:
    if choice not in ("auto", "onnx"):
        raise ConfigError(f"Weights of your own run on --engine onnx, not on {choice}. Leave one of the two out.")
    _require_onnxruntime()
    return FallbackEngine([EngineOpener("onnx", _proven(partial(open_weights, weights)))])


def _in_order(choice: str) -> tuple[str, ...]:
    """The engine that was asked for, and those that may take over from it, best first."""
    if choice == "auto":
        return AUTO_ORDER
    if choice in AUTO_ORDER:
        return AUTO_ORDER[AUTO_ORDER.index(choice) :]
    return (choice, *AUTO_ORDER[AUTO_ORDER.index("onnx") :])


def _proven(open_one: Callable[[], Engine]) -> Callable[[], Engine]:
    def open_proven() -> Engine:
        engine = open_one()
        try:
            check(engine)
        except EngineError:
            engine.close()
            raise
        return engine

    return open_proven


def _opened(name: str) -> Engine:
    try:
        return _OPENERS[name]()
    except EngineError:
        raise
    except Exception as error:  # GPU libraries fail in ways of their own; the next engine must get its chance
        raise EngineLoadError(
            f"The {name} engine cannot be opened: {type(error).__name__}: {error}. Choose another one with --engine."
        ) from error


def _open_tensorrt() -> Engine:
    return _open_built("tensorrt")


def _open_cuda() -> Engine:
    return _open_built("cuda")


def _open_built(name: str) -> Engine:
    find_gpu()
    from eid_stream.backends.cuda.built_device_engine import open_built

    return open_built(name)


def _open_rtx() -> Engine:
    find_gpu()
    return _open_plugin("rtx")


def _open_webgpu() -> Engine:
    return _open_plugin("webgpu")


def _open_openvino() -> Engine:
    return _open_plugin("openvino")


def _open_plugin(name: str) -> Engine:
    _require_onnxruntime()
    from eid_stream.backends.onnx_runtime.plugin_engine import open_plugin

    return open_plugin(name)


def _open_onnx() -> Engine:
    _require_onnxruntime()
    from eid_stream.backends.onnx_runtime.onnx_engine import open_onnx

    return open_onnx()


def _require_onnxruntime() -> None:
    try:
        import onnxruntime  # noqa: F401
    except ImportError as error:
        raise EngineLoadError(
            f"ONNX Runtime cannot be imported ({error}). Install it with: pip install onnxruntime"
        ) from error


def _open_prior() -> Engine:
    from eid_stream.backends.prior_engine import PriorEngine

    return PriorEngine()


_OPENERS: dict[str, Callable[[], Engine]] = {
    "tensorrt": _open_tensorrt,
    "rtx": _open_rtx,
    "cuda": _open_cuda,
    "webgpu": _open_webgpu,
    "onnx": _open_onnx,
    "openvino": _open_openvino,
    "prior": _open_prior,
}
AUTO_ORDER = ("tensorrt", "rtx", "cuda", "onnx", "prior")
"""Best first, by what is measured or documented (docs/engines.md); the other engines run only when asked for."""
_ON_A_DEVICE = ("tensorrt", "rtx", "cuda", "webgpu", "openvino")
