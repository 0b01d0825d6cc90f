"""The engines ``cuda`` and ``tensorrt``: what was built for this machine, on its GPU."""

from eid_stream.backends.built_engine import load_built
from eid_stream.backends.cuda.device_engine import DeviceEngine
from eid_stream.backends.cuda.tensorrt_launch import load_plan
from eid_stream.backends.cuda.torch_launch import load_program
from eid_stream.core.engine_card import EngineCard
from eid_stream.core.errors import EngineMismatchError

_LOADERS = {"cuda": load_program, "tensorrt": load_plan}


def open_built(backend: str) -> DeviceEngine:
    """The engine that was built for this machine.

    Raises:
        EngineLoadError: no GPU, a library is missing or too old, nothing was built, or the file is damaged.
        EngineMismatchError: the file was made for something else.
    """
    stored = load_built(backend)
    return device_engine(stored.content, stored.card, backend)


def device_engine(content: bytes, card: EngineCard, backend: str) -> DeviceEngine:
    """A program or a serialized TensorRT engine with its card.

    Raises:
        EngineLoadError: PyTorch, TensorRT, driver or device are missing or too old, or the content cannot be loaded.
        EngineMismatchError: content and card do not belong together, or the card speaks of another backend.
    """
    if card.backend != backend:
        raise EngineMismatchError(f"The card of {card.name!r} is for backend {card.backend!r}, not for {backend!r}.")
    return DeviceEngine(content, card, _LOADERS[backend])
