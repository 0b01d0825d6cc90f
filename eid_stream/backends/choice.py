"""Choosing an engine: ``auto`` takes the best one that this machine has and that passes its self-test."""

from collections.abc import Callable

from eid_stream.backends.fallback import EngineOpener, FallbackEngine
from eid_stream.backends.gpu import find_gpu
from eid_stream.backends.self_test import check
from eid_stream.core.errors import ConfigError, EngineError, EngineLoadError
from eid_stream.core.interfaces import Engine


def open_engine(choice: str = "auto") -> FallbackEngine:
    """Open an engine and let it prove itself; at run time the next best takes over when it fails.

    ``choice`` is ``auto`` (tensorrt, cuda, onnx, prior: the first that works) or one of these names, which then must
    work at the start.

    Raises:
        ConfigError: no engine has that name.
        EngineError: the engine is not installed, was not built, does not fit, or failed its self-test.
    """
    names = list(_OPENERS)
    if choice not in (*names, "auto"):
        raise ConfigError(f"There is no engine {choice!r}: choose auto, {', '.join(names)}.")
    first = 0 if choice == "auto" else names.index(choice)
    openers = [EngineOpener(name, _proven(name), on_a_device=name in _ON_A_DEVICE) for name in names[first:]]
    return FallbackEngine(openers, fall_back_at_start=choice == "auto")


def _proven(name: str) -> Callable[[], Engine]:
    def open_proven() -> Engine:
        engine = _opened(name)
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
    find_gpu()
    from eid_stream.backends.tensorrt_engine import open_tensorrt

    return open_tensorrt()


def _open_cuda() -> Engine:
    find_gpu()
    from eid_stream.backends.cuda_engine import open_cuda

    return open_cuda()


def _open_onnx() -> Engine:
    try:
        from eid_stream.backends.onnx_engine import open_onnx
    except ImportError as error:
        raise EngineLoadError(
            f"ONNX Runtime cannot be imported ({error}). Install it with: pip install onnxruntime"
        ) from error
    return open_onnx()


def _open_prior() -> Engine:
    from eid_stream.backends.prior_engine import PriorEngine

    return PriorEngine()


_OPENERS: dict[str, Callable[[], Engine]] = {
    "tensorrt": _open_tensorrt,
    "cuda": _open_cuda,
    "onnx": _open_onnx,
    "prior": _open_prior,
}
"""Best first."""
_ON_A_DEVICE = ("tensorrt", "cuda")
