"""Write every page that is made from what is there: ``python -m deploy.papers``."""

from pathlib import Path

from deploy.papers import hazards, model_card, software


def pages() -> dict[Path, str]:
    """Every page, and what it has to say today."""
    card = model_card.PAGE.read_text(encoding="utf-8")
    return {
        hazards.PAGE: hazards.page_of(hazards.read_hazards()),
        software.PAGE: software.page_of(),
        model_card.PAGE: model_card.page_of(card, model_card.read_engine_card()),
    }


def main() -> None:
    """Write them all."""
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")
        print(path)


if __name__ == "__main__":
    main()
