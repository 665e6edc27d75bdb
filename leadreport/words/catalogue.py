"""What a column and a headline number are called, what they measure, and the sentence on each finding."""

from dataclasses import dataclass
from typing import Literal

from leadreport.words.verdicts import FALSE_ALARM_RATE

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


Turn = Literal["marketing", "sales", "both"]
"""Who acts on a finding."""

CHANGES = "02_funnel.html#what-changed-this-week-and-is-the-change-real"


@dataclass(frozen=True)
class Headline:
    """A headline number as people read it.

    `needs` names the tables and stages without which the number is not known; leads are always needed. `better` is the
    direction that is an improvement. `n_of` names what the number is based on; a count is its own n.
    `false_alarms` is the share of weeks in which it says that a level changed although none did: one in a hundred for
    the counts, which the reader acts on in the same week, one in four hundred for the others, so that all together
    stay below one report in twenty. `turn` says who acts when it changes, `link` where to look.
    """

    label: str
    kind: Kind
    needs: tuple[str, ...] = ()
    better: Literal["up", "down"] = "up"
    n_of: str | None = None
    german: str | None = None
    turn: Turn = "both"
    link: str = CHANGES

    @property
    def false_alarms(self) -> float:
        return FALSE_ALARM_RATE if self.kind == "count" else FALSE_ALARM_RATE / 4


HEADLINES: dict[str, Headline] = {
    "leads": Headline("New leads", "count", german="Neue Leads", turn="marketing"),
    "mqls": Headline("MQLs", "count", ("mql",), turn="marketing"),
    "sqls": Headline("SQLs", "count", ("sql",)),
    "customers": Headline("New customers", "count", ("customer",), german="Neue Kunden"),
    "lead_to_mql_rate": Headline(
        "Leads that became MQL", "rate", ("mql",), n_of="leads", german="Leads, die MQL wurden", turn="marketing"
    ),
    "mql_to_sql_rate": Headline(
        "MQLs that became SQL", "rate", ("mql", "sql"), n_of="MQLs", german="MQLs, die SQL wurden"
    ),
    "lead_to_customer_rate": Headline(
        "Leads that bought", "rate", ("customer",), n_of="leads", german="Leads, die kauften"
    ),
    "attainment_rate": Headline(
        "MQLs answered in time",
        "rate",
        ("activities", "mql"),
        n_of="MQLs",
        german="Rechtzeitig beantwortete MQLs",
        turn="sales",
        link="03_handoff.html#how-fast-does-sales-answer",
    ),
    "acceptance_rate": Headline(
        "MQLs accepted by sales",
        "rate",
        ("mql", "sal"),
        n_of="MQLs",
        german="Angenommene MQLs",
        link="03_handoff.html#does-sales-accept-what-marketing-hands-over",
    ),
    "cost_per_sql": Headline(
        "Cost per SQL",
        "money",
        ("spend", "sql"),
        better="down",
        n_of="SQLs",
        german="Kosten je SQL",
        turn="marketing",
        link="05_cost.html#what-does-an-sql-cost-by-channel",
    ),
}
"""Every headline number by its name, as `lr.headlines` gives them and the archive keeps them."""


@dataclass(frozen=True)
class Sentence:
    """The sentence on a kind of finding, with whose turn it is and where to look.

    `text` has {subject}, {size}, {interval}, {against}, {n}, {since}, {cause} and {judgement}; a part in [brackets] is
    left out when a value in it is missing. `size` and `against` say what these two measure; None means that the
    subject is a headline, which says it, and whose turn, page and needs count then.
    """

    text: str
    size: Kind | None = None
    against: Kind | None = None
    turn: Turn | None = None
    link: str | None = None
    needs: tuple[str, ...] = ()


FINDINGS: dict[str, Sentence] = {
    "target missed": Sentence("{subject}: {size}[ {interval}], target {against}: missed."),
    "level up": Sentence("{subject} rose to {size} from {against} in the week of {since}[: {cause}][ ({judgement})]."),
    "level down": Sentence(
        "{subject} fell to {size} from {against} in the week of {since}[: {cause}][ ({judgement})]."
    ),
    "more but weaker": Sentence(
        "{subject} rose to {size} from {against} in the week of {since}[: {cause}]. They are less likely to buy."
    ),
    "up": Sentence("{subject}: {size}, up from {against}[ ({judgement})]."),
    "down": Sentence("{subject}: {size}, down from {against}[ ({judgement})]."),
    "rising": Sentence("{subject}: rising over the last six weeks[ ({judgement})]."),
    "falling": Sentence("{subject}: falling over the last six weeks[ ({judgement})]."),
    "slow owner": Sentence(
        "{subject} answers fewer MQLs in time than the others answer of similar leads: {size} against {against}"
        " (n = {n}).",
        *("rate", "rate", "sales", "03_handoff.html#whose-leads-wait"),
        needs=("activities", "mql"),
    ),
    "lenient owner": Sentence(
        "{subject} accepts more MQLs than colleagues accept of similar ones: {size} against {against} (n = {n}).",
        *("rate", "rate", "sales", "03_handoff.html#do-reps-judge-similar-leads-the-same-way"),
        needs=("mql", "sal"),
    ),
    "above value": Sentence(
        "Leads from {subject} cost more than they return: {size} against {against} (n = {n}).",
        *("money", "money", "marketing", "05_cost.html#is-a-lead-worth-what-it-costs"),
        needs=("spend", "customer"),
    ),
    "overdue": Sentence(
        "{size} MQLs are overdue, {n} of them from the last 13 weeks. Of these, the longest has waited {against}"
        " working days.",
        *("count", "count", "sales", "03_handoff.html#which-leads-wait-right-now"),
        needs=("activities", "mql"),
    ),
    "new definition": Sentence(
        "A definition changed on {since}: {subject}.",
        *("number", "number", "both", "02_funnel.html#what-changed-this-week-and-is-the-change-real"),
    ),
}
"""The sentence for each kind of row that `lr.findings` gives."""
