"""A page is given what it declares, in the type it declares, or the run stops before it begins."""

import pytest
from nbformat.v4 import new_code_cell, new_notebook

from leadreport.errors import InputError, PageError
from leadreport.run.parameters import assigned, declared, read_values

PAGES = {
    "00_first": {"workspace": ".", "as_of": "latest", "weeks": 26},
    "01_charts": {"workspace": ".", "as_of": "latest"},
}


def page_with(source, *, tags=("parameters",)):
    return new_notebook(cells=[new_code_cell(source, metadata={"tags": list(tags)})])


def give(**to_some):
    return assigned(PAGES, to_all={"workspace": ".", "as_of": "2026-11-16"}, to_some=to_some)


def test_every_page_gets_workspace_and_instant_and_further_values_only_where_declared():
    assert give(weeks=13) == {
        "00_first": {"workspace": ".", "as_of": "2026-11-16", "weeks": 13},
        "01_charts": {"workspace": ".", "as_of": "2026-11-16"},
    }


def test_a_mistyped_name_is_refused_with_the_nearest_one():
    with pytest.raises(InputError) as told:
        give(weks=13)
    assert str(told.value) == "no page has a parameter 'weks'\n\nHint: did you mean 'weeks'?"


@pytest.mark.parametrize(
    ("value", "found"), [("13", "'13' (text)"), (True, "True (True or False)"), (1.5, "1.5 (a number)")]
)
def test_a_value_of_the_wrong_type_is_refused(value, found):
    with pytest.raises(InputError) as told:
        give(weeks=value)
    assert told.value.problem == "page 00_first: parameter 'weeks' must be a whole number"
    assert told.value.found == found
    assert told.value.hint == "its default is 26"


def test_a_page_that_cannot_be_told_the_instant_is_refused():
    with pytest.raises(InputError, match="page a has no parameter 'as_of'") as told:
        assigned({"a": {"workspace": "."}}, to_all={"workspace": ".", "as_of": "2026-11-16"}, to_some={})
    assert told.value.hint == "every page declares workspace and as_of in its cell tagged 'parameters'"


@pytest.mark.parametrize("name", ["password", "api_key", "hubspot_token", "client_secret"])
def test_a_secret_is_no_parameter(name):
    with pytest.raises(InputError, match="looks like a secret"):
        assigned({"a": {name: ""}}, to_all={}, to_some={name: "x"})


def test_without_a_tagged_cell_the_page_would_overwrite_what_it_is_given():
    with pytest.raises(PageError, match="page a has no cell tagged 'parameters'"):
        declared(page_with("as_of = 'latest'", tags=()), page="a")


@pytest.mark.parametrize("source", ["as_of = today()", "as_of, weeks = 1, 2", "import os", "weeks = = 3"])
def test_defaults_are_literals(source):
    with pytest.raises(PageError, match="page a: its cell tagged 'parameters' holds more than literals"):
        declared(page_with(source), page="a")


def test_a_line_with_a_second_equals_sign_in_its_comment_is_read_all_the_same():
    assert declared(page_with('rule = "a==b"  # as in x = y'), page="a") == {"rule": "a==b"}


def test_texts_of_the_command_line_are_read_as_the_type_of_the_default_and_never_guessed():
    defaults = {"region": "DE", "weeks": 26, "share": 0.5, "has_total": True, "channels": ["ads"]}
    texts = ["region=NO", "weeks=13", "share=1", "has_total=false", "channels=['ads', 'events']"]
    assert read_values(texts, defaults=defaults) == {
        "region": "NO", "weeks": 13, "share": 1, "has_total": False, "channels": ["ads", "events"],
    }  # fmt: skip


@pytest.mark.parametrize("text", ["weeks=007", "weeks=no", "weeks=1.5", "weeks=True", "weeks", "weks=3"])
def test_a_text_that_is_not_of_that_type_is_refused(text):
    with pytest.raises(InputError):
        read_values([text], defaults={"weeks": 26})
