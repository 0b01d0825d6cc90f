"""The locks hold what ``setup.cfg`` asks for."""

import configparser

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from deploy.lock import EXTRAS, LOCKS, ROOT, asked_for, pins
from deploy.papers.software import SHIPPED


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


@pytest.mark.parametrize("name", SHIPPED)
def test_what_is_shipped_has_the_versions_that_were_tested(name: str) -> None:
    tested = {(pin.name, str(pin.specifier)) for pin in pins("development")}
    assert {(pin.name, str(pin.specifier)) for pin in pins(name)} <= tested


@pytest.mark.parametrize("name", [name for name in EXTRAS if name not in ("development", *SHIPPED)])
def test_what_a_lock_shares_with_the_tests_has_the_same_version_there(name: str) -> None:
    tested: dict[str, set[str]] = {}
    for pin in pins("development"):
        tested.setdefault(pin.name, set()).add(str(pin.specifier))
    shared = [pin for pin in pins(name) if pin.name in tested]
    assert len(shared) > 15
    assert [str(pin) for pin in shared if str(pin.specifier) not in tested[pin.name]] == []


def test_every_extra_has_a_lock_but_the_one_that_cannot() -> None:
    settings = configparser.ConfigParser()
    settings.read(ROOT / "setup.cfg", encoding="utf-8")
    locked = {extra for extras in EXTRAS.values() for extra in extras}
    assert set(settings["options.extras_require"]) - locked == {"tensorrt"}
