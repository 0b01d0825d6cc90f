"""The YAML configuration file: the same names as the flags, which win over it.

Not by ``cyclopts.config.Yaml`` (5.5), which tells no line of a mistake, fails on a folder and takes ``config:``.
"""

from pathlib import Path
from typing import Any

from cyclopts import App, ArgumentCollection

from eid_stream.core.errors import ConfigError
from eid_stream.core.host.redaction import remember


def read_configuration(path: Path, *, known: set[str]) -> dict[str, Any]:
    """Read a flat mapping from option names to values; ``-`` and ``_`` in names are the same.

    Raises:
        ConfigError: the file cannot be read, is not such a mapping, or holds names outside ``known``.
    """
    import yaml  # --help must not wait for it

    try:
        content: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise ConfigError(f"Cannot read the configuration file {path}: {reason}.") from error
    except (yaml.YAMLError, RecursionError, ValueError) as error:  # ValueError: 2026-02-31 is no day
        raise ConfigError(f"The configuration file {path} is not YAML: {_reason(error)}.") from error
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise ConfigError(f"The configuration file {path} must hold lines such as 'strength: 0.8'.")
    values = {str(key).replace("_", "-"): value for key, value in content.items()}
    for key, value in values.items():
        _check(path, key, value, known)
    return {key: value for key, value in values.items() if value is not None}


def _check(path: Path, key: str, value: Any, known: set[str]) -> None:
    if key not in known:
        from difflib import get_close_matches

        near = get_close_matches(key, known, n=1)
        hint = f"Did you mean {near[0]!r}?" if near else f"Known are {', '.join(sorted(known))}."
        raise ConfigError(f"The configuration file {path} has an unknown key {key!r}. {hint}")
    if any(isinstance(part, dict | list) for part in (value if isinstance(value, list) else [value])):
        raise ConfigError(f"In the configuration file {path}, {key!r} must be a value or a list of values.")
    remember(part for part in (value if isinstance(value, list) else [value]) if isinstance(part, str))


def _reason(error: Exception) -> str:
    """What is wrong and where, without the line itself: it may hold a password."""
    import yaml

    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        return f"line {error.problem_mark.line + 1}, {error.problem or error.context}"
    return "it is nested too deep" if isinstance(error, RecursionError) else " ".join(str(error).split())


def fill_from_file(app: App, commands: tuple[str, ...], arguments: ArgumentCollection) -> None:
    """Give every option that the command line left out its value from the file named by ``--config``.

    Raises:
        ConfigError: the file cannot be used.
    """
    if not any(argument.name == "--config" for argument in arguments):
        return
    named = {argument.name.removeprefix("--"): argument for argument in arguments if argument.name.startswith("--")}
    tokens = named.pop("config").tokens
    if tokens:
        from cyclopts.config import Dict

        path = Path(tokens[0].value)
        Dict(read_configuration(path, known=set(named)), source=str(path))(app, commands, arguments)
