"""Plug-in providers; what every engine keeps is in test_engine_contract.py."""

import sys
import time
from dataclasses import replace
from pathlib import Path

import onnxruntime
import pytest

from eid_stream.backends import engine_choice
from eid_stream.backends.engine_choice import open_engine
from eid_stream.backends.onnx_runtime.onnx_engine import OnnxEngine, open_onnx
from eid_stream.backends.onnx_runtime.plugin_engine import open_plugin, plugin_engine
from eid_stream.backends.onnx_runtime.plugin_providers import PROVIDERS, PluginProvider, kept, open_session
from eid_stream.backends.self_test import golden_thumbnails
from eid_stream.building.verification import compare_engines
from eid_stream.core.errors import EngineLoadError, EngineMismatchError, EngineRunError
from tests.stand_ins.failing_engines import FailingEngine, raises_known
from tests.stand_ins.made_up_student import model_bytes, student


def provider(package: str) -> PluginProvider:
    return PluginProvider(engine="some", package=package, distribution=f"some-{package}", needs="a card")


def package_with_library(folder: Path, monkeypatch: pytest.MonkeyPatch, library: Path) -> PluginProvider:
    name = f"made_up_{folder.name.replace('-', '_')}"
    (folder / f"{name}.py").write_text(
        f"def get_library_path(): return {str(library)!r}\ndef get_ep_name(): return 'MadeUpExecutionProvider'\n"
    )
    monkeypatch.syspath_prepend(str(folder))
    return provider(name)


def test_a_provider_that_is_not_installed_names_its_extra() -> None:
    with pytest.raises(EngineLoadError, match=r"some-absent is not installed. .* pip install 'eid-stream\[some\]'"):
        open_session(provider("absent"), model_bytes())


def test_a_library_that_cannot_be_loaded_is_told_in_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = tmp_path / "library.so"
    library.write_text("no library")
    with pytest.raises(EngineLoadError, match=r"cannot be loaded \(.*library.so.*\). It needs a card") as caught:
        open_session(package_with_library(tmp_path, monkeypatch, library), model_bytes())
    assert "\n" not in str(caught.value)
    assert "ONNXRuntimeError" not in str(caught.value)


def test_an_onnx_runtime_without_plug_ins_is_told_with_its_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(onnxruntime, "register_execution_provider_library")
    with pytest.raises(EngineLoadError, match=r"ONNX Runtime 1\.\d+\.\d+ is too old for plug-ins, 1.24 is needed"):
        open_session(package_with_library(tmp_path, monkeypatch, tmp_path), model_bytes())


def test_without_a_device_the_message_says_what_is_needed() -> None:
    pytest.importorskip("onnxruntime_ep_webgpu")
    try:
        engine = open_plugin("webgpu")
    except EngineLoadError as error:
        assert "it needs a GPU with Vulkan" in str(error)  # noqa: PT017
    else:
        engine.close()
        pytest.skip("this machine has a GPU")


def test_the_real_rtx_library_without_a_driver_is_refused_with_what_it_needs() -> None:
    pytest.importorskip("onnxruntime_ep_nv_tensorrt_rtx")
    try:
        engine = open_plugin("rtx")
    except EngineLoadError as error:
        assert "libcuda.so.1" in str(error)  # noqa: PT017
        assert "It needs an NVIDIA RTX card" in str(error)  # noqa: PT017
    else:
        engine.close()
        pytest.skip("this machine has an NVIDIA driver")


def test_what_rtx_compiles_for_a_card_is_kept_by_model_where_nobody_else_can_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("onnxruntime_ep_nv_tensorrt_rtx")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    one, other = (Path(kept(PROVIDERS["rtx"], model)["nv_runtime_cache_path"]) for model in (b"one", b"other"))
    assert one != other
    assert one.is_relative_to(tmp_path)
    assert one.stat().st_mode & 0o077 == 0
    one.chmod(0o777)
    assert kept(PROVIDERS["rtx"], b"one") == {}
    assert kept(PROVIDERS["openvino"], b"one") == {}


def test_the_rtx_library_knows_the_option_by_that_name() -> None:
    package = pytest.importorskip("onnxruntime_ep_nv_tensorrt_rtx")
    assert PROVIDERS["rtx"].cache_option.encode() in Path(package.get_library_path()).read_bytes()


def test_a_model_that_its_card_does_not_speak_of_reaches_no_provider() -> None:
    _, card = student()
    with pytest.raises(EngineMismatchError, match="SHA-256"):
        plugin_engine(provider("absent"), model_bytes(seed=2), card)


def test_openvino_gives_the_picture_of_the_default_engine_to_a_thousandth() -> None:
    pytest.importorskip("onnxruntime_ep_openvino")
    engine = open_plugin("openvino")
    rows = compare_engines(engine, open_onnx())
    assert max(row.maps_difference for row in rows) < 1e-3
    assert max(row.largest_codes for row in rows) <= 1
    assert (engine.card.backend, engine.card.precision) == ("openvino", "fp32")
    assert "onnxruntime-ep-openvino" in engine.card.built_by
    engine.close()


def test_a_step_that_a_provider_cannot_run_is_no_reason_to_run_it_elsewhere_in_secret() -> None:
    pytest.importorskip("onnxruntime_ep_openvino")
    from onnx import TensorProto, helper

    values = [helper.make_tensor_value_info(name, TensorProto.STRING, [1]) for name in ("said", "heard")]
    nodes = [helper.make_node("StringNormalizer", ["said"], ["heard"])]
    graph = helper.make_graph(nodes, "text", values[:1], values[1:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    with pytest.raises(EngineLoadError, match="cannot run the student on this machine"):
        open_session(PROVIDERS["openvino"], bytes(model.SerializeToString()))


def test_an_engine_outside_of_auto_gives_way_to_the_default_when_it_keeps_failing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    failing = lambda: FailingEngine(raises_known, calls=range(6, sys.maxsize))  # noqa: E731 - it passes its self-test
    monkeypatch.setitem(engine_choice._OPENERS, "openvino", failing)
    monkeypatch.setitem(engine_choice._OPENERS, "onnx", lambda: OnnxEngine(*student()))
    engine = open_engine("openvino")
    thumbnail = golden_thumbnails(256, 192)["clear"]
    until = time.monotonic() + 60
    while engine.card.backend != "onnx" and time.monotonic() < until:
        with pytest.raises(EngineRunError):
            engine.estimate(thumbnail)
        time.sleep(0.01)
    assert engine.estimate(thumbnail).fault() is None
    assert [reason.split(":")[0] for reason in engine.reasons if ": in use" in reason] == [
        "openvino", "openvino", "onnx",
    ]  # fmt: skip
    engine.close()


def test_a_provider_answers_to_the_same_card_as_the_default_engine() -> None:
    pytest.importorskip("onnxruntime_ep_openvino")
    model, card = student()
    engine = plugin_engine(PROVIDERS["openvino"], model, card)
    assert replace(engine.card, backend="onnx", built_by=card.built_by, device=card.device) == card
    engine.close()
