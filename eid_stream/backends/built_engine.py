"""Finding the engine that was built for this machine, before any heavy library is imported."""

from importlib.metadata import PackageNotFoundError, version

from eid_stream.backends.cuda.gpu import Gpu, find_gpu
from eid_stream.backends.engine_cache import EngineCache, EngineKey, StoredEngine
from eid_stream.backends.student_contract import shipped_card
from eid_stream.core.errors import EngineLoadError

INSTALL = {
    "torch": "pip install 'torch>=2.14,<2.15'",
    "tensorrt": "pip install 'torch-tensorrt>=2.14,<2.15' 'tensorrt>=11.1,<12'",
}
LIBRARIES = {"cuda": ("torch",), "tensorrt": ("torch", "tensorrt")}
PRECISIONS = ("fp16", "fp32")
"""Best first."""
ANY_AMPERE = "any NVIDIA GPU from Ampere on"
_AMPERE = (8, 0)


def engine_key(
    target: str,
    precision: str,
    student_sha256: str,
    gpu: Gpu,
    *,
    hardware_compatible: bool = False,
    version_compatible: bool = False,
) -> EngineKey:
    """The key of an engine that runs on this machine.

    Raises:
        EngineLoadError: a library is not installed, or the GPU is too old for a hardware-compatible engine.
    """
    if hardware_compatible and gpu.compute_capability < _AMPERE:
        raise EngineLoadError(f"{gpu.name} is older than Ampere: build without --hardware-compatible.")
    versions = {name: _installed_version(name) for name in LIBRARIES[target]}
    if version_compatible:
        versions = {name: found.split(".")[0] for name, found in versions.items()}
    return EngineKey(
        target=target,
        precision=precision,
        student_sha256=student_sha256,
        gpu=ANY_AMPERE if hardware_compatible else gpu.name,
        driver="any" if version_compatible else gpu.driver,
        libraries=", ".join(f"{name} {found}" for name, found in versions.items()),
    )


def load_built(target: str, cache: EngineCache | None = None, gpu: Gpu | None = None) -> StoredEngine:
    """The engine of the shipped student that was built here: FP16 before FP32, exact before compatible.

    ``cache`` and ``gpu`` are those of this machine unless given.

    Raises:
        EngineLoadError: no driver, a library is missing, nothing was built, or the file is damaged.
        EngineMismatchError: the file was made for something else.
    """
    gpu, card, cache = gpu or find_gpu(), shipped_card(), cache or EngineCache()
    for key in _keys(target, card.student_sha256, gpu):
        if cache.path(key).exists():
            return cache.load(key)
    exact = engine_key(target, PRECISIONS[0], card.student_sha256, gpu)
    raise EngineLoadError(
        f"No {target} engine was built for {gpu.name}, driver {gpu.driver}, {exact.libraries} and this student. "
        f"Build one with: eid-stream-build --target {target}"
    )


def _keys(target: str, student_sha256: str, gpu: Gpu) -> list[EngineKey]:
    compatible = (False, True) if target == "tensorrt" else (False,)
    return [
        engine_key(
            target,
            precision,
            student_sha256,
            gpu,
            hardware_compatible=hardware,
            version_compatible=versions,
        )
        for precision in PRECISIONS
        for hardware in compatible
        if not hardware or gpu.compute_capability >= _AMPERE
        for versions in compatible
    ]


def _installed_version(library: str) -> str:
    try:
        return version(library)
    except PackageNotFoundError as error:
        raise EngineLoadError(f"{library} is not installed. Install it with: {INSTALL[library]}") from error
