"""The student in a real browser: the page as anybody may serve it, against the student in Python."""

import base64
import functools
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from deploy.browser.__main__ import NotFetchedError, WrongArchiveError, main, unpack
from eid_stream.api.rgb_planes import corrected, frame_of
from eid_stream.backends.onnx_runtime.onnx_engine import open_onnx
from eid_stream.core.thumbnail import make_thumbnail
from eid_stream.dehazing.plane_correction import apply_maps
from tests.browser import browser, needs_browser, wait_for

if TYPE_CHECKING:
    from playwright.sync_api import Page

Rgb = NDArray[np.uint8]
PICTURE = "id => document.getElementById(id).toDataURL('image/png').split(',')[1]"


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None: ...


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("page") / "browser"
    try:
        main(out)
    except NotFetchedError as error:
        pytest.skip(str(error))
    return out


@pytest.fixture(scope="module")
def page(folder: Path) -> "Iterator[Page]":
    handler = functools.partial(QuietHandler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server, browser() as context:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        asked: list[str] = []
        context.on("request", lambda request: asked.append(request.url))
        page = context.new_page()
        page.goto(f"http://127.0.0.1:{server.server_port}/")
        wait_until_done(page)
        yield page
        server.shutdown()
        assert all(url.startswith((f"http://127.0.0.1:{server.server_port}/", "blob:")) for url in asked)


def wait_until_done(page: "Page") -> None:
    state = wait_for(
        lambda: (found := page.get_attribute("body", "data-state")) in ("done", "refused") and found,
        "the page never got ready",
    )
    assert state == "done", page.inner_text("#told")


def pixels(page: "Page", which: str) -> Rgb:
    packed = np.frombuffer(base64.b64decode(page.evaluate(PICTURE, which)), np.uint8)
    bgr = cv2.imdecode(packed, cv2.IMREAD_COLOR)
    assert bgr is not None
    return np.asarray(bgr[..., ::-1], np.uint8)


def in_python(rgb: Rgb) -> Rgb:
    """What the same weights make of a picture here, without any memory of others."""
    exact = rgb.astype(np.float32) / 255  # 12 bits, as the page computes without codes
    frame = frame_of(exact, 0.0)
    thumbnail = make_thumbnail(frame)
    engine = open_onnx()
    area, canvas = thumbnail.picture, thumbnail.values.shape[1:]
    maps = engine.estimate(thumbnail).cropped((canvas[0], canvas[1]), area.left, area.top, area.width, area.height)
    engine.close()
    out = tuple(np.empty_like(plane) for plane in frame.planes)
    apply_maps(frame.planes, (out[0], out[1], out[2]), maps, frame.layout, frame.colour)
    cleared = corrected(exact, frame.planes, (out[0], out[1], out[2]), 12)
    return np.asarray(np.rint(255 * cleared), np.uint8)


def smoky(width: int, height: int) -> Rgb:
    """Red tissue that a pale cloud lies over, denser to the right."""
    rng = np.random.default_rng(5)
    tissue = cv2.GaussianBlur(rng.uniform(40, 200, (height, width, 3)), (0, 0), 5) * np.array([1.0, 0.4, 0.35])
    t = np.linspace(1.0, 0.35, width)[None, :, None]
    return np.asarray(tissue * t + 205 * (1 - t), np.uint8)


@needs_browser
@pytest.mark.parametrize("size", [(1000, 563), (240, 320)], ids=["wide", "small and upright"])
def test_a_picture_of_ones_own_is_cleared_as_python_clears_it(
    page: "Page", tmp_path: Path, size: tuple[int, int]
) -> None:
    picture = smoky(*size)
    cv2.imwrite(str(tmp_path / "own.png"), picture[..., ::-1])
    page.set_input_files("#chosen", str(tmp_path / "own.png"))
    wait_for(lambda: page.evaluate("() => before.width") == size[0], "the picture was not taken")
    wait_until_done(page)
    assert (pixels(page, "before") == picture).all()
    there, here = pixels(page, "after").astype(int), in_python(picture).astype(int)
    assert np.abs(here - picture).mean() > 3, "nothing to compare: the student left the picture alone"
    assert np.abs(there - here).mean() < 0.5
    assert np.abs(there - here).max() <= 3


@needs_browser
def test_strength_zero_shows_the_picture_as_it_was(page: "Page") -> None:
    page.fill("#strength", "0")
    assert (pixels(page, "after") == pixels(page, "before")).all()
    page.fill("#strength", "100")
    assert (pixels(page, "after") != pixels(page, "before")).any()


@needs_browser
def test_the_border_can_be_dragged(page: "Page") -> None:
    box = page.locator("#stage").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 4, box["y"] + 20)
    page.mouse.up()
    assert page.get_attribute("#border", "aria-valuenow") == "25"


@needs_browser
def test_what_is_no_picture_is_refused_in_a_sentence(page: "Page", tmp_path: Path) -> None:
    (tmp_path / "no.png").write_bytes(b"no picture")
    page.set_input_files("#chosen", str(tmp_path / "no.png"))
    wait_for(lambda: page.get_attribute("body", "data-state") == "refused", "it was not refused")
    assert "cannot be shown" in page.inner_text("#told")


def test_another_archive_than_the_pinned_one_is_refused(tmp_path: Path) -> None:
    (tmp_path / "onnxruntime-web.tgz").write_bytes(b"somebody else's")
    with pytest.raises(WrongArchiveError):
        unpack(tmp_path / "onnxruntime-web.tgz", tmp_path)
