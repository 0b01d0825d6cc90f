"""Networks of the haze operator. None of them has statistics of a batch or, save where said, of a whole frame."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from training.eid.veil_look import (
    BOX_NUMBERS,
    BOXES,
    LOOKS,
    ROOM_NUMBERS,
    LookName,
    depth_logits,
    follow_edges,
    glow_logits,
    logits_below_floor,
)
from training.smoke.veil import Veil

COARSE, FINE, SCALARS = 4, 8, 5
CODE_LENGTH = SCALARS + COARSE**2 + FINE**2
"""Numbers in a haze code: density, patchiness, brightness, two of tint; a coarse and a fine density field."""
VEIL_GRID = 24
"""Cells of a square's veil on each side: haze is smooth, so it has no more freedom than this."""

CORRECTION = 1.5
"""How far, in logits, learning may move a drawn veil; unbounded, the generator swings between no haze and a wall."""


class ChannelNorm(nn.Module):
    """Normalise the channels of every pixel by themselves; the same in training and use, on tiles and frames."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels, 1, 1))
        self.bias = nn.Parameter(torch.zeros(channels, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        """Return ``x`` (batch, channels, height, width) with mean 0 and variance 1 over channels, scaled, shifted."""
        channels_last = x.permute(0, 2, 3, 1)
        normal = F.layer_norm(channels_last, (x.shape[1],), self.weight.flatten(), self.bias.flatten(), 1e-4)
        return normal.permute(0, 3, 1, 2)


class VeilGenerator(nn.Module):
    """Draws a veil for a clear picture from a haze code.

    It starts as a plausible spread of veils (thin to dense, grey to white) and learns only a correction of it, so
    that no collapse to one density can happen before the discriminator has had its say.
    """

    def __init__(self, width: int = 32, look: LookName = "smoke") -> None:
        super().__init__()
        self.look: LookName = look
        self.layers = nn.Sequential(
            _conv(3 + SCALARS + 2, width), nn.LeakyReLU(0.2), _conv(width, width), nn.LeakyReLU(0.2), _conv(width, 4)
        )
        last = self.layers[-1]
        assert isinstance(last, nn.Conv2d)
        assert last.bias is not None
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)

    def forward(self, clear: Tensor, code: Tensor) -> Veil:
        """Veil for clear RGB (batch, 3, h, w) from codes (batch, CODE_LENGTH)."""
        scalars, coarse, fine = torch.split(code, [SCALARS, COARSE**2, FINE**2], dim=1)
        fields = [_grow(coarse.view(-1, 1, COARSE, COARSE)), _grow(fine.view(-1, 1, FINE, FINE))]
        seen = F.adaptive_avg_pool2d(clear, VEIL_GRID)
        logits = self._drawn(seen, code, scalars, fields)
        inputs = torch.cat([seen, scalars[:, :, None, None].expand(-1, -1, VEIL_GRID, VEIL_GRID), *fields], dim=1)
        logits = logits + CORRECTION * torch.tanh(self.layers(inputs))
        if LOOKS[self.look].even_airlight:
            even = logits[:, 1:].mean((2, 3), keepdim=True).expand(-1, -1, *logits.shape[-2:])
            logits = torch.cat([logits[:, :1], even], dim=1)
        return veil_from_logits(logits, clear, self.look)

    def _drawn(self, seen: Tensor, code: Tensor, scalars: Tensor, fields: list[Tensor]) -> Tensor:
        """The veil that learning starts from, as logits."""
        if self.look == "depth":
            numbers = code[:, SCALARS : SCALARS + ROOM_NUMBERS + BOXES * BOX_NUMBERS]
            return depth_logits(numbers, scalars[:, 0], scalars[:, 2], VEIL_GRID)
        if self.look == "glow":
            return glow_logits(seen, fields[0] + 0.5 * fields[1], scalars[:, 0], scalars[:, 1])
        density, patchiness, brightness, red, blue = (s[:, None, None, None] for s in scalars.unbind(1))
        # From an even veil (spread near 0) to a few dense, bright puffs in an otherwise clear picture (spread near 3).
        spread = 3.0 * torch.sigmoid(1.5 * patchiness - 0.5)
        clouds = spread * (fields[0] + 0.8 * fields[1] - 0.9)
        bright = 0.2 + brightness + 0.5 * spread
        return torch.cat([-(0.2 + 0.9 * density + clouds), _wide(bright), _wide(red), _wide(blue)], dim=1)


class VeilEstimator(nn.Module):
    """Sees the veil in a hazy picture: the companion of the scattering form.

    It looks at a small copy of the picture, whatever the size; brightness of the haze is told from the whole picture.
    """

    def __init__(self, width: int = 32, depth: int = 3, look: LookName = "smoke") -> None:
        super().__init__()
        self.small_side = LOOKS[look].seen_side
        self.look: LookName = look
        self.stem = nn.Sequential(
            _conv(4, width), ChannelNorm(width), nn.LeakyReLU(0.2),
            _conv(width, 2 * width, 2), ChannelNorm(2 * width), nn.LeakyReLU(0.2),
            _conv(2 * width, 2 * width, 2), ChannelNorm(2 * width), nn.LeakyReLU(0.2),
        )  # fmt: skip
        self.blocks = nn.ModuleList([_DilatedBlock(2 * width, 2**i) for i in range(depth)])
        self.context = nn.Linear(2 * width, 2 * width)
        self.head = _conv(2 * width, 4)
        assert self.head.bias is not None
        nn.init.normal_(self.head.weight, std=0.01)
        with torch.no_grad():
            self.head.bias.copy_(torch.tensor([2.0, 0.3, 0.0, 0.0]))

    @property
    def is_upright(self) -> bool:
        """Whether it knows pictures the right way up only."""
        return LOOKS[self.look].upright

    def forward(self, hazy: Tensor) -> Veil:
        """Veil over hazy RGB (batch, 3, h, w)."""
        return veil_from_logits(self._logits(shrink(hazy, self.small_side)), hazy, self.look)

    def fields(self, small: Tensor) -> tuple[Tensor, Tensor]:
        """Transmission (batch, 1, gh, gw) and RGB airlight (batch, 3, gh, gw) of RGB that is shrunk already."""
        return bounded(self._logits(small), self.look)

    def _logits(self, small: Tensor) -> Tensor:
        x = self.stem(4.0 * torch.cat([small, small.amin(1, keepdim=True)], dim=1) - 2.0)
        for block in self.blocks:
            x = block(x)
        x = F.leaky_relu(x + self.context(x.mean((2, 3)))[:, :, None, None], 0.2)
        logits: Tensor = self.head(x)
        if LOOKS[self.look].even_airlight:
            airlight = logits[:, 1:].mean((2, 3), keepdim=True).expand(-1, -1, *logits.shape[-2:])
        else:
            airlight = F.adaptive_avg_pool2d(logits[:, 1:], COARSE)
            airlight = F.interpolate(airlight, logits.shape[-2:], mode="bilinear", align_corners=False)
        logits = torch.cat([logits[:, :1], airlight], dim=1)
        if LOOKS[self.look].below_floor:
            logits = torch.cat([logits_below_floor(logits[:, :1], small), airlight], dim=1)
        return logits


class ResnetGenerator(nn.Module):
    """The picture-to-picture generator of the paper's haze operator (Johnson et al. 2016; CycleGAN, Zhu et al. 2017).

    7x7 stem, two strided convolutions, residual blocks, two upsamplings, 7x7 head; reflection padding. ``ChannelNorm``
    stands where instance norm was: statistics of whole frames flicker and differ from tile to tile.
    """

    def __init__(self, width: int = 64, blocks: int = 9) -> None:
        super().__init__()
        layers: list[nn.Module] = [_conv(3, width, kernel=7), ChannelNorm(width), nn.ReLU()]
        for channels in (width, 2 * width):
            layers += [_conv(channels, 2 * channels, 2), ChannelNorm(2 * channels), nn.ReLU()]
        layers += [_ResidualBlock(4 * width) for _ in range(blocks)]
        for channels in (4 * width, 2 * width):
            layers += [
                nn.Upsample(scale_factor=2),
                _conv(channels, channels // 2),
                ChannelNorm(channels // 2),
                nn.ReLU(),
            ]
        self.layers = nn.Sequential(*layers, _conv(width, 3, kernel=7))

    def forward(self, picture: Tensor) -> Tensor:
        """RGB in [0, 1], (batch, 3, h, w), to the same; starts near the identity of its input."""
        height, width = picture.shape[-2:]
        padded = F.pad(picture, (0, -width % 4, 0, -height % 4), mode="replicate")
        logits = torch.logit(padded.clamp(0.02, 0.98)) + self.layers(padded)
        return torch.sigmoid(logits)[..., :height, :width]


def veil_from_logits(logits: Tensor, picture: Tensor, look: LookName = "smoke") -> Veil:
    """Bounded, smooth veil over a picture from four logit fields: transmission, brightness, red and blue tint of the
    airlight."""
    # Under autocast logits come in half precision, too coarse to stretch over a picture and to divide by.
    fields = F.interpolate(logits.float(), picture.shape[-2:], mode="bilinear", align_corners=False)
    transmission, airlight = bounded(fields, look)
    if LOOKS[look].follows_edges:
        transmission = follow_edges(transmission, picture.float()).clamp(LOOKS[look].least_transmission, 1.0)
    return Veil(transmission, airlight)


def bounded(logits: Tensor, look: LookName) -> tuple[Tensor, Tensor]:
    """Transmission (batch, 1, ...) and RGB airlight (batch, 3, ...) of logits (batch, 4, ...), within bounds."""
    kind = LOOKS[look]
    transmission = kind.least_transmission + (1.0 - kind.least_transmission) * torch.sigmoid(logits[:, :1])
    low, high = kind.airlight
    brightness = low + (high - low) * torch.sigmoid(logits[:, 1:2])
    red, blue = kind.tint * torch.tanh(logits[:, 2:3]), kind.tint * torch.tanh(logits[:, 3:4])
    return transmission, torch.cat([brightness + red, brightness, brightness + blue], dim=1)


def shrink(picture: Tensor, short_side: int) -> Tensor:
    """Copy of the picture with the given short side, a multiple of 4 on both; area averaging."""
    scale = short_side / min(picture.shape[-2:])
    height, width = (max(4, 4 * round(length * scale / 4)) for length in picture.shape[-2:])
    return F.interpolate(picture, (height, width), mode="area")


class _DilatedBlock(nn.Module):
    def __init__(self, channels: int, dilation: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(channels, channels, 3, padding=dilation, dilation=dilation, padding_mode="replicate"),
            ChannelNorm(channels),
            nn.LeakyReLU(0.2),
            _conv(channels, channels),
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + 0.5 * self.layers(x)  # type: ignore[no-any-return]


class _ResidualBlock(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            _conv(channels, channels),
            ChannelNorm(channels),
            nn.ReLU(),
            _conv(channels, channels),
            ChannelNorm(channels),
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.layers(x)  # type: ignore[no-any-return]


def _conv(channels_in: int, channels_out: int, stride: int = 1, kernel: int = 3) -> nn.Conv2d:
    return nn.Conv2d(channels_in, channels_out, kernel, stride, padding=kernel // 2, padding_mode="reflect")


def _grow(field: Tensor) -> Tensor:
    return F.interpolate(field, (VEIL_GRID, VEIL_GRID), mode="bicubic", align_corners=False)


def _wide(scalar: Tensor) -> Tensor:
    return scalar.expand(-1, 1, VEIL_GRID, VEIL_GRID)
