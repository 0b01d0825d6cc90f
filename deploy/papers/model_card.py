"""The head of the model card in the form that model hubs read, and its tables, made from the engine card."""

import json
import re
from pathlib import Path
from typing import Any

import yaml

from deploy.lock import ROOT

PAGE = ROOT / "eid_stream" / "weights" / "MODEL_CARD.md"
ENGINE_CARD = PAGE.with_name("student.json")
BEGIN, END = "<!-- made by `make papers` from student.json -->", "<!-- end of what is made -->"
_FIGURES = {
    "rendered_psnr": ("rendered smoke on clear frames", "rendered_before"),
    "pair_psnr": ("simulated smoke over real video", "pair_before"),
    "clear_psnr": ("clear frames, output against input, median", None),
    "clear_psnr_5th": ("clear frames, output against input, 5th percentile", None),
}
"""Figures of the engine card in dB, on what they were measured, and the figure of the untouched input."""
_HEAD = re.compile(r"\A---\n.*?\n---\n\n?", re.DOTALL)
_MADE = re.compile(re.escape(BEGIN) + r".*?" + re.escape(END), re.DOTALL)


def page_of(text: str, engine_card: dict[str, Any]) -> str:
    """A model card with its head and its tables made anew; everything else stays as it is.

    Raises:
        ValueError: the card has no place for the tables.
    """
    if not _MADE.search(text):
        raise ValueError(f"{PAGE.name} has lost the lines between which its tables stand: {BEGIN} and {END}")
    body = _MADE.sub(lambda _: f"{BEGIN}\n\n{_tables(engine_card)}\n{END}", _HEAD.sub("", text))
    head = yaml.safe_dump(_head(engine_card), sort_keys=False, allow_unicode=True, width=120)
    return f"---\n{head}---\n\n{body}"


def read_engine_card(path: Path = ENGINE_CARD) -> dict[str, Any]:
    """What the exporter wrote beside the weights."""
    card: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return card


def _head(card: dict[str, Any]) -> dict[str, Any]:
    return {
        "license": "cc-by-nc-sa-4.0",
        "library_name": "onnx",
        "pipeline_tag": "image-to-image",
        "tags": ["endoscopy", "laparoscopy", "surgical-smoke", "dehazing", "video", "research-only"],
        "inference": False,
        "model-index": [{"name": f"eid-stream student {card['version']}", "results": list(map(_result, _known(card)))}],
    }


def _known(card: dict[str, Any]) -> list[tuple[str, float, float | None]]:
    figures = card["metrics"]
    return [
        (what, figures[name], figures.get(before))
        for name, (what, before) in _FIGURES.items()
        if name in figures
    ]  # fmt: skip


def _result(figure: tuple[str, float, float | None]) -> dict[str, Any]:
    what, decibels, _ = figure
    return {
        "task": {"type": "image-to-image", "name": "removal of surgical smoke"},
        "dataset": {"type": "validation", "name": f"{what} (held back while training)"},
        "metrics": [{"type": "psnr", "name": "PSNR in dB, at the thumbnail's scale", "value": round(decibels, 2)}],
    }


def _tables(card: dict[str, Any]) -> str:
    figures = [
        f"| {what} | {'' if before is None else format(before, '.2f')} | {after:.2f} |\n"
        for what, after, before in _known(card)
    ]
    data = [f"| {name} | {terms} |\n" for name, _, terms in (entry.partition(": ") for entry in _sources(card))]
    return "".join([
        "Training's own validation, PSNR in dB at the thumbnail's scale; what users see is in `docs/quality.md`:\n\n",
        "| on | before | after |\n|---|---|---|\n", *figures,
        "\nFootage that taught it, and its terms as far as they are known:\n\n| footage | terms |\n|---|---|\n", *data,
        f"\nSHA-256 of `student.onnx`: `{card['student_sha256']}`, of `student.pt2`: `{card['program_sha256']}`.\n",
    ])  # fmt: skip


def _sources(card: dict[str, Any]) -> list[str]:
    return re.split(r"; (?=\w+: )", card["training_data"])
