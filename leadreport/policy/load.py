"""Read a policy from a file or a preset, and say in a sentence what is wrong with it."""

import tomllib
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from leadreport.errors import PolicyError, did_you_mean
from leadreport.policy.criteria import KINDS, SUBJECTS
from leadreport.policy.model import Policy

Model = TypeVar("Model", bound=BaseModel)

PRESETS: tuple[str, ...] = ("startup", "consultancy", "agency")
"""Ready-made policies: a start that two departments can edit and sign."""

FORMAT = 1
"""The newest format of `policy.toml` and `sources.toml` that is read here; a file that names none has format 1."""


def load_policy(path: Path) -> Policy:
    """The validated policy of a file; an error names the file, the key, what was found and what is allowed."""
    if not path.is_file():
        raise PolicyError(
            f"{path} is missing", hint=f"write one with 'leadreport init {path.parent} --preset startup', then edit it"
        )
    return parse_policy(path.read_text(encoding="utf-8-sig"), name=path.name)


def preset_text(name: str) -> str:
    """The commented `policy.toml` of a preset: its own criteria between the sections that all share.

    Examples
    --------
    >>> "trial_started" in preset_text("startup")
    True
    """
    if name not in PRESETS:
        raise PolicyError(f"there is no preset '{name}'", hint=did_you_mean(name, PRESETS))
    head, own, tail = (Path(__file__).parent / "preset" / f"{part}.toml" for part in ("head", name, "tail"))
    return "\n".join(part.read_text(encoding="utf-8") for part in (head, own, tail))


def parse_policy(text: str, *, name: str = "policy.toml") -> Policy:
    """The policy in a text; messages call it by `name`."""
    return parse_model(text, model=Policy, name=name)


def parse_model(text: str, *, model: type[Model], name: str) -> Model:
    """A validated model from TOML; all errors are reported together, one line each."""
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise PolicyError(f"{name} is not valid TOML", found=str(error), hint="see toml.io for the notation") from None
    refuse_newer_format(content.get("format"), name=name)
    try:
        return model.model_validate(content)
    except ValidationError as error:
        lines = [sentence(detail, model=model, name=name) for detail in error.errors()]
        raise PolicyError(
            "\n".join(lines), hint=f"correct {name}; 'leadreport init' writes a commented example"
        ) from None


def refuse_newer_format(number: object, *, name: str) -> None:
    """Raises when a file has the format of a later leadreport; its other keys need not mean what they mean here."""
    if isinstance(number, int) and number > FORMAT:
        raise PolicyError(
            f"{name} has format {number} and needs a newer leadreport",
            found=f"leadreport {version('leadreport')}, which reads format {FORMAT}",
            hint="upgrade leadreport; CHANGELOG.md names the version that brought each format",
        )


def sentence(detail: ErrorDetails, *, model: type[BaseModel], name: str) -> str:
    """One error in one line: file, key, what was found, what is allowed."""
    key = dotted(detail["loc"])
    found = detail["input"]
    context = detail.get("ctx", {})
    match detail["type"]:
        case "extra_forbidden":
            *place, unknown = detail["loc"]
            return f"{name}: {key}: unknown key; {did_you_mean(str(unknown), keys_at(model, tuple(place)))}"
        case "missing":
            return f"{name}: {key}: is missing"
        case "literal_error":
            allowed = context["expected"].replace(" or ", ", ").replace("'", "").split(", ")
            return f"{name}: {key}: {found!r} is not allowed; {did_you_mean(str(found), allowed)}"
        case "union_tag_not_found" | "union_tag_invalid":
            keys = list(found) if isinstance(found, dict) else [str(found)]
            return (
                f"{name}: {key}: {found!r} is not a criterion; {did_you_mean(keys[0] if keys else '', list(SUBJECTS))}"
            )
        case "value_error":
            return f"{name}: {key}: {shown(found)}{context['error']}"
        case _:
            return f"{name}: {key}: {shown(found)}{detail['msg'][0].lower()}{detail['msg'][1:]}"


def shown(found: Any) -> str:
    """A short value as part of a message; nothing for a whole section."""
    return f"found {found!r}: " if isinstance(found, str | int | float | bool) else ""


def dotted(location: tuple[int | str, ...]) -> str:
    """The key as a person would write it: criteria.sql.all[1].stage."""
    text = ""
    for before, part in zip((None, *location), location, strict=False):
        is_tag = part in KINDS and isinstance(before, int)
        if not is_tag:
            text += f"[{part}]" if isinstance(part, int) else f".{part}"
    return text.lstrip(".") or "the file"


def keys_at(model: type[BaseModel], location: tuple[int | str, ...]) -> list[str]:
    """The keys that are allowed at a place of the model."""
    here: Any = model
    for part in location:
        if part in KINDS:
            here = KINDS[str(part)]
        elif isinstance(part, str) and isinstance(here, type) and issubclass(here, BaseModel):
            fields = {field.alias or name: field for name, field in here.model_fields.items()}
            here = model_in(fields[part].annotation) if part in fields else here
    return [field.alias or name for name, field in here.model_fields.items()]


def model_in(annotation: Any) -> Any:
    """The model inside an annotation such as dict[str, Model], list[Model] or Model | None."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((inner for part in getattr(annotation, "__args__", ()) if (inner := model_in(part)) is not None), None)
