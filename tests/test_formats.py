"""Numbers, money, times and words as people read them."""

import math
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadreport import formats
from leadreport.formats import DASH, KINDS, LANGUAGES, NBSP, NNBSP
from leadreport.words import VERDICTS


def plain(text: str) -> str:
    """The text with ordinary blanks, so that a test reads like the page."""
    return text.replace(NNBSP, " ").replace(NBSP, " ")


@pytest.fixture(autouse=True)
def english_euros():
    formats.use(language="en", currency="EUR", zone="UTC")
    yield
    formats.use(language="en", currency="EUR", zone="UTC")


@pytest.mark.parametrize("kind", sorted(KINDS))
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_missing_value_is_an_en_dash_in_every_format(kind, language):
    assert formats.shown(None, kind, language=language) == DASH


@pytest.mark.parametrize("nothing", [None, math.nan, math.inf])
def test_what_is_no_number_is_missing(nothing):
    assert [formats.rate(nothing), formats.count(nothing), formats.money(nothing), formats.days(nothing)] == [DASH] * 4


def test_a_rate_is_percent_with_one_decimal_and_a_narrow_blank():
    assert formats.rate(0.1234) == "12.3\u202f%"
    assert formats.rate(0.1234, language="de") == "12,3\u202f%"
    assert plain(formats.rate(1.25)) == "125.0 %"  # a period rate may pass 100 %


def test_a_rate_that_is_nearly_nothing_or_nearly_all_is_not_shown_as_such():
    assert plain(formats.rate(0.0)) == "0.0 %"
    assert plain(formats.rate(0.0001)) == "<0.1 %"
    assert plain(formats.rate(0.9999)) == ">99.9 %"
    assert plain(formats.rate(1.0)) == "100.0 %"


def test_halves_are_rounded_away_from_zero():
    assert [formats.number(x) for x in (0.25, 0.35, -0.25)] == ["0.3", "0.4", "−0.3"]
    assert plain(formats.rate(0.1235)) == "12.4 %"


def test_nothing_is_never_minus_nothing():
    assert [formats.number(-0.01), plain(formats.points(-0.0001)), plain(formats.money(-0.001))] == [
        "0.0",
        "0.0 pts",
        "€ 0",
    ]


def test_the_difference_of_rates_is_in_points_with_its_sign():
    assert plain(formats.points(0.012)) == "+1.2 pts"
    assert plain(formats.points(-0.012)) == "−1.2 pts"
    assert plain(formats.points(0.012, language="de")) == "+1,2 Pp."


def test_a_change_has_the_unit_of_what_changed():
    shown = [formats.signed(0.02, "rate"), formats.signed(-3, "count"), formats.signed(22, "money")]
    assert [plain(text) for text in shown] == ["+2.0 pts", "−3", "+€ 22"]


def test_counts_have_thousands_separators():
    assert [formats.count(8000), formats.count(8000, language="de"), formats.count(-1500)] == [
        "8,000",
        "8.000",
        "−1,500",
    ]


@given(st.integers(-(10**12), 10**12))
def test_a_count_can_be_read_back(number):
    assert int(formats.count(number).replace(",", "").replace("−", "-")) == number


@given(st.floats(0, 1), st.sampled_from(LANGUAGES))
def test_every_rate_is_a_number_and_a_percent_sign(rate, language):
    digits, sign = formats.rate(rate, language=language).split(NNBSP)
    assert sign == "%"
    assert digits.lstrip("<>").replace(",", "").replace(".", "").isdigit()


def test_money_stands_where_the_language_puts_it():
    assert plain(formats.money(1234)) == "€ 1,234"
    assert plain(formats.money(1234, language="de")) == "1.234 €"
    assert plain(formats.money(-1234, currency="CHF")) == "−CHF 1,234"


def test_cents_are_shown_only_when_the_amount_is_small():
    assert [plain(formats.money(x)) for x in (0, 12.5, 99.99, 100.4, 58705.23)] == [
        "€ 0",
        "€ 12.50",
        "€ 99.99",
        "€ 100",
        "€ 58,705",
    ]
    assert plain(formats.money(12.4, currency="JPY")) == "¥ 12"


def test_hours_below_one_are_minutes():
    assert [plain(formats.hours(x)) for x in (0.75, 0.999, 3.2, 8, 250.4)] == [
        "45 min",
        "1.0 h",
        "3.2 h",
        "8 h",
        "250 h",
    ]
    assert plain(formats.hours(3.2, language="de")) == "3,2 Std."


def test_one_day_is_one_day():
    assert [plain(formats.days(x)) for x in (1, 2.4, 120.2, 0.5)] == ["1 day", "2.4 days", "120 days", "0.5 days"]
    assert plain(formats.days(1, language="de")) == "1 Tag"


def test_the_numbers_of_a_column_have_the_same_decimals():
    columns = {"days": [9.0, 2.04], "hours": [8.0, 24.0], "money": [40.07, 1280.0], "score": [14.5, 12.0]}
    shown = {kind: [plain(formats.format_of(kind, values)(v)) for v in values] for kind, values in columns.items()}
    assert shown == {
        "days": ["9.0 days", "2.0 days"],
        "hours": ["8 h", "24 h"],
        "money": ["€ 40", "€ 1,280"],
        "score": ["14.5", "12.0"],
    }
    assert plain(formats.format_of("money", [2.49, 1280.0])(2.49)) == "€ 2.49"  # too small to lose its cents


def test_dates_weeks_and_spans():
    monday, next_monday = date(2026, 11, 9), date(2026, 11, 16)
    assert formats.date(monday) == "9 Nov 2026"
    assert formats.date(monday, language="de") == "09.11.2026"
    assert formats.week(date(2027, 1, 1)) == "2026-W53"
    assert formats.week(monday, language="de") == "KW 46/2026"
    assert formats.span(monday, next_monday) == "9 Nov to 15 Nov 2026"
    assert formats.span(date(2026, 12, 28), date(2027, 1, 4)) == "28 Dec 2026 to 3 Jan 2027"


def test_an_instant_is_shown_on_the_pages_own_clock():
    midnight_in_berlin = datetime(2026, 11, 15, 23, tzinfo=UTC)
    assert formats.instant(midnight_in_berlin, zone="Europe/Berlin") == "16 Nov 2026, 00:00"
    formats.use(zone="Europe/Berlin")
    assert formats.instant(midnight_in_berlin) == "16 Nov 2026, 00:00"


def test_an_interval_has_the_unit_of_its_number():
    assert plain(formats.interval(0.101, 0.149)) == "(10.1 % to 14.9 %)"
    assert plain(formats.interval(0.101, 0.149, language="de")) == "(10,1 % bis 14,9 %)"
    assert plain(formats.interval(100, None, of=formats.money)) == "(€ 100 to –)"
    assert formats.interval(None, None) == DASH


def test_the_language_is_set_once_and_can_be_overruled():
    formats.use(language="de", currency="USD")
    assert plain(formats.money(1234)) == "1.234 $"
    assert formats.count(1234, language="en") == "1,234"


def test_an_unknown_language_is_refused():
    with pytest.raises(ValueError, match="no language 'fr'; allowed: en, de"):
        formats.use(language="fr")


def test_the_name_of_a_column_gives_its_format():
    names = [
        "close_rate",
        "cost_per_sql",
        "median_hours",
        "age_days",
        "created_on",
        "mql_at",
        "is_hot",
        "lead_value",
        "lift",
    ]
    assert [formats.kind_of(name) for name in names] == [
        "rate", "money", "hours", "days", "date", "instant", "flag", "money", "ratio",
    ]  # fmt: skip


def test_the_values_decide_where_the_name_is_silent():
    samples = ["ads", 3, 0.5, True, date(2026, 1, 1), datetime(2026, 1, 1)]
    kinds = [formats.kind_of("x", sample=sample) for sample in samples]
    assert kinds == ["text", "count", "number", "flag", "date", "instant"]
    assert formats.kind_of("value", sample="250+") == "text"
    assert formats.kind_of("leads", sample=12.0) == "count"


def test_the_name_of_a_column_gives_its_heading():
    names = ["cost_per_sql", "sqls", "is_hot", "first_touch_at", "n", "crm_stage"]
    labels = ["Cost per SQL", "SQLs", "Hot", "First touch", "n", "Stage in the CRM"]
    assert [formats.label_of(name) for name in names] == labels


def test_low_and_high_belong_to_the_column_before_them():
    names = ["stage", "step_rate", "low", "high", "reach_rate", "reach_low", "reach_high"]
    assert formats.intervals_of(names) == {"step_rate": ("low", "high"), "reach_rate": ("reach_low", "reach_high")}
    assert formats.intervals_of(["low", "high"]) == {}


def test_one_lead_but_two_leads():
    assert plain(formats.plural(1, "lead")) == "1 lead"
    assert plain(formats.plural(1200, "lead")) == "1,200 leads"
    assert plain(formats.plural(2, "company", "companies")) == "2 companies"
    assert plain(formats.plural(None, "lead")) == "– leads"


def test_a_list_reads_like_a_sentence():
    assert formats.listed([]) == ""
    assert formats.listed(["ads"]) == "ads"
    assert formats.listed(["ads", "events", "mail"]) == "ads, events and mail"
    assert formats.listed(["ads", "events"], language="de") == "ads und events"


def test_every_verdict_has_its_words_in_both_languages():
    assert [formats.phrase(verdict, language="de") for verdict in VERDICTS] == [
        "gestiegen",
        "gefallen",
        "im Rauschen",
        "zu wenige für ein Urteil",
        "Woche unvollständig",
        "nicht bekannt",
    ]


def test_an_unknown_display_mode_is_refused(monkeypatch):
    monkeypatch.setenv("LEADREPORT_DISPLAY", "paper")
    with pytest.raises(ValueError, match="allowed: lab, report, text"):
        formats.display_mode()
