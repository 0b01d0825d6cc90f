from dataclasses import replace
from pathlib import Path

from training.student.lessons import Lesson, lessons
from training.student.options import StudentOptions

OPTIONS = StudentOptions(steps=9, puffs_first=3, validate_every=4, puff_share=0.5)


def _stretches(made: list[Lesson]) -> list[tuple[int, int]]:
    return [(lesson.steps.start, lesson.steps.stop) for lesson in made]


def test_lessons_end_where_the_student_is_validated_and_where_everything_begins() -> None:
    assert _stretches(list(lessons(OPTIONS))) == [(0, 3), (3, 4), (4, 8), (8, 9)]
    assert _stretches(list(lessons(OPTIONS, first=4))) == [(4, 8), (8, 9)]
    assert not list(lessons(OPTIONS, first=9))


def test_puffs_come_first_and_then_what_was_asked_for() -> None:
    puffs, everything, *_ = lessons(OPTIONS)
    assert puffs.puff_share > everything.puff_share == OPTIONS.puff_share
    assert puffs.weights.dark == puffs.sizes.witnesses == 0
    assert not puffs.sizes.turned, "what is not yet seen cannot be agreed on"
    assert (everything.weights, everything.sizes) == (OPTIONS.weights, OPTIONS.sizes)


def test_a_student_that_begins_trained_has_had_its_puffs() -> None:
    begun = replace(OPTIONS, start=Path("student.safetensors"))
    assert _stretches(list(lessons(begun))) == [(0, 4), (4, 8), (8, 9)]
