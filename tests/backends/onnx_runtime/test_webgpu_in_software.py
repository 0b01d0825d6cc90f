"""The real WebGPU plug-in on SwiftShader, the Vulkan in software that Chromium brings; no graphics card is needed."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
VULKAN = Path("/usr/lib/chromium/vk_swiftshader_icd.json")
WITH_A_CARD_LISTED = """
set -e
mount -t tmpfs none /sys/class
mkdir -p /sys/class/drm/card0/device
cd /sys/class/drm/card0/device
echo 0x8086 > vendor
echo 0x1234 > device
echo 0x030000 > class
cd "$1"
shift
exec "$@"
"""
"""ONNX Runtime looks for cards in /sys/class/drm before it asks a plug-in; this process alone sees one there."""
ASK = """
import numpy as np
from eid_stream.backends.onnx_runtime.onnx_engine import OnnxEngine
from eid_stream.backends.onnx_runtime.plugin_engine import plugin_engine
from eid_stream.backends.onnx_runtime.plugin_providers import PROVIDERS
from eid_stream.backends.self_test import golden_thumbnails
from tests.stand_ins.made_up_student import student
engine, reference = plugin_engine(PROVIDERS["webgpu"], *student()), OnnxEngine(*student())
thumbnail = golden_thumbnails(engine.card.thumbnail_width, engine.card.thumbnail_height)["smoky"]
print(np.abs(engine.estimate(thumbnail).values - reference.estimate(thumbnail).values).max())
"""


@pytest.mark.timeout(900)
def test_webgpu_answers_as_the_default_engine_does(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime_ep_webgpu")
    if os.geteuid() != 0 or shutil.which("unshare") is None or not VULKAN.exists():
        pytest.skip("needs root, unshare and the SwiftShader of Chromium")
    command = ["unshare", "--mount", "sh", "-c", WITH_A_CARD_LISTED, "sh", str(ROOT), sys.executable, "-c", ASK]
    environment = os.environ | {"VK_ICD_FILENAMES": str(VULKAN), "XDG_RUNTIME_DIR": str(tmp_path)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=880)
    if "Operation not permitted" in done.stderr or "permission denied" in done.stderr:
        pytest.skip("this machine lets nobody mount")
    assert done.returncode == 0, done.stderr
    assert float(done.stdout.strip().splitlines()[-1]) < 1e-4
