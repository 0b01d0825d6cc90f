"""The ``cuda`` engine: the student's exported program on an NVIDIA GPU through PyTorch and a CUDA graph."""

from typing import TYPE_CHECKING

from eid_stream.backends.built_engine import load_built
from eid_stream.backends.cuda.device_engine import DeviceEngine, Launch, require_backend
from eid_stream.backends.cuda.plain_program import load_plain_program
from eid_stream.core.engine_card import EngineCard
from eid_stream.core.errors import EngineLoadError

if TYPE_CHECKING:
    import torch


def cuda_engine(program: bytes, card: EngineCard, *, use_graph: bool = True) -> DeviceEngine:
    """An exported program (``torch.export``) with its card; weights and activations in channels-last order.

    Raises:
        EngineLoadError: PyTorch, driver or device are missing or too old, or the program cannot be loaded.
        EngineMismatchError: program and card do not belong together.
    """
    require_backend(card, "cuda")
    return DeviceEngine(program, card, _launcher, use_graph=use_graph)


def open_cuda() -> DeviceEngine:
    """The ``cuda`` engine that was built for this machine.

    Raises:
        EngineLoadError: no GPU, no PyTorch, nothing built, or the file is damaged.
        EngineMismatchError: the file was made for something else.
    """
    stored = load_built("cuda")
    return cuda_engine(stored.content, stored.card)


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


def _launcher(program: bytes, card: EngineCard) -> Launch:  # noqa: ARG001 - shapes stand in the program
    network = load_network(program, "cuda")

    def launch(thumbnail: "torch.Tensor", outputs: "list[torch.Tensor]") -> None:
        for output, answer in zip(outputs, network(thumbnail), strict=True):
            output.copy_(answer)

    return launch
