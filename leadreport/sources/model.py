"""What `sources.toml` may say: the files, and how their columns become ours."""

from typing import Literal

from pydantic import model_validator

from leadreport.errors import did_you_mean
from leadreport.policy.criteria import Strict
from leadreport.sources.mappings import (
    ActivitiesMapping,
    AnswersMapping,
    DealsMapping,
    FeedbackMapping,
    LeadsMapping,
    Mapping,
    SpendMapping,
    StagesMapping,
)
from leadreport.sources.notation import File
from leadreport.tables import TABLES


class Sources(Strict):
    """Where the seven tables come from.

    Examples
    --------
    >>> from leadreport.policy.load import parse_model
    >>> text = '''
    ... [files.contacts]
    ... path = "hubspot-*.csv"
    ... [[leads]]
    ... from = "contacts"
    ... columns = { lead_id = "Record ID", created_at = "Create Date" }
    ... '''
    >>> sources = parse_model(text, model=Sources, name="sources.toml")
    >>> sources.leads[0].columns["created_at"].column
    ['Create Date']
    """

    format: Literal[1] = 1
    folder: str = "."
    files: dict[str, File]
    leads: list[LeadsMapping] = []
    activities: list[ActivitiesMapping] = []
    stages: list[StagesMapping] = []
    deals: list[DealsMapping] = []
    spend: list[SpendMapping] = []
    answers: list[AnswersMapping] = []
    feedback: list[FeedbackMapping] = []

    def mappings(self) -> list[Mapping]:
        """All mappings, table by table."""
        return [mapping for table in TABLES for mapping in getattr(self, table)]

    @model_validator(mode="after")
    def every_file_is_known(self) -> "Sources":
        if not self.mappings():
            raise ValueError(f"maps no table; add at least one of {', '.join(f'[[{name}]]' for name in TABLES)}")
        for mapping in self.mappings():
            if mapping.from_ not in self.files:
                choice = did_you_mean(mapping.from_, list(self.files))
                raise ValueError(
                    f"[[{mapping.table}]] reads from '{mapping.from_}', but there is no such file; {choice}"
                )
        return self
