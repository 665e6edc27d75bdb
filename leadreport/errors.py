"""How a message is built: the problem, what was found, what to do."""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches


class LeadreportError(Exception):
    """A problem that a person can fix, in three parts.

    Parameters
    ----------
    problem
        What is wrong: the file, the column or key, how many rows.
    found
        What is there instead; a few sorted examples.
    hint
        What to do about it, with real names.

    Examples
    --------
    >>> print(LeadreportError("leads.csv has no column 'lead_id'", found="id, name", hint="map it in sources.toml"))
    leads.csv has no column 'lead_id'
    <BLANKLINE>
    Found: id, name
    <BLANKLINE>
    Hint: map it in sources.toml
    """

    def __init__(self, problem: str, *, found: str | None = None, hint: str | None = None) -> None:
        self.problem = problem
        self.found = found
        self.hint = hint
        super().__init__(problem)

    def __str__(self) -> str:
        parts = [self.problem]
        if self.found:
            parts.append(f"Found: {self.found}")
        if self.hint:
            parts.append(f"Hint: {self.hint}")
        return "\n\n".join(parts)


class PolicyError(LeadreportError):
    """`policy.toml` or `sources.toml` is missing, invalid, or does not fit the data."""


class InputError(LeadreportError):
    """A file, a column or its rows cannot be used as they are."""


class PageError(LeadreportError):
    """A page failed, or would publish something it must not."""


def listed(names: Iterable[object], *, most: int = 12) -> str:
    """Sorted names in one line; a long list is cut and says by how much.

    Examples
    --------
    >>> listed(["b", "a", "c"], most=2)
    'a, b and 1 more'
    """
    ordered = sorted({str(name) for name in names})
    shown = ", ".join(ordered[:most])
    left = len(ordered) - most
    return f"{shown} and {left} more" if left > 0 else shown


def nearest(name: str, choices: Iterable[str], *, most: int = 2, cutoff: float = 0.6) -> list[str]:
    """The choices that resemble a name, nearest first; case, spaces and underscores make no difference.

    Examples
    --------
    >>> nearest("Lead ID", ["lead_id", "created_at"])
    ['lead_id']
    """
    by_fold = {folded(choice): choice for choice in choices}
    return [by_fold[match] for match in get_close_matches(folded(name), list(by_fold), n=most, cutoff=cutoff)]


def folded(name: str) -> str:
    """A name without case, underscores and surplus spaces, for comparison."""
    return " ".join(name.casefold().replace("_", " ").split())


def did_you_mean(name: str, choices: Sequence[str]) -> str:
    """A question with the nearest valid names, or the list of all when none is near.

    Examples
    --------
    >>> did_you_mean("custmer", ["lead", "customer"])
    "did you mean 'customer'?"
    >>> did_you_mean("x", ["lead", "customer"])
    'allowed: customer, lead'
    """
    near = nearest(name, choices)
    return f"did you mean {' or '.join(map(repr, near))}?" if near else f"allowed: {listed(choices, most=20)}"
