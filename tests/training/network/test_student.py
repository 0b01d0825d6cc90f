from itertools import pairwise

import torch

from eid_stream.backends.self_test import golden_thumbnails
from eid_stream.core.haze_maps import HazeMaps
from training.network.correction import apply_maps
from training.network.student import Student, maps_of


def test_any_weights_give_maps_that_may_be_applied() -> None:
    torch.manual_seed(0)
    student = Student().eval()
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


def test_maps_undo_smoke_of_known_opacity_and_airlight() -> None:
    clear = torch.rand(1, 3, 48, 64)
    transmission, airlight = torch.full((1, 1, 1, 1), 0.4), torch.tensor([0.8, 0.02, 0.05]).reshape(1, 3, 1, 1)
    hazy = clear * transmission + airlight * (1.0 - transmission)
    opacity = (1.0 - transmission).expand(1, 2, 6, 8)
    torch.testing.assert_close(apply_maps(hazy, maps_of(opacity, airlight.expand(1, 3, 6, 8))), clear)


def test_the_maps_are_what_the_network_sees_and_nothing_follows_it() -> None:
    torch.manual_seed(0)
    student, picture = Student().eval(), torch.rand(1, 3, 96, 128) - torch.tensor([0.0, 0.5, 0.5])[:, None, None]
    with torch.no_grad():
        sight, (maps, density) = student.see(picture), student(picture)
    torch.testing.assert_close(maps, maps_of(sight.opacity, sight.airlight))
    assert abs(float(density) - float(sight.opacity[:, 0].mean())) < 0.01


def test_a_slightly_denser_or_brighter_picture_changes_the_maps_slightly() -> None:
    """No cliff: as smoke comes or light changes, no step of the sweep moves the correction by more than its share."""
    torch.manual_seed(0)
    student = Student().eval()
    student.trunk.begin_as_on_imagenet()
    scene = torch.rand(1, 3, 12, 16).mul(0.5).repeat_interleave(8, 2).repeat_interleave(8, 3)
    scene[:, 1:] = 0.2 * (scene[:, 1:] - 0.25)
    white = torch.tensor([0.9, 0.0, 0.0])[None, :, None, None]
    with torch.no_grad():
        student.head.weight.mul_(4.0)
        denser = [student((1.0 - t) * scene + t * white)[0] for t in torch.linspace(0.0, 0.8, 41)]
        brighter = [student(gain * scene)[0] for gain in torch.linspace(0.6, 1.6, 41)]
    for maps in (denser, brighter):
        steps = torch.stack([(b - a).abs().mean() for a, b in pairwise(maps)])
        assert float(steps.max()) < 0.15 * float(steps.sum()) + 1e-6


def test_the_student_stays_small() -> None:
    assert sum(weight.numel() for weight in Student().parameters()) < 500_000
