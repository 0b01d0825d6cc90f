"""Build wheel, source archive, parts list and their hashes: ``python -m deploy.distributions``.

Only files that git knows are built, with the times of the last commit, so neither the folder, the clock, the umask nor
what else lies about changes a byte. The build tools are those of ``deploy/locks/development.txt``.
"""

import gzip
import hashlib
import io
import os
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from build import ProjectBuilder

ROOT = Path(__file__).parents[1]
SUMS = "SHA256SUMS"
_FILE, _PROGRAM, _UMASK = 0o644, 0o755, 0o022


def main(out: Path = ROOT / "dist") -> None:
    """Write everything that is handed over into a folder, which is emptied first."""
    from deploy.papers.parts_list import write_parts_list

    shutil.rmtree(out, ignore_errors=True)
    built = build_distributions(ROOT, out)
    built.append(write_parts_list(out / "eid-stream.cdx.json"))
    (out / SUMS).write_text("".join(f"{sha256(path)}  {path.name}\n" for path in built), encoding="utf-8")
    for path in [*built, out / SUMS]:
        print(f"{path.relative_to(out.parent)}  {path.stat().st_size} bytes")


def build_distributions(checkout: Path, out: Path) -> list[Path]:
    """Wheel and source archive of a checkout of git as it stands, uncommitted changes of known files included."""
    epoch = int(_git(checkout, "log", "-1", "--format=%ct"))
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "source"
        copy_known_files(checkout, source, epoch)
        archive = Path(_build(source, Path(folder), "sdist", epoch))
        wheel = Path(_build(source, out, "wheel", epoch))
        return [wheel, pack_again(archive, out / archive.name, epoch)]


def copy_known_files(checkout: Path, to: Path, epoch: int) -> None:
    """Copy what git knows, with modes and times that say nothing of this machine."""
    for name in _git(checkout, "ls-files", "-z").split("\0"):
        path = checkout / name
        if name and path.is_file():
            copy = to / name
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)
            copy.chmod(_PROGRAM if path.stat().st_mode & 0o100 else _FILE)
            os.utime(copy, (epoch, epoch))


def pack_again(archive: Path, to: Path, epoch: int) -> Path:
    """The same source archive with sorted names, one time and no owner."""
    plain = io.BytesIO()
    with tarfile.open(archive) as before, tarfile.open(fileobj=plain, mode="w", format=tarfile.PAX_FORMAT) as after:
        for member in sorted(before.getmembers(), key=lambda member: member.name):
            member.mtime, member.uid, member.gid, member.uname, member.gname = epoch, 0, 0, "", ""
            member.mode = _PROGRAM if member.isdir() or member.mode & 0o100 else _FILE
            member.pax_headers = {}
            after.addfile(member, before.extractfile(member) if member.isfile() else None)
    to.write_bytes(gzip.compress(plain.getvalue(), mtime=epoch))
    return to


def sha256(path: Path) -> str:
    """Of a file, in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _build(source: Path, out: Path, kind: Literal["sdist", "wheel"], epoch: int) -> str:
    def quietly(cmd: Sequence[str], cwd: str | None = None, extra_environ: Mapping[str, str] | None = None) -> None:
        environment = os.environ | {"SOURCE_DATE_EPOCH": str(epoch)} | dict(extra_environ or {})
        done = subprocess.run(cmd, cwd=cwd, env=environment, umask=_UMASK, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"The {kind} cannot be built: {done.stdout}{done.stderr}")

    return ProjectBuilder(source, runner=quietly).build(kind, out)


def _git(checkout: Path, *arguments: str) -> str:
    done = subprocess.run(["git", "-C", str(checkout), *arguments], capture_output=True, text=True, check=True)
    return done.stdout


if __name__ == "__main__":
    main()
