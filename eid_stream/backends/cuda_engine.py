"""The ``cuda`` engine: the student's exported program on an NVIDIA GPU through PyTorch and a CUDA graph."""

from typing import TYPE_CHECKING

from eid_stream.backends.built_engine import load_built
from eid_stream.backends.device_loop import DeviceLoop, Launch, require_driver
from eid_stream.backends.gpu import find_gpu
from eid_stream.backends.plain_program import load_plain_program
from eid_stream.backends.student_contract import require_hash
from eid_stream.core.engine_card import EngineCard
from eid_stream.core.errors import EngineLoadError, EngineMismatchError
from eid_stream.core.haze_maps import HazeMaps
from eid_stream.core.thumbnail import Thumbnail

if TYPE_CHECKING:
    import torch


class CudaEngine:
    """An exported program (``torch.export``) with its card; weights and activations in channels-last order.

    Raises:
        EngineLoadError: PyTorch, driver or device are missing or too old, or the program cannot be loaded.
        EngineMismatchError: program and card do not belong together.
    """

    def __init__(self, program: bytes, card: EngineCard, *, use_graph: bool = True) -> None:
        if card.backend != "cuda":
            raise EngineMismatchError(f"The card of {card.name!r} is for backend {card.backend!r}, not for 'cuda'.")
        require_hash(program, card.engine_sha256, f"The cuda engine {card.name!r}")
        require_driver(find_gpu())
        self._card = card
        self._loop = DeviceLoop(_launcher(program), card, use_graph=use_graph)

    @property
    def card(self) -> EngineCard:
        """What the engine says of itself."""
        return self._card

    def estimate(self, thumbnail: Thumbnail) -> HazeMaps:
        """Haze maps over the thumbnail's whole canvas.

        Raises:
            EngineRunError: wrong size, device lost, out of memory, or closed.
        """
        return self._loop.estimate(thumbnail)

    def reset(self) -> None:
        """Nothing to forget: the student sees one thumbnail at a time."""

    def close(self) -> None:
        """Release the device's memory; may be called twice."""
        self._loop.close()


def open_cuda() -> CudaEngine:
    """The ``cuda`` engine that was built for this machine.

    Raises:
        EngineLoadError: no GPU, no PyTorch, nothing built, or the file is damaged.
        EngineMismatchError: the file was made for something else.
    """
    stored = load_built("cuda")
    return CudaEngine(stored.content, stored.card)


def load_network(program: bytes, device: str) -> "torch.nn.Module":
    """The module of an exported program on a device, weights in channels-last order.

    Raises:
        EngineLoadError: PyTorch cannot read it.
    """
    import torch
    from torch.export.passes import move_to_device_pass

    exported = load_plain_program(program)
    try:
        network = move_to_device_pass(exported, device).module(check_guards=False)
    except Exception as error:  # whatever the driver of the device raises
        raise EngineLoadError(f"PyTorch {torch.__version__} cannot use the exported program: {error}.") from error
    return network.to(memory_format=torch.channels_last)


def _launcher(program: bytes) -> Launch:
    network = load_network(program, "cuda")

    def launch(thumbnail: "torch.Tensor", outputs: "list[torch.Tensor]") -> None:
        for output, answer in zip(outputs, network(thumbnail), strict=True):
            output.copy_(answer)

    return launch
