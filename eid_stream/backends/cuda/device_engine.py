"""An engine on a CUDA device, whatever runs the network: pinned buffers, one stream, a CUDA graph, copied answers."""

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from eid_stream.backends.cuda.gpu import Gpu, find_gpu
from eid_stream.backends.student_contract import as_input, as_maps, input_shape, output_shapes, require_hash
from eid_stream.core.engine_card import EngineCard
from eid_stream.core.errors import EngineLoadError, EngineRunError
from eid_stream.core.haze_maps import HazeMaps
from eid_stream.core.thumbnail import Thumbnail

if TYPE_CHECKING:
    import torch

WARM_UP_RUNS = 3
"""Runs before a capture, as PyTorch's CUDA graph notes ask for."""
ALIGNMENT = 64
"""Floats between the starts of outputs: TensorRT wants addresses in multiples of 256 bytes."""

Launch = Callable[["torch.Tensor", "list[torch.Tensor]"], None]
"""Enqueue the network on the current stream: from the input tensor into the output tensors, all on the device."""


class DeviceEngine:
    """Copies a thumbnail to the device, replays the captured network and copies the answer back.

    ``load`` makes of the engine's content what enqueues the network; that must be capturable: static shapes, no
    allocation that outlives it, no synchronisation. ``content`` and ``card`` must belong together.

    Raises:
        EngineLoadError: PyTorch, driver or device are missing or too old, the device has no memory left, or the network
            cannot be run on it.
        EngineMismatchError: content and card do not belong together.
    """

    def __init__(self, content: bytes, card: EngineCard, load: Callable[[bytes, EngineCard], Launch]) -> None:
        require_hash(content, card.engine_sha256, f"The {card.backend} engine {card.name!r}")
        require_driver(find_gpu())
        import torch

        self._card = card
        self._launch: Launch | None = load(content, card)
        try:
            self._stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
            self._host_input = torch.zeros(input_shape(card), pin_memory=True)
            self._input = torch.zeros(input_shape(card), device="cuda")
            # One buffer for both outputs: one copy back instead of two.
            self._places = _places(output_shapes(card))
            self._host_output = torch.zeros(self._places[-1].stop, pin_memory=True)
            self._output = torch.zeros(self._places[-1].stop, device="cuda")
            self._outputs = [
                self._output[place].view(shape) for place, shape in zip(self._places, output_shapes(card), strict=True)
            ]
            torch.cuda.synchronize()
            self._graph = self._capture()
        except RuntimeError as error:
            raise EngineLoadError(
                f"The {card.backend} engine cannot start on the device: {_first_line(error)}. "
                "Free its memory, or run with --engine onnx."
            ) from error

    @property
    def card(self) -> EngineCard:
        """What the engine says of itself."""
        return self._card

    def estimate(self, thumbnail: Thumbnail) -> HazeMaps:
        """Haze maps over the thumbnail's whole canvas.

        Raises:
            EngineRunError: wrong size, device lost, out of memory, or closed.
        """
        import torch

        if self._launch is None:
            raise EngineRunError(f"The {self._card.backend} engine is closed.")
        self._host_input.numpy()[:] = as_input(thumbnail, self._card)
        try:
            with torch.no_grad(), torch.cuda.stream(self._stream):
                self._input.copy_(self._host_input, non_blocking=True)
                self._graph.replay()
                self._host_output.copy_(self._output, non_blocking=True)
            self._stream.synchronize()
        except RuntimeError as error:
            raise EngineRunError(f"The {self._card.backend} engine failed: {_first_line(error)}") from error
        answer = self._host_output.numpy().copy()
        maps, density = (
            answer[place].reshape(shape) for place, shape in zip(self._places, output_shapes(self._card), strict=True)
        )
        return as_maps(maps, density)

    def reset(self) -> None:
        """Nothing to forget: the student sees one thumbnail at a time."""

    def close(self) -> None:
        """Release graph and network; may be called twice."""
        self._launch = self._graph = None

    def _capture(self) -> Any:
        import torch

        assert self._launch is not None
        with torch.no_grad(), torch.cuda.stream(self._stream):
            for _ in range(WARM_UP_RUNS):
                self._launch(self._input, self._outputs)
        self._stream.synchronize()
        graph = torch.cuda.CUDAGraph()
        with torch.no_grad(), torch.cuda.graph(graph, stream=self._stream, capture_error_mode="thread_local"):
            self._launch(self._input, self._outputs)
        return graph


def require_driver(gpu: Gpu) -> None:
    """Refuse a driver that is too old for the installed torch, or a torch without CUDA.

    Raises:
        EngineLoadError: torch cannot be imported, has no CUDA, or needs a newer driver.
    """
    try:
        import torch
    except (ImportError, OSError) as error:
        raise EngineLoadError(
            f"PyTorch cannot be imported ({_first_line(error)}). Install it with: pip install 'torch>=2.14,<2.15'"
        ) from error
    needed = torch.version.cuda
    if needed is None:
        raise EngineLoadError(
            f"PyTorch {torch.__version__} was built without CUDA. Install: pip install 'torch>=2.14,<2.15'"
        )
    if gpu.cuda[0] < int(needed.split(".")[0]):
        raise EngineLoadError(
            f"The NVIDIA driver {gpu.driver} serves CUDA {gpu.cuda[0]}.{gpu.cuda[1]}, PyTorch {torch.__version__} "
            f"needs CUDA {needed}. Update the driver from nvidia.com/drivers, or run with --engine onnx."
        )
    if not torch.cuda.is_available():
        raise EngineLoadError(
            f"PyTorch {torch.__version__} cannot use {gpu.name}. Check it with nvidia-smi, or run with --engine onnx."
        )


def _places(shapes: tuple[tuple[int, ...], ...]) -> list[slice]:
    places, start = [], 0
    for shape in shapes:
        start = -(-start // ALIGNMENT) * ALIGNMENT
        places.append(slice(start, start + math.prod(shape)))
        start = places[-1].stop
    return places


def _first_line(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]
