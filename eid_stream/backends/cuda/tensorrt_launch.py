"""What the ``tensorrt`` engine launches: a serialized engine, without torch-tensorrt; PyTorch holds the buffers."""

from types import ModuleType
from typing import TYPE_CHECKING, Any

from eid_stream.backends.built_engine import INSTALL
from eid_stream.backends.cuda.device_engine import Launch
from eid_stream.backends.student_contract import INPUT_NAME, OUTPUT_NAMES, input_shape, output_shapes
from eid_stream.core.engine_card import EngineCard
from eid_stream.core.errors import EngineLoadError, EngineMismatchError

if TYPE_CHECKING:
    import torch

OLDEST_TENSORRT = 11


def load_plan(serialized: bytes, card: EngineCard) -> Launch:
    """A serialized engine on the device.

    Raises:
        EngineLoadError: TensorRT is missing or too old, or refuses the engine.
        EngineMismatchError: engine and card do not belong together.
    """
    return _Launcher(import_tensorrt(), serialized, card)


def import_tensorrt() -> ModuleType:
    """The ``tensorrt`` package.

    Raises:
        EngineLoadError: it is missing, its libraries are, or it is too old.
    """
    try:
        import tensorrt
    except (ImportError, OSError) as error:
        raise EngineLoadError(
            f"TensorRT cannot be imported ({error}). Install it with: {INSTALL['tensorrt']}"
        ) from error
    found = str(tensorrt.__version__)
    if int(found.split(".")[0]) < OLDEST_TENSORRT:
        raise EngineLoadError(f"TensorRT {found} is too old, 11 is needed. Install it with: {INSTALL['tensorrt']}")
    return tensorrt  # type: ignore[no-any-return]


class _Launcher:
    """A deserialized engine that enqueues itself on PyTorch's current stream; keeps runtime and engine alive."""

    def __init__(self, trt: ModuleType, serialized: bytes, card: EngineCard) -> None:
        self._runtime = trt.Runtime(trt.Logger(trt.Logger.ERROR))
        self._engine = self._runtime.deserialize_cuda_engine(serialized)
        self._context: Any = None if self._engine is None else self._engine.create_execution_context()
        if self._context is None:
            raise EngineLoadError(
                f"TensorRT {trt.__version__} refuses the engine built by {card.built_by}. "
                "Build it again with: eid-stream-build --target tensorrt"
            )
        _require_tensors(self._engine, card)

    def __call__(self, thumbnail: "torch.Tensor", outputs: "list[torch.Tensor]") -> None:
        """Enqueue one estimate; see ``device_engine.Launch``."""
        import torch

        for name, tensor in zip((INPUT_NAME, *OUTPUT_NAMES), (thumbnail, *outputs), strict=True):
            self._context.set_tensor_address(name, tensor.data_ptr())
        if not self._context.execute_async_v3(torch.cuda.current_stream().cuda_stream):
            raise RuntimeError("TensorRT could not enqueue the network")


def _require_tensors(engine: Any, card: EngineCard) -> None:
    names = [engine.get_tensor_name(index) for index in range(engine.num_io_tensors)]
    found = {name: tuple(engine.get_tensor_shape(name)) for name in names}
    expected = {INPUT_NAME: input_shape(card), **dict(zip(OUTPUT_NAMES, output_shapes(card), strict=True))}
    if found != expected:
        raise EngineMismatchError(
            f"The TensorRT engine's tensors are {found}, its card expects {expected}. "
            "Build it again with: eid-stream-build --target tensorrt"
        )
