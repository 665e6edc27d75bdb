"""The notebooks of a run and their parameters: which values each page declares, and whether the given ones fit."""

import ast
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from leadreport.errors import InputError, PageError, did_you_mean
from leadreport.publish import plain

Values = Mapping[str, object]

SET_BY_THE_RUN = ("workspace", "as_of", "published")
"""Parameters that the run itself sets; the command line does not offer them."""

SECRET = re.compile(r"(^|_)(password|passwd|secret|token|api_?key|credentials?)($|_)", re.IGNORECASE)
"""Names that are refused, because parameters are printed in the page and kept in the run's record."""

TYPES = {
    bool: "True or False",
    int: "a whole number",
    float: "a number",
    str: "text",
    list: "a list",
    dict: "a mapping",
}


def chosen_notebooks(folder: Path, pages: Sequence[str] | None) -> dict[str, NotebookNode]:
    """The notebooks of a run by page name, in reading order; all of the folder when no pages are given."""
    found = {path.stem: path for path in sorted(folder.glob("*.ipynb"))}
    if not found:
        raise InputError(f"{folder} holds no notebook", hint="name the folder of the pages with --notebooks")
    for page in pages or ():
        if page not in found:
            raise InputError(f"there is no page '{page}' in {folder}", hint=did_you_mean(page, list(found)))
    return {page: read_notebook(path) for page, path in found.items() if pages is None or page in pages}


def read_notebook(path: Path) -> NotebookNode:
    """The notebook in a file."""
    try:
        return nbformat.read(path, as_version=4)
    except (ValueError, AttributeError, OSError) as error:
        raise PageError(f"{path} is not a notebook", found=plain(str(error))) from None


def defaults_of(folder: Path, pages: Sequence[str] | None) -> dict[str, object]:
    """All parameters that the pages of a run declare, with the default of the first page that declares each."""
    defaults: dict[str, object] = {}
    for page, notebook in chosen_notebooks(folder, pages).items():
        defaults = {**declared(notebook, page=page), **defaults}
    return defaults


def declared(notebook: NotebookNode, *, page: str) -> dict[str, object]:
    """The parameters that a page declares, with their defaults.

    Raises
    ------
    PageError
        When no cell is tagged `parameters` (papermill would set values and the page overwrite them), or a default is
        not a literal.

    Examples
    --------
    >>> from nbformat.v4 import new_code_cell, new_notebook
    >>> cell = new_code_cell('as_of = "latest"  # a date\\nweeks = 26', metadata={"tags": ["parameters"]})
    >>> declared(new_notebook(cells=[cell]), page="02_funnel")
    {'as_of': 'latest', 'weeks': 26}
    """
    cell = next((cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", [])), None)
    if cell is None:
        raise PageError(
            f"page {page} has no cell tagged 'parameters'",
            hint="put its defaults into one cell tagged 'parameters'; without the tag they overwrite what is set",
        )
    try:
        return dict(default for line in ast.parse(cell.source).body for default in _defaults(line))
    except (SyntaxError, ValueError):
        raise PageError(
            f"page {page}: its cell tagged 'parameters' holds more than literals",
            found=cell.source,
            hint='write one `name = value` a line, such as `weeks = 26  # weeks` or `as_of = "latest"  # a date`',
        ) from None


def _defaults(line: ast.stmt) -> list[tuple[str, object]]:
    match line:
        case ast.Assign(targets=targets, value=value) if all(isinstance(target, ast.Name) for target in targets):
            return [(target.id, ast.literal_eval(value)) for target in targets if isinstance(target, ast.Name)]
        case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
            return [(name, ast.literal_eval(value))]
        case ast.Expr(value=ast.Constant()):
            return []
    raise ValueError


def assigned(pages: Mapping[str, Values], *, to_all: Values, to_some: Values) -> dict[str, dict[str, object]]:
    """The values of each page: every page declares all of `to_all`, and at least one page each of `to_some`.

    Parameters
    ----------
    pages
        For each page the parameters it declares, with their defaults.

    Raises
    ------
    InputError
        When a parameter is unknown, of the wrong type, or a secret.

    Examples
    --------
    >>> pages = {"a": {"as_of": "latest", "weeks": 26}, "b": {"as_of": "latest"}}
    >>> assigned(pages, to_all={"as_of": "2026-11-16"}, to_some={"weeks": 13})
    {'a': {'as_of': '2026-11-16', 'weeks': 13}, 'b': {'as_of': '2026-11-16'}}
    """
    for name in [*to_all, *to_some]:
        if SECRET.search(name):
            raise InputError(
                f"parameter '{name}' looks like a secret: parameters are printed in the page and kept in its record",
                hint="let the page read it from the environment",
            )
    known = sorted({name for defaults in pages.values() for name in defaults})
    for name in to_some:
        if name not in known:
            raise InputError(f"no page has a parameter '{name}'", hint=did_you_mean(name, known))
    return {page: _of_page(page, defaults, to_all=to_all, to_some=to_some) for page, defaults in pages.items()}


def _of_page(page: str, defaults: Values, *, to_all: Values, to_some: Values) -> dict[str, object]:
    missing = [name for name in to_all if name not in defaults]
    if missing:
        raise InputError(
            f"page {page} has no parameter '{missing[0]}'",
            found=", ".join(defaults) or "none",
            hint=f"every page declares {' and '.join(to_all)} in its cell tagged 'parameters'",
        )
    wanted = {**to_some, **to_all}
    given = {name: wanted[name] for name in defaults if name in wanted}
    for name, value in given.items():
        if not fits(value, default=defaults[name]):
            raise InputError(
                f"page {page}: parameter '{name}' must be {TYPES[type(defaults[name])]}",
                found=f"{value!r} ({TYPES.get(type(value), type(value).__name__)})",
                hint=f"its default is {defaults[name]!r}",
            )
    return given


def fits(value: object, *, default: object) -> bool:
    """Whether a value has the type of a default; a whole number is a number, a default of None takes any value.

    Examples
    --------
    >>> fits(7, default=1.5), fits("7", default=7), fits(True, default=1), fits("x", default=None)
    (True, False, False, True)
    """
    if default is None:
        return True
    if isinstance(default, float):
        return isinstance(value, int | float) and not isinstance(value, bool)
    return type(value) is type(default)


def read_values(texts: Sequence[str], *, defaults: Values) -> dict[str, object]:
    """The values in `name=value` texts of a command line, each read as the type of its default.

    Raises
    ------
    InputError
        When a text has no `=`, the name is unknown or the value is not of the default's type.

    Examples
    --------
    >>> read_values(["region=NO", "weeks=13"], defaults={"region": "DE", "weeks": 26})
    {'region': 'NO', 'weeks': 13}
    """
    settable = {name: default for name, default in defaults.items() if name not in SET_BY_THE_RUN}
    values = {}
    for text in texts:
        name, sign, value = text.partition("=")
        if not sign or name not in settable:
            raise InputError(f"'{text}' sets no parameter of a page", hint=did_you_mean(name, sorted(settable)))
        values[name] = _read(name, value, default=settable[name])
    return values


def _read(name: str, text: str, *, default: object) -> object:
    if isinstance(default, str):
        return text
    try:
        value = {"true": True, "false": False}.get(text.casefold()) if isinstance(default, bool) else None
        value = ast.literal_eval(text) if value is None else value
    except (SyntaxError, ValueError):
        value = text
    if not fits(value, default=default):
        raise InputError(
            f"parameter '{name}' must be {TYPES[type(default)]}", found=repr(text), hint=f"its default is {default!r}"
        )
    return value
