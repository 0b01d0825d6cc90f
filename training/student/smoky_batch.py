"""Batches for the student: clear views seen through rendered smoke, clear ones left alone, and real hazy ones."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from training.data.camera import DEFOCUSED_CLEAR_SHARE, DEFOCUSED_SHARE, Camera, draw_camera
from training.data.picture_cache import Picture
from training.data.views import View, draw_pose, plain_view, random_clear_view, random_view, view
from training.eid.haze_operator import ScatteringHaze
from training.network.colour import Matrices, rgb_to_ycbcr, ycbcr_to_rgb
from training.smoke.veil_bank import Take, VeilBank
from training.student.teacher_answers import Advice, AdviceBatch, ask, in_poses

Array = NDArray[np.float32]
INSISTED_FLOOR, INSISTED_MOST = 0.5, 6.0
"""How often a clear picture in which no smoke is seen is drawn, and by how much more at most one where some is seen."""
LINEAR_SHARE = 0.15
"""Share of pictures whose smoke is added in (nearly) linear light; in the rest it is added to code values."""
SCATTERED_ASTRAY = (-0.7, 1.0)
"""Range of the share of forward-scattered light, none below zero: a blur must not be what smoke is told by."""


@dataclass(frozen=True, slots=True, eq=False)
class RenderedBatch:
    """Rendered smoke and its truth; RGB in [0, 1], not Y'CbCr."""

    clear: Tensor
    """(n, 3, h, w)."""
    hazy: Tensor
    """(moments, n, 3, h, w): up to two moments of the same smoke before the same scene."""
    density: Tensor
    """(moments, n): mean of 1 - t over the content."""
    content: Tensor
    """(n, 1, h, w): 1 where the scene is."""
    veil: Tensor
    """(n, 4, h / 8, w / 8): opacity 1 - t, and RGB airlight, of the first moment."""
    in_light: Tensor
    """(n,): whether smoke was added in light, so that ``veil`` does not hold for code values."""

    def to(self, device: torch.device) -> "RenderedBatch":
        """The same on a device."""
        parts = (self.clear, self.hazy, self.density, self.content, self.veil, self.in_light)
        clear, hazy, density, content, veil, in_light = (part.to(device) for part in parts)
        return RenderedBatch(clear, hazy, density, content, veil, in_light)


@dataclass(frozen=True, slots=True, eq=False)
class RealBatch:
    """Real frames of known kind and unknown truth, RGB (n, 3, h, w), content (n, 1, h, w)."""

    rgb: Tensor
    content: Tensor
    advice: AdviceBatch | None = None
    """What teacher and companion say about it, where they were asked."""

    def to(self, device: torch.device) -> "RealBatch":
        """The same on a device."""
        return RealBatch(self.rgb.to(device), self.content.to(device), self.advice and self.advice.to(device))


class BatchMaker:
    """Draws batches; sources count equally within a kind up to the square root of their size."""

    def __init__(
        self,
        *,
        pictures: Sequence[Picture],
        veils: VeilBank | None,
        seed: int,
    ) -> None:
        self._seed = seed
        self.restart()
        self._veils = veils
        self._advice: Mapping[Picture, Advice] | None = None
        self._pools = {kind: _Pool(pictures, kind) for kind in ("clear", "hazy")}

    def restart(self, step: int = 0) -> None:
        """Draw what is drawn at a step."""
        self._rng = np.random.default_rng([self._seed, 0xBA7C, step])

    def advise(self, teacher: Callable[[Array], Array], haze: ScatteringHaze) -> None:
        """From now on hazy pictures come with what the teacher and the haze operator's companion say about them."""
        self._advice = ask(self._pools["hazy"].pictures, teacher, haze)

    def insist_on(self, mistaken: Callable[[View], float]) -> None:
        """From now on clear pictures are shown as themselves the more often the more smoke is seen in them.

        ``mistaken`` tells the mean opacity seen in a plain view. Smoke is still rendered over all of them alike.
        """
        pool = self._pools["clear"]
        seen = {picture: mistaken(plain_view(picture)) for picture in pool.pictures}
        usual = float(np.mean(list(seen.values()))) + 1e-6
        pool.weigh({picture: INSISTED_FLOOR + min(opacity / usual, INSISTED_MOST) for picture, opacity in seen.items()})

    def show_puffs(self, share: float) -> None:
        """From now on this share of rendered smoke is fluid-simulated puffs."""
        if self._veils is not None:
            self._veils.puff_share = share

    def rendered(self, count: int, moments: int = 1) -> RenderedBatch:
        """Clear views behind rendered smoke, at one or two moments."""
        assert self._veils is not None
        views = [random_view(self._pools["clear"].draw(self._rng), self._rng) for _ in range(count)]
        takes = [self._veils.draw(self._rng, moments) for _ in range(count)]
        smoky = smoke_over(views, takes, self._rng)
        cameras = [self._camera(smoky.clear) for _ in range(moments)]
        hazy = [camera(moment, smoky.content) for camera, moment in zip(cameras, smoky.hazy, strict=True)]
        return replace(smoky, clear=cameras[0](smoky.clear, smoky.content), hazy=torch.stack(hazy))

    def real(self, kind: str, count: int) -> RealBatch:
        """Real views, ``clear`` or ``hazy``; many clear ones are overexposed, recoloured or out of focus."""
        shown = random_clear_view if kind == "clear" else random_view
        pictures = [self._pools[kind].draw(self._rng, weighed=True) for _ in range(count)]
        real = _real([shown(picture, self._rng) for picture in pictures])
        if kind == "hazy":
            return real
        return replace(real, rgb=self._camera(real.rgb, DEFOCUSED_CLEAR_SHARE)(real.rgb, real.content))

    def paired_by_source(self, count: int) -> tuple[RealBatch, RealBatch]:
        """Hazy views, and as many clear ones of the same source each (of any source where it has none)."""
        pool = self._pools["hazy"]
        hazy = [pool.draw(self._rng) for _ in range(count)]
        clear = [self._pools["clear"].draw(self._rng, source=picture.source) for picture in hazy]
        poses = [draw_pose(picture, self._rng) for picture in hazy]
        shown = _real([view(picture, pose) for picture, pose in zip(hazy, poses, strict=True)])
        if self._advice is not None:
            shown = replace(shown, advice=in_poses([self._advice[picture] for picture in hazy], poses))
        return shown, _real([random_view(picture, self._rng) for picture in clear])

    def _camera(self, pictures: Tensor, defocused: float = DEFOCUSED_SHARE) -> Camera:
        return draw_camera(len(pictures), (pictures.shape[2], pictures.shape[3]), self._rng, defocused)

    def matrices(self, count: int) -> Matrices:
        """For each picture BT.601 or BT.709."""
        drawn = torch.from_numpy(self._rng.integers(0, 2, count))
        to_ycbcr, to_rgb = (torch.stack([way(code) for code in (6, 1)]) for way in (rgb_to_ycbcr, ycbcr_to_rgb))
        return Matrices(to_ycbcr[drawn], to_rgb[drawn])


def _real(views: Sequence[View]) -> RealBatch:
    return RealBatch(_stack([v.rgb for v in views]), _stack([v.content for v in views]))


class _Pool:
    """Pictures of one kind by source."""

    def __init__(self, pictures: Sequence[Picture], kind: str) -> None:
        self._by_source: dict[str, list[Picture]] = {}
        for picture in pictures:
            if picture.kind == kind:
                self._by_source.setdefault(picture.source, []).append(picture)
        self._sources = sorted(self._by_source)
        sizes = np.sqrt([len(self._by_source[source]) for source in self._sources])
        self._shares = sizes / sizes.sum()
        self._weights: dict[str, NDArray[np.float64]] = {}

    @property
    def pictures(self) -> list[Picture]:
        """All of them."""
        return [picture for pool in self._by_source.values() for picture in pool]

    def weigh(self, weights: Mapping[Picture, float]) -> None:
        """How often each picture is drawn within its source, where weights count."""
        for source, pool in self._by_source.items():
            own = np.array([weights[picture] for picture in pool])
            self._weights[source] = own / own.sum()

    def draw(self, rng: np.random.Generator, source: str | None = None, *, weighed: bool = False) -> Picture:
        """A picture of ``source`` where there is one, of a random source otherwise."""
        if source not in self._by_source:
            source = self._sources[int(rng.choice(len(self._sources), p=self._shares))]
        pool = self._by_source[source]
        return pool[int(rng.choice(len(pool), p=self._weights.get(source) if weighed else None))]


def smoke_over(views: Sequence[View], takes: Sequence[Take], rng: np.random.Generator) -> RenderedBatch:
    """Show views through smoke: I = J t + A (1 - t), in light or in code values, with scatter and clipping.

    As in ``eid_stream.smoke``, tissue tints the veil, what is near has less smoke before it, highlights outshine it.
    """
    clear = _stack([view.rgb for view in views])
    content = _stack([view.content for view in views])
    transmission = _stack([take.transmission for take in takes]).transpose(0, 1)[:, :, None]
    airlight = _stack([take.airlight for take in takes]).transpose(0, 1)
    transmission = torch.where(content > 0, transmission, torch.ones_like(transmission))
    transmission = transmission ** _relative_depth(clear, content, torch.tensor([take.relief for take in takes]))
    airlight = airlight * _tissue_tint(clear, torch.tensor([take.tint for take in takes]))
    in_light = torch.from_numpy(rng.random(len(clear)) < LINEAR_SHARE)
    headroom = torch.tensor([take.headroom for take in takes])
    astray = torch.from_numpy(rng.uniform(*SCATTERED_ASTRAY, len(clear)).astype(np.float32)).clamp(min=0.0)
    moments = zip(transmission, airlight, strict=True)
    hazy = torch.stack([_shade(_with_headroom(clear, headroom, t), t, a, astray, in_light) for t, a in moments])
    veil = F.avg_pool2d(torch.cat([1.0 - transmission[0], airlight[0]], dim=1), 8)
    density = ((1.0 - transmission) * content).sum((2, 3, 4)) / (content.sum((1, 2, 3)) + 1.0)
    return RenderedBatch(clear, hazy, density, content, veil, in_light)


def _shade(clear: Tensor, transmission: Tensor, airlight: Tensor, astray: Tensor, in_light: Tensor) -> Tensor:
    """The scattering model, where ``in_light`` in squared code values, which is near to linear light.

    Some of the scene's light goes ``astray`` (n,) and blurs what is behind dense smoke.
    """
    squared = in_light[:, None, None, None]
    scattered, blurs = clear.clone(), astray > 0.0
    blurred = F.interpolate(F.avg_pool2d(clear[blurs], 4), clear.shape[2:], mode="bilinear", align_corners=False)
    share = astray[blurs, None, None, None] * (1.0 - transmission[blurs]) ** 2
    scattered[blurs] += share * (blurred - clear[blurs])
    scene, veil = (torch.where(squared, x * x, x) for x in (scattered, airlight))
    mixed = veil + (scene - veil) * transmission
    hazy = torch.where(squared, mixed.clamp(min=0.0).sqrt(), mixed)
    return torch.where(transmission < 1.0, hazy, clear).clamp(0.0, 1.0)


def _tissue_tint(clear: Tensor, tint: Tensor) -> Tensor:
    """Colour of the light that tissue throws back, relative to its mean, very smooth: (n, 3, h, w)."""
    small = F.avg_pool2d(clear, 16)
    small = F.avg_pool2d(small, 5, 1, 2, count_include_pad=False) + 0.1
    colour = 1.0 + tint[:, None, None, None] * (small / small.mean(1, keepdim=True) - 1.0)
    return F.interpolate(colour, clear.shape[2:], mode="bilinear", align_corners=False)


def _relative_depth(clear: Tensor, content: Tensor, relief: Tensor) -> Tensor:
    """Depth of the scene relative to its middle, (n, 1, h, w): what is bright is near, as light falls off."""
    small, inside = F.avg_pool2d(clear.mean(1, keepdim=True), 8), F.avg_pool2d(content, 8)
    small = F.avg_pool2d(small, 3, 1, 1, count_include_pad=False) + 0.05
    mean = (small * inside).sum((2, 3), keepdim=True) / (inside.sum((2, 3), keepdim=True) + 1e-3)
    depth = (1.0 + relief[:, None, None, None] * ((mean / small).sqrt() - 1.0)).clamp(0.4, 1.8)
    return F.interpolate(depth, clear.shape[2:], mode="bilinear", align_corners=False)


def _with_headroom(clear: Tensor, headroom: Tensor, transmission: Tensor) -> Tensor:
    """The clear picture with highlights behind smoke as bright as they are, not as the sensor clips them."""
    excess = 4.0 * (clear.amin(1, keepdim=True) - 0.75).clamp(min=0.0)
    behind = (4.0 * (1.0 - transmission)).clamp(max=1.0)
    return clear * (1.0 + behind * headroom[:, None, None, None] * excess * excess)


def _stack(arrays: Sequence[Array]) -> Tensor:
    return torch.from_numpy(np.stack(arrays))
