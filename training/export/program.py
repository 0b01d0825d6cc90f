"""Save a student as an exported program (``student.pt2``), from which ``eid-stream-build`` makes GPU engines."""

import io
import zipfile

import torch
from torch import nn

_TRACES = ("stack_trace", "nn_module_stack", "source_fn_stack", "from_node", "torch_fn")


def export_program(student: nn.Module, width: int, height: int) -> bytes:
    """The program of a student for thumbnails of ``width`` x ``height``: FP32, static shape.

    Source paths of this machine are left out and the archive is compressed, so it stays about as large as the weights.
    """
    with torch.no_grad():
        program = torch.export.export(student, (torch.zeros(1, 3, height, width),))
    for node in program.graph.nodes:
        for trace in _TRACES:
            node.meta.pop(trace, None)
    archive = io.BytesIO()
    torch.export.save(program, archive)
    return _compressed(archive)


def _compressed(archive: io.BytesIO) -> bytes:
    smaller = io.BytesIO()
    with zipfile.ZipFile(archive) as source, zipfile.ZipFile(smaller, "w", zipfile.ZIP_DEFLATED) as target:
        for entry in source.infolist():
            target.writestr(zipfile.ZipInfo(entry.filename), source.read(entry), zipfile.ZIP_DEFLATED)
    return smaller.getvalue()
