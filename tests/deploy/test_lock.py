"""The locks hold what ``setup.cfg`` asks for."""

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from deploy.lock import EXTRAS, LOCKS, asked_for, pins


def wanted(name: str) -> list[Requirement]:
    return [requirement for extra in (None, *EXTRAS[name]) for requirement in asked_for(extra)]


@pytest.mark.parametrize("name", EXTRAS)
def test_a_lock_holds_what_is_asked_for_in_a_version_that_is_allowed(name: str) -> None:
    locked: dict[str, list[Requirement]] = {}
    for pin in pins(name):
        locked.setdefault(canonicalize_name(pin.name), []).append(pin)
    for requirement in wanted(name):
        found = locked.get(canonicalize_name(requirement.name), [])
        assert found, f"{requirement} is not in deploy/locks/{name}.txt: run `make lock`"
        versions = [str(pin.specifier).removeprefix("==") for pin in found]
        allowed = [requirement.specifier.contains(version, prereleases=True) for version in versions]
        assert all(allowed), (
            f"deploy/locks/{name}.txt has {versions}, setup.cfg asks for {requirement}: run `make lock`"
        )


@pytest.mark.parametrize("name", EXTRAS)
def test_everything_in_a_lock_has_hashes(name: str) -> None:
    entries = (LOCKS / f"{name}.txt").read_text(encoding="utf-8").split("\n    # via")
    pinned = [entry for entry in entries if "==" in entry]
    assert len(pinned) > 15
    assert all("--hash=sha256:" in entry for entry in pinned)


@pytest.mark.parametrize("name", [name for name in EXTRAS if name != "development"])
def test_what_is_shipped_has_the_versions_that_were_tested(name: str) -> None:
    tested = {(pin.name, str(pin.specifier)) for pin in pins("development")}
    assert {(pin.name, str(pin.specifier)) for pin in pins(name)} <= tested
