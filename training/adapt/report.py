"""What adapting to a site did, as one page: the verdict, the figures of both, and pictures of both."""

import base64
import html
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from torch import Tensor

from eid_stream.core.interfaces import Engine
from training.adapt.engine_sight import cleared
from training.adapt.judgement import Judgement, Verdict

SHOWN = 4
MEANING = {
    "smoke_gain": "rendered smoke: gained by correction, dB (more is better)",
    "clear_median": "clear frames: PSNR to what they were, median, dB (60: untouched)",
    "clear_5th": "clear frames: the same, 5th percentile, dB",
    "haze_left": "real smoke: haze score after correction (less is better)",
    "haze_seen": "real smoke: density seen",
    "flicker": "change from frame to frame, corrected over captured",
}
STYLE = (
    "body{font:16px sans-serif;max-width:70em;margin:2em auto;padding:0 1em}"
    "td,th{padding:.2em 1em;text-align:left}img{width:100%}"
)


def write_report(
    path: Path, verdict: Verdict, judgement: Judgement, engines: Sequence[Engine], facts: dict[str, Any]
) -> None:
    """Write the page; it holds its pictures and asks for nothing from elsewhere."""
    sentence = sentence_of(verdict)
    rows = "".join(
        f"<tr><td>{meaning}</td><td>{_shown(before)}</td><td>{_shown(after)}</td></tr>"
        for meaning, before, after in _compared(verdict)
    )
    told = "".join(
        f"<tr><td>{html.escape(name)}</td><td>{html.escape(str(fact))}</td></tr>" for name, fact in facts.items()
    )
    sheets = "".join(
        f"<h2>{title}</h2><p>{columns}</p><img alt='{title}' src='data:image/jpeg;base64,{_sheet(engines, pictures)}'>"
        for title, columns, pictures in _sheets(judgement)
        if len(pictures)
    )
    path.write_text(
        f"<!doctype html><meta charset='utf-8'><title>eid-stream-adapt</title><style>{STYLE}</style>"
        f"<h1>Adapting to a site</h1><p><b>{html.escape(sentence)}</b></p>"
        f"<table><tr><th>on frames kept aside</th><th>in use</th><th>adapted</th></tr>{rows}</table>"
        f"<h2>What was learned from</h2><table>{told}</table>{sheets}"
        "<p>Research software, not a medical device. No clinician has judged the result.</p>\n",
        encoding="utf-8",
    )


def sentence_of(verdict: Verdict) -> str:
    """What was decided, in one sentence."""
    if verdict.refused:
        return f"The adapted weights are not used: {'; '.join(verdict.refused)}. The weights in use stay."
    gained = verdict.after.smoke_gain - verdict.before.smoke_gain
    return f"The adapted weights are better: rendered smoke over the site's clear frames gains {gained:.2f} dB more."


def _compared(verdict: Verdict) -> list[tuple[str, Any, Any]]:
    before, after = asdict(verdict.before), asdict(verdict.after)
    return [(meaning, before[name], after[name]) for name, meaning in MEANING.items()]


def _shown(value: float | None) -> str:
    return "no frames" if value is None else f"{value:g}"


def _sheets(judgement: Judgement) -> list[tuple[str, str, Tensor]]:
    columns = "as captured, corrected by the weights in use, by the adapted ones"
    data = judgement.data
    return [
        ("Real smoke", columns, _some(data.hazy)),
        ("Rendered smoke", columns, _some(data.smoky[1])),
        ("Clear", columns, _some(data.clear)),
    ]


def _some(pictures: Tensor) -> Tensor:
    places = np.linspace(0, len(pictures) - 1, min(SHOWN, len(pictures))).round().astype(int)
    return pictures[places.tolist()]


def _sheet(engines: Sequence[Engine], pictures: Tensor) -> str:
    columns = [pictures, *(cleared(engine, pictures)[0] for engine in engines)]
    rows = [np.concatenate([c[n].permute(1, 2, 0).numpy() for c in columns], axis=1) for n in range(len(pictures))]
    codes = np.rint(np.concatenate(rows) * 255.0).astype(np.uint8)[..., ::-1]
    return base64.b64encode(cv2.imencode(".jpg", codes, [cv2.IMWRITE_JPEG_QUALITY, 88])[1].tobytes()).decode("ascii")
