"""A haze operator's companion as a student: what it sees is what the product takes away."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from eid_stream.backends import open_engine
from eid_stream.core.errors import ConfigError
from eid_stream.core.haze_maps import OFFSET_Y
from eid_stream.stills.picture_dehazer import PictureDehazer
from tests.training.conftest import scene
from training.checkpoint import save_checkpoint
from training.eid.haze_operator import AnyHaze, GeneratorHaze, ScatteringHaze
from training.eid.veil_look import LookName
from training.export.export_veils import DEAD_ZONES, VeilMaps, main
from training.network.colour import convert, rgb_to_ycbcr


def companion_of(look: LookName, *, seen: float) -> ScatteringHaze:
    """An operator whose companion sees a veil of about one strength everywhere; ``seen`` is a logit."""
    torch.manual_seed(5)
    haze = ScatteringHaze(8, 1, look)
    haze.eval()
    head = haze.companion.head
    torch.nn.init.normal_(head.weight, std=0.02)
    with torch.no_grad():
        assert head.bias is not None
        head.bias.copy_(torch.tensor([seen, 0.0, 0.0, 0.0]))
    return haze


def checkpoint_of(haze: AnyHaze, folder: Path, **options: object) -> Path:
    options = {"width": 8, "depth": 1, **options}
    path = folder / "haze.safetensors"
    made_by = {"command": "training.eid.train_haze", "step": 0, "options": options}
    save_checkpoint(path, haze.state_dict(), made_by)
    return path


def canvas(rgb: Tensor) -> Tensor:
    """RGB (1, 3, h, w) as Y'CbCr on the thumbnail's canvas, black around it."""
    height, width = rgb.shape[-2:]
    left, top = (256 - width) // 2, (192 - height) // 2
    whole = torch.zeros(1, 3, 192, 256)
    whole[..., top : top + height, left : left + width] = rgb
    return convert(whole, rgb_to_ycbcr(1))


@torch.no_grad()
def test_the_product_takes_the_veil_away_that_the_companion_sees(tmp_path: Path) -> None:
    haze = companion_of("smoke", seen=0.5)
    main(checkpoint_of(haze, tmp_path, form="scattering"), tmp_path / "weights", name="ours", licence="as we say")
    engine = open_engine("onnx", str(tmp_path / "weights"))
    rgb = np.rint(cv2.resize(0.3 + 0.4 * scene("smoky", 0), (512, 384)) * 255).astype(np.uint8)
    cleared = PictureDehazer(engine.estimate, engine.card).clear(np.ascontiguousarray(rgb[..., ::-1])).samples
    engine.close()
    wanted = haze.A_dagger(torch.from_numpy(rgb / np.float32(255)).permute(2, 0, 1)[None])[0].permute(1, 2, 0)
    apart = np.abs(cleared[..., ::-1] / 255.0 - wanted.clamp(0, 1).numpy())
    before = np.abs(rgb / 255.0 - wanted.clamp(0, 1).numpy())
    assert np.median(before) > 0.1
    assert np.median(apart) < 0.02
    card = json.loads((tmp_path / "weights" / "student.json").read_text(encoding="utf-8"))
    assert (card["name"], card["licence"], card["looks"], card["only_adds_light"]) == ("ours", "as we say", 2, False)


@torch.no_grad()
@pytest.mark.parametrize("look", ["smoke", "depth", "glow"])
def test_what_is_hardly_seen_leaves_the_picture_as_it_was(look: LookName) -> None:
    haze = companion_of(look, seen=-12.0 if look == "glow" else 8.0)
    thumbnail = canvas(torch.rand(1, 3, 192, 256))
    seen = 1.0 - haze.companion.fields(torch.rand(1, 3, 64, 64))[0]
    assert 0.0 < float(seen.max()) < DEAD_ZONES[look]
    maps, density = VeilMaps(haze.companion)(thumbnail)
    assert torch.equal(maps[:, [0, 2]], torch.ones_like(maps[:, :2]))
    assert not maps[:, [1, 3, 4]].any()
    assert float(density) == 0.0


@torch.no_grad()
def test_what_is_plainly_seen_is_taken_away_whole() -> None:
    haze = companion_of("glow", seen=3.0)
    even = torch.full((1, 3, 192, 256), 0.1)
    maps, _ = VeilMaps(haze.companion)(canvas(even))
    after = maps[:, :1] * 0.1 + maps[:, OFFSET_Y : OFFSET_Y + 1]
    share = 1.2 * torch.sigmoid(torch.tensor(3.0))
    assert float(after.abs().max()) == pytest.approx(0.1 * abs(1.0 - float(share)), abs=0.01)


@torch.no_grad()
def test_black_beside_a_picture_tells_nothing_of_its_haze() -> None:
    haze = companion_of("depth", seen=0.5)
    narrow = F.avg_pool2d(0.4 + 0.2 * torch.rand(1, 3, 192, 192), 9, 1, 4)
    wide = F.pad(narrow, (32, 32, 0, 0), mode="reflect")
    beside_black, beside_more = (VeilMaps(haze.companion)(canvas(rgb))[0][..., 10:22] for rgb in (narrow, wide))
    done = (beside_more[:, :2] - torch.tensor([1.0, 0.0]).view(2, 1, 1)).abs().mean()
    assert float((beside_black - beside_more).abs().mean()) < 0.05 * float(done)


def test_an_operator_without_veils_is_refused_with_a_sentence(tmp_path: Path) -> None:
    path = checkpoint_of(GeneratorHaze(8, 1), tmp_path, form="generator")
    with pytest.raises(ConfigError, match="answers pictures and no veils: train a teacher with --form veil"):
        main(path, tmp_path / "weights")
