"""Tables, cards, sentences and banners of a page."""

import json
from datetime import UTC, date, datetime
from html.parser import HTMLParser
from types import SimpleNamespace

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from IPython.core.formatters import DisplayFormatter

from leadreport import formats, page
from leadreport.clock import Period
from leadreport.errors import PageError
from leadreport.formats import NBSP, NNBSP
from leadreport.words import HEADLINES_MIME, VERDICTS

CHANNELS = pl.DataFrame(
    {
        "channel": ["ads", "events", None],
        "leads": [1200, 35, 8],
        "close_rate": [0.05, 0.2, None],
        "low": [0.039, 0.1, None],
        "high": [0.064, 0.359, None],
        "cost_per_lead": [84.5, 1200.0, None],
    }
)


WITHOUT = SimpleNamespace(has=set().__contains__)
"""A workspace without any table."""


@pytest.fixture(autouse=True)
def english_euros():
    formats.use(language="en", currency="EUR", zone="UTC")
    yield
    formats.use(language="en", currency="EUR", zone="UTC")


class Reader(HTMLParser):
    """The elements of a piece of HTML and its text; fails on what is not closed."""

    def __init__(self, html):
        super().__init__()
        self.elements, self.open, self.text = [], [], []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)

    def having(self, name, value):
        return [tag for tag, attrs in self.elements if value in (attrs.get(name) or "").split()]


def plain(text):
    return text.replace(NNBSP, " ").replace(NBSP, " ")


def test_a_table_in_the_terminal_shows_every_row_aligned():
    shown = page.table(CHANNELS, caption="Close rate by channel")
    assert plain(repr(shown)).splitlines() == [
        "Close rate by channel",
        "Channel  Leads                 Close rate  Cost per lead",
        "-------  -----  -------------------------  -------------",
        "ads      1,200     5.0 % (3.9 % to 6.4 %)           € 85",
        "events      35  20.0 % (10.0 % to 35.9 %)        € 1,200",
        "–            8                          –              –",
    ]


def test_a_table_in_the_browser_is_semantic():
    html = page.table(CHANNELS, caption="Close rate by channel")._repr_mimebundle_()["text/html"]
    read = Reader(html)
    tags = [tag for tag, _ in read.elements]
    assert tags[:3] == ["div", "table", "caption"]
    assert read.having("scope", "col") == ["th"] * 4
    assert read.having("scope", "row") == ["th"] * 3
    assert read.having("class", "lr-num") == ["th"] * 3 + ["td"] * 9
    assert read.having("class", "lr-interval") == ["span"] * 2
    region = read.elements[0][1]
    assert (region["role"], region["tabindex"], region["aria-label"]) == ("region", "0", "Close rate by channel")


def test_html_has_no_styles_and_no_scripts_of_its_own():
    shown = [
        page.table(CHANNELS, caption="a", notes="b", limit=1),
        page.cards([page.headline("sqls", 42, before=37, verdict="up", n=430, better="up", target=50)]),
        page.say("a"),
        page.note("b", kind="warning"),
        page.attention([("a", "b.html")]),
        page.links([("a", "b.html")]),
    ]
    for display in shown:
        tags = {tag for tag, _ in Reader(display.html).elements}
        names = {name for _, attrs in Reader(display.html).elements for name in attrs}
        assert tags.isdisjoint({"script", "style", "link", "img", "iframe"})
        assert "style" not in names
        assert not any(name.startswith("on") for name in names)


EVIL = "</script><script>alert('1')</script> & \"quoted\" <b>"


def test_nothing_in_the_data_becomes_markup():
    frame = pl.DataFrame({EVIL: [EVIL], "leads": [1]})
    shown = [
        page.table(frame, caption=EVIL, labels={"leads": EVIL}, notes=EVIL),
        page.cards([page.headline("sqls", 1, label=EVIL, n=1, n_of=EVIL)]),
        page.say(EVIL),
        page.note(EVIL),
        page.attention([EVIL, (EVIL, "a.html")], title=EVIL),
        page.links([(EVIL, 'a.html" onclick="x', EVIL)], title=EVIL),
    ]
    for display in shown:
        assert "<script" not in display.html
        assert "<b>" not in display.html
        assert not [attrs for _, attrs in Reader(display.html).elements if "onclick" in attrs]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.text(max_size=20), min_size=1, max_size=4), st.text(max_size=20))
def test_any_text_comes_back_from_a_table_as_it_was(values, caption):
    html = page.table(pl.DataFrame({"reason": values}), caption=caption).html
    expected = [" ".join(value.split()) for value in [caption, *values]]
    found = [" ".join("".join(Reader(part + end).text).split()) for part, end in parts(html)]
    assert found == [text or "" for text in expected]


def parts(html):
    """The caption and the first cell of each row."""
    yield html.split("<caption>")[1].split("</caption>")[0], ""
    for cell in html.split('<th scope="row">')[1:]:
        yield cell.split("</th>")[0], ""


def test_a_long_table_says_how_much_of_it_is_shown():
    frame = pl.DataFrame({"owner": [f"rep {number}" for number in range(143)], "leads": range(143)})
    shown = page.table(frame, caption="Overdue", limit=25)
    assert repr(shown).endswith("25 of 143 shown")
    assert '<p class="lr-table-note">25 of 143 shown</p>' in shown.html
    assert shown.html.count("<tr") == 26
    assert "shown" not in repr(page.table(frame.head(25), caption="Overdue", limit=25))


def outputs_of(display):
    """What a notebook shows of a display: its outputs by MIME type."""
    return DisplayFormatter().format(display)[0]


def test_a_table_without_rows_shows_nothing_or_the_sentence_given_for_it():
    none = CHANNELS.clear()
    assert outputs_of(page.table(none, caption="Overdue", columns=["leads"], limit=3)) == {}
    sentence = page.table(none, caption="Overdue", empty="No lead is overdue.")
    assert sentence == page.say("No lead is overdue.")
    assert repr(page.table(CHANNELS, caption="Overdue", empty="No lead is overdue.")).startswith("Overdue")


@pytest.mark.parametrize("text", [None, ""])
def test_without_a_text_there_is_no_sentence_and_no_banner(text):
    assert outputs_of(page.say(text)) == {}
    assert outputs_of(page.note(text)) == {}


def test_columns_are_chosen_and_ordered_and_intervals_come_along():
    shown = page.table(CHANNELS, caption="a", columns=["close_rate", "channel"])
    assert plain(repr(shown)).splitlines()[3] == "   5.0 % (3.9 % to 6.4 %)  ads"


def test_formats_labels_and_intervals_can_be_given():
    frame = pl.DataFrame({"step": ["a"], "x": [0.5], "from": [0.25], "to": [0.75]})
    shown = page.table(
        frame, caption="a", formats={"x": "rate"}, labels={"x": "Share"}, intervals={"x": ("from", "to")}
    )
    assert plain(repr(shown)).splitlines()[1:] == [
        "Step                      Share",
        "----  -------------------------",
        "a     50.0 % (25.0 % to 75.0 %)",
    ]


def test_a_headline_table_formats_each_row_by_its_name():
    change = pl.DataFrame(
        {
            "name": ["sqls", "mql_to_sql_rate", "cost_per_sql"],
            "value": [42.0, 0.355, 812.0],
            "previous": [37.0, 0.301, 790.0],
            "change": [5.0, 0.054, 22.0],
        }
    )
    rows = [plain(line).split("  ") for line in repr(page.table(change, caption="a")).splitlines()[3:]]
    assert [[cell.strip() for cell in row if cell.strip()] for row in rows] == [
        ["SQLs", "42", "37", "+5"],
        ["MQLs that became SQL", "35.5 %", "30.1 %", "+5.4 pts"],
        ["Cost per SQL", "€ 812", "€ 790", "+€ 22"],
    ]


def test_what_is_expected_of_a_count_is_no_whole_number():
    change = pl.DataFrame({"name": ["sqls"], "value": [42.0], "expected": [38.25], "low_limit": [24.7]})
    assert repr(page.table(change, caption="a")).splitlines()[3].split() == ["SQLs", "42", "38.3", "25"]


def test_a_lasting_change_names_its_first_week_and_a_pooled_rate_its_weeks():
    rows = {
        "name": ["leads", "mql_to_sql_rate"], "week": ["2026-W46", "2026-W37"], "weeks": [1, 13],
        "value": [129.0, 0.376], "previous": [116.0, 0.368], "n": [129, 420], "verdict": ["up", "normal variation"],
        "changed_on": [date(2026, 9, 14), None],
    }  # fmt: skip
    assert plain(repr(page.cards(pl.DataFrame(rows)))).splitlines() == [
        "New leads: 129, +13, up since 2026-W38",
        "MQLs that became SQL: 37.6 %, +0.8 pts, normal variation, n = 420 MQLs of 13 weeks to 2026-W37",
    ]


def test_a_frame_of_people_is_no_frame_of_headlines():
    people = pl.DataFrame({"name": ["Ada", "Ben"], "value": [3.5, 0.25]})
    assert [line.split() for line in repr(page.table(people, caption="a")).splitlines()[3:]] == [
        ["Ada", "3.5"],
        ["Ben", "0.3"],
    ]


def found(kind, subject=None, size=None, against=None, **more):
    row = dict.fromkeys(("n", "since", "cause", "judgement", "size_low", "size_high"))
    return row | {"kind": kind, "subject": subject, "size": size, "against": against, "link": "03_handoff.html"} | more


FOUND = [
    (
        found("target missed", "attainment_rate", 0.759, 0.85, size_low=0.688, size_high=0.819),
        "MQLs answered in time: 75.9 % (68.8 % to 81.9 %), target 85.0 %: missed.",
    ),
    (found("target missed", "mqls", 32.9, 40.0), "MQLs: 32.9 a week, target 40.0: missed."),
    (
        found("level up", "leads", 116.7, 68.8, since=date(2026, 9, 14), cause="paid_social: 9 -> 57 a week"),
        "New leads rose to 116.7 a week from 68.8 in the week of 14 Sep 2026: paid_social: 9 -> 57 a week.",
    ),
    (
        found("level down", "mql_to_sql_rate", 0.2, 0.4, since=date(2026, 9, 14), judgement="worse"),
        "MQLs that became SQL fell to 20.0 % from 40.0 % in the week of 14 Sep 2026 (worse).",
    ),
    (
        found("more but weaker", "leads", 116.7, 68.8, since=date(2026, 9, 14)),
        "New leads rose to 116.7 a week from 68.8 in the week of 14 Sep 2026. They are less likely to buy.",
    ),
    (found("down", "cost_per_sql", 700.0, 990.0, judgement="better"), "Cost per SQL: € 700, down from € 990 (better)."),
    (found("falling", "lead_to_mql_rate"), "Leads that became MQL: falling over the last six weeks."),
    (
        found("slow owner", "Tom", 0.06, 0.73, n=59),
        "Tom answers fewer MQLs in time than the others answer of similar leads: 6.0 % against 73.0 % (n = 59).",
    ),
    (
        found("lenient owner", "Ben", 0.96, 0.75, n=54),
        "Ben accepts more MQLs than colleagues accept of similar ones: 96.0 % against 75.0 % (n = 54).",
    ),
    (
        found("above value", "events", 990.0, 612.0, n=314),
        "Leads from events cost more than they return: € 990 against € 612 (n = 314).",
    ),
    (
        found("overdue", "MQLs", 97.0, 59.8, n=20),
        "97 MQLs are overdue, 20 of them from the last 13 weeks. Of these, the longest has waited 60 working days.",
    ),
    (
        found("new definition", "SAL needs a call", since=date(2026, 3, 2)),
        "A definition changed on 2 Mar 2026: SAL needs a call.",
    ),
]


@pytest.mark.parametrize(("row", "sentence"), FOUND, ids=[row["kind"] for row, _ in FOUND])
def test_a_finding_is_a_sentence_with_a_link(row, sentence):
    shown = page.attention(pl.DataFrame([row]))
    assert plain(repr(shown)).splitlines()[1:] == [f"- {sentence}"]
    assert shown.html.count('<a href="03_handoff.html">') == 1


@pytest.mark.parametrize(("findings", "lines"), [(5, 5), (6, 6), (8, 6)])
def test_a_page_shows_five_findings_and_says_how_many_more_there_are(findings, lines):
    shown = repr(page.attention(pl.DataFrame([found("falling", "leads")] * findings))).splitlines()[1:]
    assert len(shown) == lines
    assert plain(shown[-1]).startswith(f"- {findings - 5} more finding") == (findings > 5)


def test_the_interval_of_a_headline_has_the_format_of_the_headline():
    rows = {"name": ["attainment_rate", "mqls"], "value": [0.759, 40.4], "low": [0.688, 36.5], "high": [0.819, None]}
    shown = plain(repr(page.table(pl.DataFrame(rows), caption="a")))
    assert "75.9 % (68.8 % to 81.9 %)" in shown
    assert "40 (37 to –)" in shown


@pytest.mark.parametrize("where", ["formats", "labels", "columns"])
def test_a_column_that_is_not_there_is_refused_with_the_nearest_name(where):
    given = {"formats": {"chanel": "text"}, "labels": {"chanel": "a"}, "columns": ["chanel"]}[where]
    with pytest.raises(PageError, match="no column 'chanel'") as caught:
        page.table(CHANNELS, caption="a", **{where: given})
    assert "did you mean 'channel'?" in str(caught.value)


def test_an_unknown_format_is_refused():
    with pytest.raises(PageError, match="column 'leads' has no format 'percent'"):
        page.table(CHANNELS, caption="a", formats={"leads": "percent"})


def test_the_last_row_may_be_a_total():
    html = page.table(CHANNELS, caption="a", has_total=True).html
    assert html.count('class="lr-total"') == 1
    assert html.rindex("lr-total") > html.rindex("events")


def test_wide_characters_keep_a_table_aligned():
    frame = pl.DataFrame({"owner": ["Zoë", "田中"], "leads": [1, 2]})
    assert repr(page.table(frame, caption="a")).splitlines()[3:] == ["Zoë        1", "田中       2"]


def test_a_card_says_value_change_verdict_n_and_target():
    one = page.headline(
        "close_rate", 0.05, before=0.04, verdict="up", n=400, low=0.03, high=0.08, better="up", target=0.06
    )
    assert plain(repr(page.cards([one]))) == (
        "Close rate: 5.0 % (3.0 % to 8.0 %), +1.0 pts, up (better), n = 400 leads, target 6.0 %"
    )


@pytest.mark.parametrize(
    ("verdict", "better", "words", "classes"),
    [
        ("up", "up", "up (better)", "lr-card lr-verdict-up lr-better"),
        ("up", "down", "up (worse)", "lr-card lr-verdict-up lr-worse"),
        ("down", None, "down", "lr-card lr-verdict-down"),
        ("normal variation", "up", "normal variation", "lr-card lr-verdict-noise"),
        ("too few to say", "up", "too few to say", "lr-card lr-verdict-few"),
        ("partial", "up", "week not complete", "lr-card lr-verdict-partial"),
    ],
)
def test_a_verdict_is_in_words_and_not_only_a_colour(verdict, better, words, classes):
    html = page.cards([page.headline("sqls", 42, verdict=verdict, better=better)]).html
    assert f'<span class="lr-verdict">{words}</span>' in html
    assert f'<li class="{classes}">' in html


def test_every_verdict_of_the_rates_has_a_card():
    assert set(VERDICTS) == {"up", "down", "normal variation", "too few to say", "partial", "not known"}


def test_an_invented_verdict_is_refused():
    with pytest.raises(PageError, match="headline 'sqls' has no verdict 'rising'"):
        page.headline("sqls", 42, verdict="rising")


def test_a_missing_number_on_a_card_is_a_dash_and_has_no_change():
    one = page.headline("cost_per_sql", None, before=800.0, verdict="too few to say", n=0)
    assert (one.shown, one.change, one.shown_change) == ("–", None, None)


def test_cards_tell_the_archive_their_numbers(monkeypatch):
    monkeypatch.setenv("LEADREPORT_DISPLAY", "report")
    bundle = page.cards([page.headline("sqls", 42, before=37, verdict="normal variation", n=430)])._repr_mimebundle_()
    assert json.loads(bundle[HEADLINES_MIME]) == [
        {
            "name": "sqls",
            "label": "SQLs",
            "value": 42,
            "shown": "42",
            "change": 5,
            "shown_change": "+5",
            "n": 430,
            "verdict": "normal variation",
        }
    ]


def test_headlines_come_from_a_frame_and_an_older_week_says_so():
    change = pl.DataFrame(
        {
            "name": ["sqls", "mql_to_sql_rate"],
            "week": ["2026-W46", "2026-W36"],
            "value": [42.0, 0.355],
            "previous": [37.0, 0.301],
            "n": [42, 31],
            "verdict": ["up", "normal variation"],
        }
    )
    shown = page.cards(change)
    assert plain(repr(shown)).splitlines() == [
        "SQLs: 42, +5, up",
        "MQLs that became SQL: 35.5 %, +5.4 pts, normal variation, n = 31 MQLs of 2026-W36",
    ]
    assert page.headlines_of(change, targets={"sqls": 50})[0].target == 50
    assert outputs_of(page.cards(change.clear())) == {}


def test_a_finding_is_one_paragraph():
    assert page.say("42 of 430 leads\nbecame SQLs.").html == '<p class="lr-finding">42 of 430 leads became SQLs.</p>'


def test_a_page_names_a_missing_table_and_what_to_do():
    shown = page.missing(WITHOUT, "spend", "what a lead costs")
    assert repr(shown) == (
        "Not shown: This page cannot show what a lead costs: there is no spend table. "
        "Add a file spend.csv or spend.parquet to the workspace, or map one in sources.toml."
    )
    assert 'class="lr-note lr-note-missing"' in shown.html


def test_a_page_does_not_mention_a_table_that_is_there():
    assert outputs_of(page.missing(SimpleNamespace(has={"spend"}.__contains__), "spend", "what a lead costs")) == {}


def test_a_quiet_week_is_called_one():
    assert "Nothing stands out this week." in page.attention([]).html
    assert repr(page.attention([("12 leads are overdue.", "03_handoff.html")])).endswith("- 12 leads are overdue.")


def test_a_link_runs_nothing():
    with pytest.raises(PageError, match="does not link to 'javascript:alert"):
        page.links([("a", "javascript:alert(1)")])
    with pytest.raises(PageError, match="does not link"):
        page.attention([("a", " JavaScript:alert(1)")])


def test_a_page_begins_with_where_its_numbers_come_from_in_the_settings_of_the_policy():
    company = SimpleNamespace(name="Nordlicht", language="en", currency="EUR")
    ws = SimpleNamespace(
        as_of=datetime(2026, 11, 15, 23, tzinfo=UTC),
        week=Period(date(2026, 11, 9), date(2026, 11, 16), zone="Europe/Berlin"),
        policy=SimpleNamespace(company=company, version="a1b2c3d4", zone="Europe/Berlin"),
        counts=pl.DataFrame({"read": [6000, 122], "rejected": [3, 0]}),
    )
    shown = page.begin(ws)
    assert repr(shown).splitlines() == [
        "Nordlicht",
        "Period: 2026-W46, 9 Nov to 15 Nov 2026",
        "As of: 16 Nov 2026, 00:00 Europe/Berlin",
        "Policy version: a1b2c3d4",
        "Rows rejected: 3 of 6,122 read",
    ]
    assert shown.html.startswith('<header class="lr-header"><p class="lr-company">Nordlicht</p><dl')


def test_a_german_page_is_in_german():
    page.use(language="de", currency="EUR")
    assert plain(repr(page.table(CHANNELS, caption="Kanäle", limit=1))).splitlines() == [
        "Kanäle",
        "Kanal  Leads           Abschlussquote  Kosten je Lead",
        "-----  -----  -----------------------  --------------",
        "ads    1.200  5,0 % (3,9 % bis 6,4 %)         84,50 €",
        "1 von 3 gezeigt",
    ]
    assert "im Rauschen" in repr(page.cards([page.headline("sqls", 42, verdict="normal variation")]))
    assert repr(page.missing(WITHOUT, "spend", "Kosten")).startswith(
        "Nicht gezeigt: Diese Seite kann Kosten nicht zeigen"
    )


def test_an_unknown_language_is_refused():
    with pytest.raises(PageError, match="no language 'fr'"):
        page.use(language="fr")


@pytest.mark.parametrize("mode", ["lab", "report", "text"])
def test_text_mode_shows_text_only(monkeypatch, mode):
    monkeypatch.setenv("LEADREPORT_DISPLAY", mode)
    kinds = set(page.say("a")._repr_mimebundle_())
    assert kinds == ({"text/plain"} if mode == "text" else {"text/html", "text/plain"})


def test_a_sentence_takes_its_numbers_from_a_frame_in_their_own_formats():
    speed = pl.DataFrame(
        {"owner": ["Ada", "Ben"], "attainment_rate": [0.5, 0.25], "low": [0.4, 0.1], "high": [0.6, 0.5]}
    )
    found = page.answer(
        speed, "{rows}: {owner:all}, {attainment_rate} {attainment_rate:interval}, {attainment_rate:last}."
    )
    assert plain(found.plain) == "2: Ada and Ben, 50.0 % (40.0 % to 60.0 %), 25.0 %."
    assert page.answer(speed.clear(), "Slow: {owner}.", empty="None is slow.").plain == "None is slow."
    assert page.answer(speed.clear(), "Slow: {owner}.").plain == ""


def test_a_sentence_names_headlines_by_their_labels():
    moved = pl.DataFrame({"name": ["leads", "cost_per_sql"], "verdict": ["up", "down"]})
    assert page.answer(moved, "Changed: {name:all}.").plain == "Changed: New leads and Cost per SQL."
    assert page.answer(moved, "First: {name}.").plain == "First: New leads."


def test_published_numbers_that_differ_today_are_counted_by_their_reason():
    earlier = pl.DataFrame({"name": ["leads", "mqls", "sqls"] * 2})
    differ = pl.DataFrame({"why": ["merged leads", "new definition", "merged leads"]})
    found = page.compared(differ, earlier=earlier, week="2026-W45")
    assert plain(found.plain) == (
        "Of 6 numbers published with 2026-W45, 3 differ today: 2 by merged leads and 1 by new definition."
    )
    first = page.compared(differ.clear(), earlier=earlier.clear(), week="")
    assert first.plain == "No earlier report has published numbers to compare with."


def test_a_part_of_a_sentence_without_its_value_is_left_out():
    lag = pl.DataFrame({"half_days": [21], "most_days": [None]}, schema={"half_days": pl.Int64, "most_days": pl.Int64})
    text = "Half within {half_days}[, most within {most_days}][, at most {limit}]."
    assert plain(page.answer(lag, text, limit=None).plain) == "Half within 21 days."
    assert plain(page.answer(lag, text, limit="9 weeks").plain) == "Half within 21 days, at most 9 weeks."
    with pytest.raises(PageError, match="no column 'hlf_days'"):
        page.answer(lag, "{hlf_days}")
