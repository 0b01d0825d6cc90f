"""Engines built for this machine, kept between runs: one file per engine, atomic, hashed, refused when foreign.

A file is a magic line, the SHA-256 of all that follows, one line of JSON (key and card), and the engine's bytes. One
flipped bit in an engine or a timing cache can make TensorRT abort the process, so nothing unchecked reaches it. An
engine is a program: what another user could have written there is refused, whole or not.
"""

import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from eid_stream.core.engine_card import EngineCard
from eid_stream.core.errors import EngineLoadError, EngineMismatchError
from eid_stream.core.host.private_files import exposure, make_private_folder

MAGIC = b"eid-stream engine 1\n"
_HASH_LENGTH = 64


@dataclass(frozen=True, slots=True)
class EngineKey:
    """Everything an engine depends on; a change of any of it asks for another engine."""

    target: str
    """``cuda`` or ``tensorrt``."""
    precision: str
    student_sha256: str
    gpu: str
    driver: str
    libraries: str
    """Versions of the libraries that run the engine, such as ``torch 2.14.1, tensorrt 11.1.0.106``."""

    @property
    def file_name(self) -> str:
        """Readable, and different for every key."""
        digest = hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()
        return f"{self.target}-{self.precision}-{digest[:16]}.engine"


@dataclass(frozen=True, slots=True)
class StoredEngine:
    """An engine's bytes with their card, hash checked."""

    content: bytes
    card: EngineCard


class EngineCache:
    """A folder of engines, by default ``$XDG_CACHE_HOME/eid-stream/engines`` (``~/.cache`` without the variable)."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or default_folder()

    def path(self, key: EngineKey) -> Path:
        """Where the engine of a key is kept."""
        return self.folder / key.file_name

    def load(self, key: EngineKey) -> StoredEngine:
        """Read an engine.

        Raises:
            EngineLoadError: there is none, or its file cannot be read or is damaged.
            EngineMismatchError: the file is sound but was made for something else.
        """
        path = self.path(key)
        header, content = _read(path)
        foreign = [name for name, value in asdict(key).items() if header.get("key", {}).get(name) != value]
        if foreign:
            raise EngineMismatchError(
                f"The engine file {path} was built for another {', '.join(foreign)}. Delete it, or {_advice(key)}"
            )
        try:
            return StoredEngine(content, EngineCard(**header["card"]))
        except (KeyError, TypeError) as error:
            raise EngineLoadError(
                f"The engine file {path} was written by another version of eid-stream: {_advice(key)}"
            ) from error

    def save(self, key: EngineKey, content: bytes, card: EngineCard) -> Path:
        """Keep an engine: readers see the old file or the new one, never a part.

        Raises:
            EngineLoadError: the folder cannot be written.
        """
        header = json.dumps({"key": asdict(key), "card": asdict(card)}).encode()
        return _write(self.path(key), header + b"\n" + content)

    @contextmanager
    def building(self, key: EngineKey) -> Iterator[None]:
        """Hold the right to build one engine; another process that wants the same one waits. Ends with its holder.

        Raises:
            EngineLoadError: the folder cannot be written.
        """
        from filelock import FileLock

        lock = FileLock(self.folder / f"{key.file_name}.lock")
        with _mapped(Path(lock.lock_file)):
            make_private_folder(self.folder)
            lock.acquire()
        try:
            yield
        finally:
            lock.release()

    @contextmanager
    def timing_cache(self, key: EngineKey) -> Iterator[Path]:
        """A plain file for TensorRT's kernel timings, kept hashed between builds; a damaged one starts empty."""
        kept = self.folder / f"{_timing_name(key)}.timing"
        with tempfile.TemporaryDirectory(prefix="eid-stream-") as folder:
            plain = Path(folder) / "timing.bin"
            try:
                plain.write_bytes(_read(kept)[1])
            except EngineLoadError:
                plain.unlink(missing_ok=True)
            yield plain
            if plain.exists():
                _write(kept, b"{}\n" + plain.read_bytes())


def default_folder() -> Path:
    """Where engines are kept; it may not exist yet."""
    root = os.environ.get("XDG_CACHE_HOME", "")
    base = Path(root) if Path(root).is_absolute() else Path.home() / ".cache"
    return base / "eid-stream" / "engines"


def _timing_name(key: EngineKey) -> str:
    return hashlib.sha256(f"{key.gpu}\n{key.driver}\n{key.libraries}".encode()).hexdigest()[:16]


def _advice(key: EngineKey) -> str:
    return f"build the engine again: eid-stream-build --target {key.target} --precision {key.precision}"


def _read(path: Path) -> tuple[dict[str, Any], bytes]:
    try:
        exposed = exposure(path)
        whole = path.read_bytes()
    except OSError as error:
        raise EngineLoadError(f"No engine at {path} ({error.strerror}).") from error
    if exposed:
        raise EngineLoadError(
            f"The engine file {path} is not used: {exposed}. Delete it, keep the folder to yourself (chmod 700), "
            "and build the engine again with eid-stream-build."
        )
    body = whole[len(MAGIC) + _HASH_LENGTH :]
    expected = MAGIC + hashlib.sha256(body).hexdigest().encode()
    if whole[: len(expected)] != expected:
        raise EngineLoadError(
            f"The engine file {path} is damaged: its SHA-256 is not the one it was written with. "
            "Delete it and build the engine again with eid-stream-build."
        )
    header, _, content = body.partition(b"\n")
    try:
        return json.loads(header), content
    except ValueError as error:
        raise EngineLoadError(f"The engine file {path} has no readable header: {error}. Build it again.") from error


def _write(path: Path, body: bytes) -> Path:
    with _mapped(path):
        make_private_folder(path.parent)
        descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(MAGIC + hashlib.sha256(body).hexdigest().encode() + body)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    return path


@contextmanager
def _mapped(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise EngineLoadError(
            f"The engine cache cannot be written at {path} ({error.strerror}). "
            "Free the disk, or point XDG_CACHE_HOME to a folder that can be written."
        ) from error
