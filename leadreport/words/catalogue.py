"""What a column and a headline number are called, what they measure, and the sentences on what needs attention."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "text", "stage", "rate", "points", "count", "change", "number", "score", "ratio", "money",
    "days", "hours", "date", "instant", "week", "flag",
]  # fmt: skip
"""What a column measures, which decides its format; `leadreport.formats.KINDS` has the format of each."""


@dataclass(frozen=True)
class Column:
    """A column as people read it.

    `label` is its heading and `german` the same in German. `kind` says what it measures; where it is None, the `name`
    of each row does. `interval` names the two columns that hold the ends of its interval, when they are not simply
    `x_low` and `x_high`. `decimals` replaces the usual number of decimals of its kind.
    """

    label: str
    kind: Kind | None = None
    interval: tuple[str, str] | None = None
    decimals: int | None = None
    german: str | None = None


@dataclass(frozen=True)
class Headline:
    """A headline number as people read it.

    `needs` names the tables and stages without which the number is not known; leads are always needed. `better` is the
    direction that is an improvement. `n_of` names what the number is based on; a count is its own n.
    """

    label: str
    kind: Kind
    needs: tuple[str, ...]
    better: Literal["up", "down"] = "up"
    n_of: str | None = None
    german: str | None = None


HEADLINES: dict[str, Headline] = {
    "leads": Headline("New leads", "count", (), german="Neue Leads"),
    "mqls": Headline("MQLs", "count", ("mql",)),
    "sqls": Headline("SQLs", "count", ("sql",)),
    "customers": Headline("New customers", "count", ("customer",), german="Neue Kunden"),
    "lead_to_mql_rate": Headline(
        "Leads that became MQL", "rate", ("mql",), n_of="leads", german="Leads, die MQL wurden"
    ),
    "mql_to_sql_rate": Headline(
        "MQLs that became SQL", "rate", ("mql", "sql"), n_of="MQLs", german="MQLs, die SQL wurden"
    ),
    "lead_to_customer_rate": Headline(
        "Leads that bought", "rate", ("customer",), n_of="leads", german="Leads, die kauften"
    ),
    "attainment_rate": Headline(
        "MQLs answered in time", "rate", ("activities", "mql"), n_of="MQLs", german="Rechtzeitig beantwortete MQLs"
    ),
    "acceptance_rate": Headline(
        "MQLs accepted by sales", "rate", ("mql", "sal"), n_of="MQLs", german="Angenommene MQLs"
    ),
    "cost_per_sql": Headline(
        "Cost per SQL", "money", ("spend", "sql"), better="down", n_of="SQLs", german="Kosten je SQL"
    ),
}
"""Every headline number by its name, as `lr.headlines` gives them and the archive keeps them."""


@dataclass(frozen=True)
class Sentence:
    """A sentence about something that needs attention: `text` with {subject}, {number} and {against}.

    `needs` names the tables and stages that it rests on. The fields `number` and `against` say what these two measure.
    """

    text: str
    needs: tuple[str, ...]
    number: Kind = "number"
    against: Kind = "number"


ATTENTION: dict[str, Sentence] = {
    "overdue": Sentence(
        "MQLs overdue: {number}. The longest has waited {against} of working time.",
        ("activities", "mql"),
        "count",
        against="hours",
    ),
    "slow owner": Sentence(
        "{subject} answers fewer MQLs in time than the team: {number} against {against}.",
        ("activities", "mql"),
        "rate",
        against="rate",
    ),
    "above value": Sentence(
        "Leads from {subject} cost more than they return: {number} against {against}.",
        ("spend", "customer"),
        "money",
        against="money",
    ),
    "rising": Sentence("{subject}: rising over the last six weeks.", ()),
    "falling": Sentence("{subject}: falling over the last six weeks.", ()),
    "new definition": Sentence("A definition changed: {subject}.", ()),
}
"""The sentence for each kind of row that `lr.attention` gives."""
