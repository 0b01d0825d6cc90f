"""Write every page that is made from what is there: ``python -m deploy.papers``."""

from deploy.papers import hazards, software


def main() -> None:
    """Write them all."""
    for path, text in ((hazards.PAGE, hazards.page_of(hazards.read_hazards())), (software.PAGE, software.page_of())):
        path.write_text(text, encoding="utf-8")
        print(path)


if __name__ == "__main__":
    main()
