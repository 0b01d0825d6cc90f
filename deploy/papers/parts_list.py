"""The parts list (SBOM) in CycloneDX: every package of the runtime's lock, with hashes and licence, and the weights."""

import json
import subprocess
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType, Property
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from packageurl import PackageURL

import eid_stream
from deploy.lock import ROOT
from deploy.papers.software import Part, parts_of

WEIGHTS = ROOT / "eid_stream" / "weights"
_LICENCES = LicenseFactory()


def write_parts_list(path: Path, lock: str = "runtime") -> Path:
    """Write the list; the same bytes from the same commit."""
    path.write_text(parts_list(lock), encoding="utf-8")
    return path


def parts_list(lock: str) -> str:
    """CycloneDX 1.6 as JSON."""
    bom = Bom()
    product = _product()
    bom.metadata.component = product
    bom.metadata.timestamp = datetime.fromtimestamp(_commit_seconds(), UTC)
    packages = {(part.name, part.version): _package(part) for part in parts_of(lock)}
    models = list(_models())
    for component in (*packages.values(), *models):
        bom.components.add(component)
    for part in parts_of(lock):
        component = packages[part.name, part.version]
        for asker in part.asked_by:
            askers = [product] if asker == product.name else [at for (name, _), at in packages.items() if name == asker]
            for at in askers:
                bom.register_dependency(at, [component])
    bom.register_dependency(product, models)
    bom.serial_number = uuid.uuid5(uuid.NAMESPACE_OID, f"{_commit()} {lock}")
    text = make_outputter(bom, OutputFormat.JSON, SchemaVersion.V1_6).output_as_string()
    return json.dumps(json.loads(text), indent=2, sort_keys=True) + "\n"


def _product() -> Component:
    return Component(
        name="eid-stream",
        version=eid_stream.__version__,
        type=ComponentType.APPLICATION,
        bom_ref="eid-stream",
        licenses=[_LICENCES.make_from_string("Apache-2.0")],
        purl=PackageURL("pypi", name="eid-stream", version=eid_stream.__version__),
    )


def _package(part: Part) -> Component:
    notes = [Property(name=f"eid-stream:{name}", value=value) for name, value in (
        ("purpose", part.purpose), ("contains", part.contains), ("anomalies", part.anomalies), ("where", part.where),
    ) if value]  # fmt: skip
    return Component(
        name=part.name,
        version=part.version,
        bom_ref=f"{part.name}=={part.version}",
        licenses=[_LICENCES.make_from_string(part.licence)],
        purl=PackageURL("pypi", name=part.name, version=part.version),
        properties=[*notes, *(Property(name="eid-stream:file-sha256", value=digest) for digest in part.sha256)],
    )


def _models() -> Iterator[Component]:
    card = json.loads((WEIGHTS / "student.json").read_text(encoding="utf-8"))
    for name, key in (("student.onnx", "student_sha256"), ("student.pt2", "program_sha256")):
        yield Component(
            name=name,
            version=card["version"],
            type=ComponentType.MACHINE_LEARNING_MODEL,
            bom_ref=name,
            hashes=[HashType(alg=HashAlgorithm.SHA_256, content=card[key])],
            licenses=[_LICENCES.make_from_string("CC-BY-NC-SA-4.0")],
        )


def _commit() -> str:
    return _git("log", "-1", "--format=%H")


def _commit_seconds() -> int:
    return int(_git("log", "-1", "--format=%ct"))


def _git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()
