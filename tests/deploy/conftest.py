import shutil
from pathlib import Path

import pytest

from deploy.distributions import ROOT, build_distributions


@pytest.fixture(scope="session")
def distributions(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Wheel and source archive of this checkout."""
    if not (ROOT / ".git").exists() or not shutil.which("git"):
        pytest.skip("distributions are built from a checkout of git, and this is none")
    wheel, archive = build_distributions(ROOT, tmp_path_factory.mktemp("dist"))
    return wheel, archive
