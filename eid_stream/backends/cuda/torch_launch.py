"""What the ``cuda`` engine launches: the student's exported program on an NVIDIA GPU through PyTorch."""

from typing import TYPE_CHECKING

from eid_stream.backends.cuda.device_engine import Launch
from eid_stream.backends.cuda.plain_program import load_plain_program
from eid_stream.core.engine_card import EngineCard
from eid_stream.core.errors import EngineLoadError

if TYPE_CHECKING:
    import torch


def load_program(program: bytes, card: EngineCard) -> Launch:  # noqa: ARG001 - shapes stand in the program
    """An exported program (``torch.export``) on the device; weights and activations in channels-last order.

    Raises:
        EngineLoadError: PyTorch cannot read it, or the device cannot run it.
    """
    network = load_network(program, "cuda")

    def launch(thumbnail: "torch.Tensor", outputs: "list[torch.Tensor]") -> None:
        for output, answer in zip(outputs, network(thumbnail), strict=True):
            output.copy_(answer)

    return launch


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
