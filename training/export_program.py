"""Save a student as an exported program (``student.pt2``), from which ``engines.build`` makes GPU engines."""

import copy
import io
import zipfile
from pathlib import Path

import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

_TRACES = ("stack_trace", "nn_module_stack", "source_fn_stack", "from_node", "torch_fn")


def export_program(student: nn.Module, width: int, height: int) -> bytes:
    """The program of a student for thumbnails of ``width`` x ``height``: FP32, static shape, batch norms folded.

    Source paths of this machine are left out and the archive is compressed, so it stays about as large as the weights.
    """
    network = copy.deepcopy(student).eval().cpu()
    _fold_batch_norms(network)
    with torch.no_grad():
        program = torch.export.export(network, (torch.zeros(1, 3, height, width),))
    for node in program.graph.nodes:
        for trace in _TRACES:
            node.meta.pop(trace, None)
    archive = io.BytesIO()
    torch.export.save(program, archive)
    return _compressed(archive)


def write_program(student: nn.Module, path: Path, width: int, height: int) -> None:
    """Write the exported program to ``path``."""
    path.write_bytes(export_program(student, width, height))


def _fold_batch_norms(network: nn.Module) -> None:
    for child in network.children():
        _fold_batch_norms(child)
    if not isinstance(network, nn.Sequential):
        return
    for index in range(len(network) - 1):
        first, second = network[index], network[index + 1]
        if isinstance(first, nn.Conv2d) and isinstance(second, nn.BatchNorm2d):
            network[index], network[index + 1] = fuse_conv_bn_eval(first, second), nn.Identity()


def _compressed(archive: io.BytesIO) -> bytes:
    smaller = io.BytesIO()
    with zipfile.ZipFile(archive) as source, zipfile.ZipFile(smaller, "w", zipfile.ZIP_DEFLATED) as target:
        for entry in source.infolist():
            target.writestr(zipfile.ZipInfo(entry.filename), source.read(entry), zipfile.ZIP_DEFLATED)
    return smaller.getvalue()
