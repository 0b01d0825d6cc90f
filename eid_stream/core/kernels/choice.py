"""Which loops are used: those in C, or NumPy's where the package was installed without a C compiler."""

from typing import TypeAlias

from eid_stream.core.kernels.compiled import CompiledLoops, open_compiled
from eid_stream.core.kernels.plain import PlainLoops

Loops: TypeAlias = CompiledLoops | PlainLoops
_chosen: list[Loops] = []


def loops() -> Loops:
    """The loops in use."""
    if not _chosen:
        _chosen.append(open_compiled() or PlainLoops())
    return _chosen[0]


def do_without_compiled() -> None:
    """Use NumPy's from now on."""
    _chosen[:] = [PlainLoops()]


def note() -> str:
    """One sentence where the loops in use are slow; empty otherwise."""
    if loops().name != PlainLoops.name:
        return ""
    return "The compiled loops are missing: install a C compiler, then eid-stream again. Until then it is slow."
