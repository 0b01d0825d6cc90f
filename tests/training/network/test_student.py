import pytest
import torch
from torch import Tensor

from eid_stream.backends.self_test import golden_thumbnails
from eid_stream.core.haze_maps import GAIN_CHROMA, GAIN_LUMA, HazeMaps
from training.network.correction import apply_maps
from training.network.opacity import CHROMA_SHARE
from training.network.scattered_light import SHARE
from training.network.student import Rules, Student, StudentShape, maps_of


@pytest.mark.parametrize(
    "shape",
    [
        StudentShape(),
        StudentShape(fine=8, coarse=8, haze_features=False),
        StudentShape(chroma_apart=False, half_sight=True, half_grid=True),
        StudentShape(veil_apart=True),
    ],
)
def test_any_student_gives_maps_that_may_be_applied(shape: StudentShape) -> None:
    torch.manual_seed(0)
    student = Student(shape).eval()
    with torch.no_grad():
        for weight in student.parameters():
            weight.mul_(4.0)
        for thumbnail in golden_thumbnails(256, 192).values():
            maps, density = student(torch.from_numpy(thumbnail.values)[None])
            answer = HazeMaps(maps[0].numpy(), float(density[0]))
            assert answer.fault() is None
            assert answer.grid == (24, 32)


def test_no_opacity_is_identity_whatever_the_airlight() -> None:
    pictures = torch.rand(2, 3, 48, 64)
    maps = maps_of(torch.zeros(2, 2, 6, 8), torch.rand(2, 3, 6, 8))
    assert torch.equal(apply_maps(pictures, maps), pictures)


def test_a_veil_of_its_own_is_taken_away_without_a_gain() -> None:
    hazy = torch.rand(1, 3, 48, 64)
    opacity = torch.tensor([0.0, 0.0, 0.4]).reshape(1, 3, 1, 1).expand(1, 3, 6, 8)
    airlight = torch.tensor([0.8, 0.02, 0.05]).reshape(1, 3, 1, 1)
    torch.testing.assert_close(apply_maps(hazy, maps_of(opacity, airlight.expand(1, 3, 6, 8))), hazy - 0.4 * airlight)


def test_maps_undo_smoke_of_known_opacity_and_airlight() -> None:
    clear = torch.rand(1, 3, 48, 64)
    transmission, airlight = torch.full((1, 1, 1, 1), 0.4), torch.tensor([0.8, 0.02, 0.05]).reshape(1, 3, 1, 1)
    hazy = clear * transmission + airlight * (1.0 - transmission)
    opacity = (1.0 - transmission).expand(1, 2, 6, 8)
    torch.testing.assert_close(apply_maps(hazy, maps_of(opacity, airlight.expand(1, 3, 6, 8))), clear)


def student_that_sees_haze_everywhere(logit: float = -1.0, rules: Rules | None = None) -> Student:
    """By default of opacity 0.14."""
    student = Student(rules=rules).eval()
    with torch.no_grad():
        student.head.weight.zero_()
        student.head.bias = torch.nn.Parameter(torch.tensor([logit + 2.0, 0.0, 0.0, 0.0, 0.0]))
    return student


def grey(luma: float) -> Tensor:
    picture = torch.zeros(1, 3, 192, 256)
    picture[:, 0] = luma
    return picture


def test_a_picture_that_is_nowhere_dark_is_corrected_further_than_the_network_says() -> None:
    student = student_that_sees_haze_everywhere()
    with torch.no_grad():
        sight, (maps, density) = student.see(grey(0.34)), student(grey(0.34))
    said = maps_of(sight.opacity, sight.airlight)
    assert torch.all(maps[:, GAIN_LUMA] > 1.1 * said[:, GAIN_LUMA])
    assert density > 1.1 * sight.opacity[:, 0].mean()


def test_haze_all_over_took_contrast_beyond_its_density_and_less_of_the_colours() -> None:
    student = student_that_sees_haze_everywhere(0.0)
    with torch.no_grad():
        sight, (maps, density) = student.see(grey(0.42)), student(grey(0.42))
    luma, chroma = 1.0 / ((1.0 - density) * (1.0 - SHARE)), 1.0 / (1.0 - CHROMA_SHARE * sight.opacity[:, 1])
    torch.testing.assert_close(maps[:, GAIN_LUMA], luma.expand(1, 24, 32), atol=0.0, rtol=5e-3)
    torch.testing.assert_close(maps[:, GAIN_CHROMA], chroma)


def test_a_picture_that_stays_white_without_its_haze_is_not_corrected_at_all() -> None:
    with torch.no_grad():
        maps, density = student_that_sees_haze_everywhere()(grey(0.8))
    assert torch.equal(apply_maps(grey(0.8), maps), grey(0.8))
    assert density == 0.0


def test_without_any_rule_the_maps_are_what_the_network_sees() -> None:
    student = student_that_sees_haze_everywhere(0.0, Rules(False, False, False, False))
    with torch.no_grad():
        sight, (maps, _) = student.see(grey(0.42)), student(grey(0.42))
    torch.testing.assert_close(maps, maps_of(sight.opacity, sight.airlight))


@pytest.mark.parametrize(
    ("without", "luma"),
    [
        (Rules(pale_scene=False), 0.8),
        (Rules(residual_veil=False), 0.42),
        (Rules(forward_scatter=False), 0.42),
        (Rules(muted_chroma=False), 0.42),
    ],
    ids=["what stays pale", "the veil that is left", "forward scatter", "muted chroma"],
)
def test_a_single_rule_may_be_left_out(without: Rules, luma: float) -> None:
    with torch.no_grad():
        maps, _ = student_that_sees_haze_everywhere(0.0, without)(grey(luma))
        all_asked, _ = student_that_sees_haze_everywhere(0.0)(grey(luma))
    assert not torch.allclose(maps, all_asked)


def test_the_student_stays_small() -> None:
    assert sum(weight.numel() for weight in Student().parameters()) < 500_000
