"""Adapt the student to a site's own recordings: ``eid-stream-adapt --recordings DIR --out DIR``."""

import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from lightning_fabric import Fabric

from eid_stream.backends import open_engine
from eid_stream.core.engine_card import EngineCard
from eid_stream.core.errors import EidStreamError
from eid_stream.core.interfaces import Engine
from training.adapt.adaptation import AdaptOptions, adapt
from training.adapt.judgement import Judgement, Verdict
from training.adapt.report import sentence_of, write_report
from training.adapt.site_frames import LEAST_HAZY, digest_of, require_enough, site_frames
from training.command import run_command
from training.data.frames import FrameRecord
from training.data.picture_cache import load_pictures
from training.export.export_student import export_student
from training.student.options import HAZE
from training.student.train_student import load_scattering, use_threads
from training.student.trained import load_student

ROOT = Path(__file__).resolve().parents[2]
START = ROOT / "training" / "checkpoints" / "recipe" / "student.safetensors"
NEIGHBOURS = 24


class NotBetterError(EidStreamError):
    """Adapted weights are no better than those in use, which stay."""

    exit_code = 8


def main(
    *,
    recordings: Path,
    out: Path = Path("adapted"),
    start: Path = START,
    weights: str | None = None,
    eid: Path | None = ROOT / HAZE,
    options: AdaptOptions | None = None,
    accelerator: str = "cpu",
    threads: int | None = None,
) -> None:
    """Adapt the student to a site's own recordings, and keep the result only if it is better.

    Nothing is labelled by hand and nothing leaves this machine. A stopped run goes on when the command is given again.
    Writes OUT/weights, to be used by --weights OUT/weights, and OUT/report.html. If the adapted weights are not better
    on frames kept aside, there is no OUT/weights, one sentence says why, and the exit status is 8.

    Args:
        recordings: Folder of videos, an hour or more; they should show clear moments and smoke.
        out: Folder for weights, report, frames and the state of the run.
        start: Checkpoint of the student to begin with.
        weights: Weights in use, which the adapted ones must beat; those of EID_STREAM_WEIGHTS or the package's else.
        eid: Haze operator of training.eid.train_haze for EID's equivariance; the word none leaves it out.
        options: How; every field is an option of its own.
        accelerator: cpu or cuda.
        threads: CPU threads; PyTorch decides otherwise.
    """
    use_threads(threads)
    options = options or AdaptOptions()
    eid = None if eid == Path("none") else eid
    in_use = open_engine("onnx", weights)
    try:
        records = site_frames(recordings, out, in_use)
        verdict = adapt_to(records, in_use, out, start=start, eid=eid, options=options, accelerator=accelerator)
    finally:
        in_use.close()
    sentence = sentence_of(verdict)
    if verdict.refused:
        raise NotBetterError(f"{sentence} Report: {out}/report.html")
    print(f"{sentence}\nUse them with: --weights {out}/weights\nReport: {out}/report.html", file=sys.stderr)


def adapt_to(
    records: list[FrameRecord],
    in_use: Engine,
    out: Path,
    *,
    start: Path,
    eid: Path | None,
    options: AdaptOptions,
    accelerator: str = "cpu",
) -> Verdict:
    """Fine-tune on sorted frames, judge, write the report, and keep the weights if they are better."""
    require_enough(records)
    student, made_by = load_student(start)
    facts = facts_of(records, start)
    adapted = adapt(
        records,
        options.student_options(start, student.shape, eid),
        load_scattering(eid) if eid else None,
        out,
        described={"command": "training.adapt.adapt_student", "adapted to": facts},
        fabric=Fabric(accelerator=accelerator, devices=1),
    )
    tried = out / "tried"
    licences = [*made_by.get("licences", []), f"adapted to {facts['frames']} frames, SHA-256 {facts['sha256'][:12]}"]
    card = export_student(
        adapted, {"command": "training.adapt.adapt_student", "step": options.steps, "licences": licences}, tried
    )
    judgement = Judgement(
        load_pictures([r for r in records if r.split == "val" and r.kind != "unclear"]), _row(records)
    )
    new = open_engine("onnx", str(tried))
    try:
        verdict = judgement.compare(in_use, new)
        write_report(out / "report.html", verdict, judgement, (in_use, new), facts)
    finally:
        new.close()
    keep(tried, out / "weights", card, verdict)
    return verdict


def facts_of(records: list[FrameRecord], start: Path) -> dict[str, Any]:
    """What was learned from, fit for a card: counts and hashes, no names of recordings."""
    counts = {
        f"{kind}, {split}": sum(r.kind == kind and r.split == split for r in records)
        for kind in ("clear", "hazy", "unclear")
        for split in ("train", "val")
    }
    hazy = counts["hazy, train"]
    return {
        "frames": len(records),
        "recordings": len({r.video for r in records}),
        **counts,
        "sha256": digest_of(records),
        "begun with": start.name if start != START else "the recipe's student",
        "real smoke": "learned from" if hazy >= LEAST_HAZY else "too little of it: rendered smoke stands in",
    }


def _row(records: list[FrameRecord]) -> Any:
    """Neighbouring frames of one recording, to judge flicker by."""
    aside = [r for r in records if r.split == "val"]
    names = sorted({r.video for r in aside}, key=lambda name: -sum(r.video == name for r in aside))
    of_one = [r for r in aside if names and r.video == names[0]][:NEIGHBOURS]
    return [replace(p, kind="clear") for p in load_pictures(of_one)]


def keep(tried: Path, weights: Path, card: EngineCard, verdict: Verdict) -> None:
    """Give the weights their place, with the figures of both on their card; or none."""
    if verdict.refused:
        return
    figures = {f"{when} {name}": value for when, f in (("before", verdict.before), ("after", verdict.after))
               for name, value in asdict(f).items() if value is not None}  # fmt: skip
    replace(card, name="adapted", metrics=figures).save(tried / "student.json")
    if weights.exists():
        for file in weights.iterdir():
            file.unlink()
        weights.rmdir()
    tried.rename(weights)


if __name__ == "__main__":
    run_command(main)
