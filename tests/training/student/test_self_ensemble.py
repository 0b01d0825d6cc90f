"""What a student sees in a picture and in its mirror images, averaged, and how it learns to say that at once."""

import pytest
import torch

from training.network.student import Student, StudentShape
from training.student.distillation_terms import against_ensemble
from training.student.self_ensemble import TURNS, agree

CONTENT = torch.ones(2, 1, 96, 128)


@pytest.fixture
def student() -> Student:
    """One that learned nothing, and sees something everywhere."""
    torch.manual_seed(3)
    student = Student(StudentShape(fine=8, coarse=8)).eval()
    torch.nn.init.normal_(student.head.weight, std=0.5)
    return student


@pytest.fixture
def ycbcr() -> torch.Tensor:
    return torch.rand(2, 3, 96, 128, generator=torch.Generator().manual_seed(4)) * 0.6


def test_turning_a_picture_turns_what_is_agreed_on_and_changes_nothing_else(
    student: Student, ycbcr: torch.Tensor
) -> None:
    straight = agree(student, ycbcr)
    assert not torch.allclose(student.see(ycbcr.flip(3)).logits.flip(3), student.see(ycbcr).logits, atol=0.01)
    for turn in TURNS:
        turned = agree(student, ycbcr.flip(turn))
        torch.testing.assert_close(turned.corrected.flip(turn), straight.corrected, atol=1e-4, rtol=1e-4)
        for one, other in zip(turned.sight, straight.sight, strict=True):
            torch.testing.assert_close(one.flip(turn), other, atol=1e-4, rtol=1e-4)
    assert not straight.corrected.requires_grad, "the mean must not come nearer to the student"


def test_a_student_that_says_what_is_agreed_on_has_nothing_to_learn_from_it(
    student: Student, ycbcr: torch.Tensor
) -> None:
    agreed = agree(student, ycbcr)
    assert float(against_ensemble(agreed.corrected, agreed.sight, agreed, CONTENT)) == pytest.approx(0.0, abs=1e-5)
    brighter = against_ensemble(agreed.corrected + 0.1, agreed.sight, agreed, CONTENT)
    assert float(brighter) == pytest.approx(0.1, abs=0.01)
    more = agreed.sight._replace(logits=agreed.sight.logits + 1.0)
    assert float(against_ensemble(agreed.corrected, more, agreed, CONTENT)) > 0.05
    nowhere = torch.zeros_like(CONTENT)
    assert float(against_ensemble(agreed.corrected + 0.1, more, agreed, nowhere)) == 0.0
