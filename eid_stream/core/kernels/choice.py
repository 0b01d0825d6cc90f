"""Which loops are used: those in C, or NumPy's where the package was installed without a C compiler."""

from typing import TypeAlias

from eid_stream.core.kernels.compiled import CompiledLoops, open_compiled
from eid_stream.core.kernels.compiled_views import CompiledViews, open_compiled_views
from eid_stream.core.kernels.plain import PlainLoops
from eid_stream.core.kernels.plain_views import PlainViews

Loops: TypeAlias = CompiledLoops | PlainLoops
Views: TypeAlias = CompiledViews | PlainViews
_chosen: list[Loops] = []
_chosen_views: list[Views] = []


def loops() -> Loops:
    """The loops in use."""
    if not _chosen:
        _chosen.append(open_compiled() or PlainLoops())
    return _chosen[0]


def views() -> Views:
    """The loops over views of a scene in use."""
    if not _chosen_views:
        _chosen_views.append(open_compiled_views() or PlainViews())
    return _chosen_views[0]


def do_without_compiled() -> None:
    """Use NumPy's, and OpenCV's, from now on."""
    _chosen[:] = [PlainLoops()]
    _chosen_views[:] = [PlainViews()]


def note() -> str:
    """One sentence where the loops in use are slow; empty otherwise."""
    if loops().name != PlainLoops.name:
        return ""
    return "The compiled loops are missing: install a C compiler, then eid-stream again. Until then it is slow."
