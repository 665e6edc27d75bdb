"""Ready-made policies: a start that two departments can edit and sign."""

from pathlib import Path

from leadreport.errors import PolicyError, did_you_mean

FOLDER = Path(__file__).parent / "preset"

PRESETS: tuple[str, ...] = ("startup", "consultancy", "agency")


def preset_text(name: str) -> str:
    """The commented `policy.toml` of a preset: its own criteria between the sections that all share.

    Examples
    --------
    >>> "trial_started" in preset_text("startup")
    True
    """
    if name not in PRESETS:
        raise PolicyError(f"there is no preset '{name}'", hint=did_you_mean(name, PRESETS))
    head, own, tail = (FOLDER / f"{part}.toml" for part in ("head", name, "tail"))
    return "\n".join(part.read_text(encoding="utf-8") for part in (head, own, tail))
