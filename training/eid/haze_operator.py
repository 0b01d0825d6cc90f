"""The haze operator H of EID as a deepinv ``Physics``: clear to hazy, and its companion, hazy to clear."""

from pathlib import Path
from typing import Any, Literal, Protocol

import torch
from deepinv.physics import Physics
from torch import Tensor, nn

from eid_stream.core.errors import ConfigError
from training.checkpoint import load_checkpoint
from training.eid.haze_networks import CODE_LENGTH, ResnetGenerator, VeilEstimator, VeilGenerator
from training.eid.veil_look import LOOKS, LookName
from training.smoke.veil import Veil

HazeForm = Literal["scattering", "generator"]


class HazeOperator(Protocol):
    """What both forms can do. ``A`` and ``A_dagger`` are deepinv's names; pictures are RGB in [0, 1]."""

    def A(self, x: Tensor, code: Tensor | None = None) -> Tensor:  # noqa: N802 - deepinv's name
        """Hazy picture of a clear one; the code tells which haze, none stands for the haze of code zero."""
        ...

    def A_dagger(self, y: Tensor) -> Tensor:  # noqa: N802 - deepinv's name
        """Clear picture of a hazy one, by the companion; not clipped."""
        ...

    def veil_of(self, y: Tensor) -> Veil | None:
        """The veil the companion sees in a hazy picture; None in a form without veils."""
        ...

    def hazing(self, code: Tensor) -> Physics:
        """H with the haze of a code: what the equivariance loss observes anew."""
        ...

    def rehazing(self, y: Tensor) -> Physics:
        """H with the haze that lies in ``y``: what the haze consistency compares with ``y``."""
        ...


class ScatteringHaze(Physics):  # type: ignore[misc]  # deepinv has no types
    """H that can only lay a smooth, bounded veil over the picture: it cannot hide information, nor invent texture.

    The generator draws transmission and airlight from a random code; the companion estimates both from a hazy picture
    and inverts the scattering model. Because the companion sees *which* haze lies in ``y``, ``rehazing(y)`` lays that
    very haze over the estimate again, and haze consistency is a fair demand: a deterministic H would have to guess.
    """

    def __init__(self, width: int = 32, depth: int = 3, look: LookName = "smoke") -> None:
        super().__init__()
        self.look: LookName = look
        self.shape: dict[str, Any] = {"width": width, "depth": depth, "look": look}
        self.generator = VeilGenerator(width, look)
        self.companion = VeilEstimator(width, depth, look=look)

    def A(self, x: Tensor, code: Tensor | None = None) -> Tensor:  # noqa: N802 - deepinv's name
        """Hazy picture of a clear one; see ``HazeOperator``."""
        return self.draw_veil(x, _code(x, code)).over(x)

    def A_dagger(self, y: Tensor) -> Tensor:  # noqa: N802 - deepinv's name
        """Clear picture of a hazy one; see ``HazeOperator``."""
        return self.veil_of(y).lifted_from(y)

    def draw_veil(self, x: Tensor, code: Tensor) -> Veil:
        """Veil of a code (batch, CODE_LENGTH) for a clear picture."""
        veil: Veil = self.generator(x, code)
        return veil

    def veil_of(self, y: Tensor) -> Veil:
        """The veil the companion sees in a hazy picture."""
        veil: Veil = self.companion(y)
        return veil

    @property
    def is_upright(self) -> bool:
        """Whether pictures of this haze have a ground, so that a quarter's turn makes none that could be taken."""
        return LOOKS[self.look].upright

    def hazing(self, code: Tensor) -> Physics:
        """H with the haze of a code."""
        return Physics(A=lambda x: self.A(x, code))

    def rehazing(self, y: Tensor) -> Physics:
        """H with the haze that lies in ``y``."""
        return Physics(A=self.veil_of(y).over)


class GeneratorHaze(Physics):  # type: ignore[misc]  # deepinv has no types
    """H as in the paper: two ResNet generators, deterministic, free to change the picture in any way."""

    def __init__(self, width: int = 64, blocks: int = 9) -> None:
        super().__init__()
        self.shape: dict[str, Any] = {"width": width, "blocks": blocks}
        self.generator = ResnetGenerator(width, blocks)
        self.companion = ResnetGenerator(width, blocks)

    def A(self, x: Tensor, code: Tensor | None = None) -> Tensor:  # noqa: ARG002, N802 - deepinv's name
        """Hazy picture of a clear one; there is one haze only, so the code is not looked at."""
        return self.generator(x)  # type: ignore[no-any-return]

    def A_dagger(self, y: Tensor) -> Tensor:  # noqa: N802 - deepinv's name
        """Clear picture of a hazy one."""
        return self.companion(y)  # type: ignore[no-any-return]

    def veil_of(self, y: Tensor) -> None:  # noqa: ARG002
        """No veils here."""
        return

    def hazing(self, code: Tensor) -> Physics:  # noqa: ARG002
        """H; there is one haze only."""
        return Physics(A=self.A)

    def rehazing(self, y: Tensor) -> Physics:  # noqa: ARG002
        """H; there is one haze only."""
        return Physics(A=self.A)


AnyHaze = ScatteringHaze | GeneratorHaze


def build_haze(form: HazeForm, *, width: int, depth: int, look: LookName = "smoke") -> AnyHaze:
    """A haze operator of a form; ``depth`` counts residual blocks, ``look`` is the kind of veil of the first form."""
    return ScatteringHaze(width, depth, look) if form == "scattering" else GeneratorHaze(width, depth)


def load_haze(path: Path) -> AnyHaze:
    """The haze operator that ``python -m training.eid.train_haze`` wrote, frozen and in eval mode.

    Raises:
        ConfigError: the checkpoint cannot be read, or is none of a haze operator.
    """
    weights, made_by = load_checkpoint(path)
    try:
        options: dict[str, Any] = made_by["options"]
        haze = build_haze(
            options["form"], width=options["width"], depth=options["depth"], look=options.get("look", "smoke")
        )
        haze.load_state_dict(weights)
    except (KeyError, RuntimeError) as error:
        raise ConfigError(f"{path} is no haze operator of this version: {error}. Train it again.") from error
    frozen: nn.Module = haze.eval().requires_grad_(False)
    assert isinstance(frozen, ScatteringHaze | GeneratorHaze)
    return frozen


def _code(x: Tensor, code: Tensor | None) -> Tensor:
    return torch.zeros(x.shape[0], CODE_LENGTH, dtype=x.dtype, device=x.device) if code is None else code
