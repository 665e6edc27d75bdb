"""Charts: the rows drawn are the rows given, described in words as well, in one look."""

import functools
import json
import re
import subprocess
import sys
from itertools import combinations

import altair as alt
import numpy as np
import polars as pl
import pytest
import vl_convert
from IPython.core.formatters import DisplayFormatter

from leadreport import charts, formats
from leadreport.charts import theme
from leadreport.errors import PageError
from leadreport.formats import NBSP, NNBSP
from leadreport.words import CHART_MIME

STEPS = pl.DataFrame(
    {
        "stage": ["lead", "mql", "sql"],
        "leads": [1000, 400, 50],
        "observed": [1000, 380, 50],
        "imputed": [0, 20, 0],
        "step_rate": [None, 0.4, 0.125],
        "low": [None, 0.37, 0.096],
        "high": [None, 0.431, 0.161],
        "reach_rate": [1.0, 0.4, 0.05],
    }
)
COHORTS = pl.DataFrame(
    {
        "cohort": ["2026-W01", "2026-W40", "2026-W46"],
        "leads": [40, 50, 45],
        "is_final": [True, True, False],
        "is_truncated": [True, False, False],
        "conversion_rate": [None, 0.3, None],
        "low": [None, 0.191, None],
        "high": [None, 0.438, None],
        "km_rate": [0.0, 0.3, 0.1],
        "km_low": [0.0, 0.19, 0.04],
        "km_high": [0.088, 0.44, 0.2],
        "expected_rate": [None, None, 0.28],
        "expected_low": [None, None, 0.15],
        "expected_high": [None, None, 0.41],
    }
)
TIMES = pl.DataFrame(
    {
        "from_stage": ["lead", "mql"],
        "to_stage": ["mql", "sal"],
        "converted": [1000, 400],
        "q25_days": [2.0, 1.0],
        "median_days": [8.5, 2.0],
        "q75_days": [12.0, 6.1],
    }
)
ENTRIES = pl.DataFrame(
    {
        "week": ["2026-W45", "2026-W46", "2026-W47"] * 2,
        "stage": ["lead"] * 3 + ["sql"] * 3,
        "entries": [100, 103, 12, 15, 17, 1],
        "is_partial": [False, False, True] * 2,
    }
)
LIMITS = pl.DataFrame(
    {
        "name": ["leads", "sqls", "mql_to_sql_rate"],
        "week": ["2026-W46"] * 3,
        "value": [103.0, 17.0, 0.3],
        "expected": [94.0, 15.0, 0.3],
        "low_limit": [48.0, None, 0.2],
        "high_limit": [153.0, None, 0.4],
        "verdict": ["normal variation", "too few to say", "normal variation"],
    }
)
MIX = pl.DataFrame(
    {
        "channel": ["ads", "events"],
        "leads_after": [50, 150],
        "mix_effect": [-0.01, 0.02],
        "rate_effect": [0.0, -0.05],
        "effect": [-0.01, -0.03],
    }
)
CELLS = pl.DataFrame(
    {
        "channel": ["ads", "ads", "events", "events"],
        "stage": ["mql", "sql"] * 2,
        "leads": [40, 10, 30, 0],
        "step_rate": [0.4, 0.25, 0.3, None],
    }
)
SPEED = pl.DataFrame(
    {
        "owner": ["Anna", "Tom", "Nina"],
        "leads": [267, 268, 0],
        "attainment_rate": [0.9, 0.06, None],
        "low": [0.857, 0.037, None],
        "high": [0.931, 0.095, None],
        "median_hours": [2.5, 30.0, None],
    }
)
ACCEPTANCE = pl.DataFrame(
    {
        "source": ["form", "bought_list"],
        "handed_over": [1421, 303],
        "acceptance_rate": [0.68, 0.31],
        "low": [0.655, 0.261],
        "high": [0.704, 0.364],
    }
)
CURVE = pl.DataFrame(
    {
        "at": [0.0, 4.0, 8.0],
        "at_risk": [100, 60, 20],
        "converted_rate": [0.0, 0.4, 0.8],
        "low": [0.0, 0.31, 0.71],
        "high": [0.04, 0.5, 0.87],
    }
)
BRIDGE = pl.DataFrame(
    {
        "step": ["MQLs in the CRM", "Skipped", "Rejected", "Rejected", "Worked by sales"],
        "reason": [None, None, "no need", "student", None],
        "leads": [100, 5, 20, 10, 75],
        "sign": [1, 1, -1, -1, 0],
    }
)
REASONS = pl.DataFrame({"verdict": ["rejected", "recycled"], "reason": ["no need", "not ready"], "leads": [127, 220]})
COSTS = pl.DataFrame(
    {
        "channel": ["ads", "events", "mail"],
        "spend": [10_000.0, 40_000.0, 500.0],
        "sqls": [20, 10, 0],
        "cost_per_sql": [500.0, 4000.0, None],
        "cost_per_sql_low": [324.0, 2175.0, 136.0],
        "cost_per_sql_high": [819.0, 8342.0, None],
    }
)
VALUES = pl.DataFrame(
    {
        "channel": ["ads", "events", "mail"],
        "leads": [435, 296, 20],
        "cost_per_lead": [119.0, 900.0, None],
        "lead_value": [486.0, 400.0, 230.0],
        "lead_value_low": [330.0, 250.0, 100.0],
        "lead_value_high": [700.0, 640.0, 460.0],
        "value_per_cost": [4.0840336, 0.4444444, None],
        "verdict": ["worth it", "costs more than it is worth", "too few to say"],
    }
)
POINTS = pl.DataFrame(
    {
        "attribute": ["source", "source", "size"],
        "value": ["trial", "bought_list", "250+"],
        "leads": [1010, 417, 803],
        "close_rate": [0.2, 0.01, 0.06],
        "points": [39, -118, 0],
    }
)
BANDS = pl.DataFrame(
    {
        "band": [1, 2],
        "leads": [800, 90],
        "expected_rate": [0.05, 0.3],
        "close_rate": [0.04, 0.27],
        "low": [0.028, 0.189],
        "high": [0.056, 0.37],
    }
)
DECILES = pl.DataFrame(
    {"decile": [1, 2], "leads": [300.0, 300.0], "close_rate": [0.3, 0.1], "lift": [1.5, 0.5], "customers": [90.0, 30.0]}
)
THRESHOLDS = pl.DataFrame(
    {
        "threshold": [40, 50, 60],
        "leads": [700, 450, 250],
        "close_rate": [0.12, 0.16, 0.21],
        "low": [0.098, 0.129, 0.164],
        "high": [0.146, 0.197, 0.265],
        "missed_customers": [15, 30, 50],
    }
)
JUDGES = pl.DataFrame(
    {
        "owner": ["Ada", "Ben", "Cy"],
        "leads": [260, 290, 50],
        "observed": [160, 280, 26],
        "observed_rate": [0.615385, 0.965517, 0.52],
        "expected_rate": [0.62, 0.6, 0.63],
        "low_95": [0.56, 0.54, 0.5],
        "high_95": [0.68, 0.66, 0.76],
        "low_limit_rate": [0.52, 0.51, 0.43],
        "high_limit_rate": [0.71, 0.69, 0.83],
        "standing": ["as expected", "above", "as expected"],
    }
)
REJECTED = pl.DataFrame({"table": ["leads", "spend"], "reason": ["is no date", "is negative"], "rows": [12, 1]})

DRAWN = {
    "funnel": (lambda frame: charts.funnel_chart(frame), STEPS, "leads"),
    "time_in_stage": (lambda frame: charts.time_in_stage_chart(frame), TIMES, "median_days"),
    "weekly": (lambda frame: charts.weekly_chart(frame, LIMITS), ENTRIES, "entries"),
    "mix": (lambda frame: charts.mix_chart(frame), MIX, "mix_effect"),
    "cohort": (lambda frame: charts.cohort_chart(frame), COHORTS, "expected_rate"),
    "heatmap": (
        lambda frame: charts.heatmap_chart(frame, x="stage", y="channel", value="step_rate"),
        CELLS,
        "step_rate",
    ),
    "speed": (lambda frame: charts.speed_chart(frame, target=0.8), SPEED, "attainment_rate"),
    "acceptance": (lambda frame: charts.acceptance_chart(frame), ACCEPTANCE, "acceptance_rate"),
    "touch_curve": (lambda frame: charts.touch_curve_chart(frame, sla_hours=8), CURVE, "converted_rate"),
    "bridge": (lambda frame: charts.bridge_chart(frame), BRIDGE, None),
    "reasons": (lambda frame: charts.reasons_chart(frame), REASONS, "leads"),
    "cost": (lambda frame: charts.cost_chart(frame, target=1100), COSTS, "cost_per_sql"),
    "value": (lambda frame: charts.value_chart(frame), VALUES, None),
    "points": (lambda frame: charts.points_chart(frame), POINTS, "points"),
    "calibration": (lambda frame: charts.calibration_chart(frame), BANDS, "close_rate"),
    "lift": (lambda frame: charts.lift_chart(frame), DECILES, "lift"),
    "threshold": (lambda frame: charts.threshold_chart(frame), THRESHOLDS, "missed_customers"),
    "consistency": (lambda frame: charts.consistency_chart(frame), JUDGES, "observed_rate"),
    "rejected": (lambda frame: charts.rejected_chart(frame), REJECTED, "rows"),
}
EVERY = pytest.mark.parametrize("name", sorted(DRAWN))


@pytest.fixture(autouse=True)
def english_report(monkeypatch):
    monkeypatch.setenv("LEADREPORT_DISPLAY", "report")
    formats.use(language="en", currency="EUR", zone="UTC")
    yield
    formats.use(language="en", currency="EUR", zone="UTC")


def shown(chart):
    """The outputs of a chart."""
    bundle = chart._repr_mimebundle_()
    return bundle[0] if isinstance(bundle, tuple) else bundle


def spec_of(name, frame=None):
    draw, _, _ = DRAWN[name]
    return json.loads(text_of(name) if frame is None else shown(draw(frame))[CHART_MIME])


@functools.cache
def text_of(name):
    """The chart of its own frame, drawn once: most tests only read it."""
    draw, frame, _ = DRAWN[name]
    return shown(draw(frame))[CHART_MIME]


def datasets(spec):
    """The rows that a spec carries; those of a reference line are not data."""
    found = [*spec.get("datasets", {}).values(), *inline(spec)]
    aside = (
        {"reference", "words"},
        {"zero"},
        {"average"},
        {"expected", "observed"},
        {"low_limit", "high_limit", "expected"},
    )
    return [rows for rows in found if set(rows[0]) not in aside]


def inline(node):
    if isinstance(node, list):
        return [rows for child in node for rows in inline(child)]
    if not isinstance(node, dict):
        return []
    own = (
        [node["values"]]
        if isinstance(node.get("values"), list) and node["values"] and isinstance(node["values"][0], dict)
        else []
    )
    return own + [
        rows for key, child in node.items() if key not in ("datasets", "usermeta", "values") for rows in inline(child)
    ]


def plain(text):
    return text.replace(NNBSP, " ").replace(NBSP, " ")


def test_every_chart_is_tested():
    assert {f"{name}_chart" for name in DRAWN} == {name for name in charts.__all__ if name.endswith("_chart")}


@EVERY
def test_the_rows_drawn_are_the_rows_given(name):
    _, frame, column = DRAWN[name]
    found = datasets(spec_of(name))
    if name == "threshold":  # three panels over the same rows
        assert [len(rows) for rows in found] == [3, 3, 3]
        found = [rows for rows in found if column in rows[0]]
    assert sum(len(rows) for rows in found) == frame.height
    if column:
        assert [row[column] for rows in found for row in rows] == frame[column].to_list()


@EVERY
def test_only_needed_columns_are_embedded(name):
    _, frame, _ = DRAWN[name]
    with_more = frame.with_columns(owner_phone=pl.lit("+49 30 1234"), note=pl.lit("secret"))
    assert json.dumps(spec_of(name, with_more)) == json.dumps(spec_of(name))


@EVERY
def test_every_chart_has_title_description_and_a_table_of_its_data(name):
    _, frame, _ = DRAWN[name]
    spec = spec_of(name)
    meta = spec["usermeta"]["leadreport"]
    assert meta["title"]
    assert meta["subtitle"]
    assert len(spec["description"]) > 40
    assert spec["description"] == meta["description"]
    assert len(meta["table"]["rows"]) == frame.height
    assert {len(row) for row in meta["table"]["rows"]} == {len(meta["table"]["columns"])}


@EVERY
def test_a_chart_is_refused_single_leads(name):
    draw, frame, _ = DRAWN[name]
    with pytest.raises(PageError, match="these are single leads"):
        draw(frame.with_columns(lead_id=pl.lit("a")))


@EVERY
def test_a_chart_is_refused_more_rows_than_a_page_can_carry(name):
    draw, frame, _ = DRAWN[name]
    many = pl.concat([frame] * (2001 // frame.height + 1)).with_columns()
    with pytest.raises(PageError, match="a chart embeds its rows, and these are 2,0"):
        draw(many)


@EVERY
def test_a_missing_column_is_named(name):
    draw, frame, column = DRAWN[name]
    if column is None or column == "expected_rate":
        column = {"bridge": "sign", "value": "verdict", "cohort": "km_rate"}[name]
    with pytest.raises(PageError, match=f"the chart needs {column}"):
        draw(frame.drop(column))


@EVERY
def test_the_same_chart_twice_is_the_same_text(name):
    draw, frame, _ = DRAWN[name]
    one = shown(draw(frame))[CHART_MIME]
    charts.threshold_chart(THRESHOLDS).to_dict()  # altair counts parameters and views over the session
    assert shown(draw(frame))[CHART_MIME] == one


def test_the_same_chart_in_another_process_is_the_same_text():
    script = (
        "import sys; sys.path.insert(0, 'tests'); import test_charts as t\n"
        "for name in ('cohort', 'threshold', 'value'): print(t.charts.output.as_text(t.spec_of(name)))"
    )
    env = {"LEADREPORT_DISPLAY": "report", "PYTHONHASHSEED": "7", "PATH": ""}
    done = subprocess.run([sys.executable, "-c", script], env=env, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [
        charts.output.as_text(spec_of(name)) for name in ("cohort", "threshold", "value")
    ]


@EVERY
def test_vega_lite_draws_every_chart(name):
    svg = vl_convert.vegalite_to_svg(spec_of(name), vl_version=".".join(alt.SCHEMA_VERSION.lstrip("v").split(".")[:2]))
    assert svg.startswith("<svg")
    assert "NaN" not in svg


@EVERY
def test_every_colour_is_of_the_palette_or_a_sentinel(name):
    allowed = {*theme.CATEGORIES, theme.QUIET, theme.INK, theme.SOFT, theme.GRID, theme.GROUND}
    assert set(re.findall(r"#[0-9a-fA-F]{6}\b", json.dumps(spec_of(name)))) <= allowed


@EVERY
def test_a_chart_stretches_to_the_page(name):
    spec = spec_of(name)
    widths = [spec["width"]] if "width" in spec else [panel["width"] for panel in spec["vconcat"]]
    assert set(widths) == {"container"}
    assert spec["autosize"] == {"type": "fit-x", "contains": "padding"}


@EVERY
def test_nothing_in_a_chart_loads_anything(name):
    spec = spec_of(name)
    spec.pop("$schema")
    assert "http" not in json.dumps(spec)


def test_a_chart_in_words_when_only_text_is_wanted(monkeypatch):
    monkeypatch.setenv("LEADREPORT_DISPLAY", "text")
    bundle = shown(charts.funnel_chart(STEPS))
    assert set(bundle) == {"text/plain"}
    assert plain(bundle["text/plain"]) == (
        "How far do leads get?\nBars, one per stage. Lead, 1,000; MQL, 400  ·  40.0 %; SQL, 50  ·  12.5 %."
    )


def test_jupyterlab_gets_what_altair_gives_it(monkeypatch):
    monkeypatch.delenv("LEADREPORT_DISPLAY")
    bundle = shown(charts.funnel_chart(STEPS))
    assert "vegaEmbed" in bundle["text/html"]
    assert CHART_MIME not in bundle


def test_enabling_twice_changes_nothing(monkeypatch):
    charts.enable()
    test_jupyterlab_gets_what_altair_gives_it(monkeypatch)


def test_any_chart_of_altair_goes_the_same_way():
    chart = alt.Chart(alt.InlineData(values=[{"a": 1}]), title=["Two", "lines"]).mark_bar().encode(x="a:Q")
    bundle = shown(chart)
    assert isinstance(bundle[CHART_MIME], str)
    assert bundle["text/plain"] == "Two lines"


def test_a_description_says_highest_lowest_and_last():
    assert plain(spec_of("cohort")["description"]) == (
        "Points with intervals, one per cohort: 1 final, 1 still open, 1 from before the record was complete. "
        "2026-W40, 30.0 %. Last: 2026-W40, 30.0 %."
    )
    assert plain(spec_of("speed")["description"]).endswith("Highest: Anna, 90.0 %. Lowest: Tom, 6.0 %.")
    assert "north" not in spec_of("touch_curve")["description"]
    assert plain(spec_of("touch_curve")["description"]).endswith("All leads: 80.0 % within 8 h.")


def test_settled_young_and_cut_cohorts_look_different():
    spec = spec_of("cohort")
    (rows,) = datasets(spec)
    assert [row["state"] for row in rows] == ["not all on record", "final", "still open, so far"]
    assert [row["shown_rate"] for row in rows] == [0.0, 0.3, 0.1]
    points = next(layer for layer in layers(spec) if layer["mark"]["type"] == "point")
    assert points["encoding"]["fill"]["scale"]["range"] == [theme.MAIN, theme.GROUND, theme.GROUND]
    assert points["encoding"]["shape"]["scale"]["range"] == ["circle", "circle", "square"]


def layers(node):
    return [leaf for layer in node.get("layer", []) for leaf in (layers(layer) if "layer" in layer else [layer])]


def test_a_channel_above_its_value_is_seen_by_shape_and_word_as_well():
    spec = spec_of("value")
    (rows,) = datasets(spec)
    assert plain(rows[1]["words"]) == "costs more than it is worth: costs € 900, worth € 400"
    assert plain(rows[2]["words"]) == "no spend on record, worth € 230"
    points = next(layer for layer in layers(spec) if layer["mark"]["type"] == "point")
    assert points["encoding"]["shape"]["scale"] == {
        "domain": ["worth it", "costs more than it is worth", "too few to say"],
        "range": ["circle", "square", "triangle-up"],
    }


def test_a_group_without_sqls_shows_what_was_spent_for_none():
    (rows,) = datasets(spec_of("cost"))
    assert [plain(row["words"]) for row in rows] == ["", "", "no SQL for € 500"]
    assert [plain(row["label"]) for row in rows] == ["ads\n20 SQLs", "events\n10 SQLs", "mail\n0 SQLs"]


def test_each_step_of_the_bridge_hangs_where_the_one_before_it_stopped():
    (rows,) = datasets(spec_of("bridge"))
    assert [(row["start"], row["end"]) for row in rows] == [(0, 100), (100, 105), (105, 85), (85, 75), (0, 75)]
    assert [row["shown"] for row in rows] == ["100", "+5", "−20", "−10", "75"]
    assert [row["label"] for row in rows][2:4] == ["Rejected:\nno need", "Rejected:\nstudent"]


def test_only_who_is_outside_the_limits_is_named():
    named = next(layer for layer in layers(spec_of("consistency")) if layer.get("mark", {}).get("type") == "text")
    assert {"filter": "datum.is_outside"} in named["transform"]
    assert "Ben is above what is expected" in spec_of("consistency")["description"]
    within = spec_of("consistency", JUDGES.head(1))
    assert "All are within the limits." in within["description"]


def test_a_week_under_way_is_not_on_the_line():
    spec = spec_of("weekly")
    lines = [layer for panel in spec["vconcat"] for layer in layers(panel) if layer["mark"]["type"] == "line"]
    assert [line["transform"] for line in lines] == [[{"filter": "!datum.is_partial"}]] * 2
    titles = [panel["title"] for panel in spec["vconcat"]]
    assert [title["text"] for title in titles] == ["Leads: 103, normal variation", "SQLs: 17, too few to say"]
    assert titles[0]["subtitle"] == ["2026-W46; expected range 48 to 153"]


def test_a_threshold_pointed_at_in_any_panel_is_read_off_in_all():
    spec = spec_of("threshold")
    names = ["pointed_close_rate", "pointed_leads", "pointed_missed_customers"]
    assert [param["name"] for param in spec["params"]] == names
    readings = [
        layer["encoding"] for panel in spec["vconcat"] for layer in layers(panel) if layer["mark"]["type"] == "text"
    ]
    for reading in readings:
        assert [condition["param"] for condition in reading["opacity"]["condition"]] == names
        assert reading["opacity"]["value"] == 0


def test_a_number_that_is_missing_is_a_dash_and_not_nothing():
    (rows,) = datasets(spec_of("speed"))
    assert rows[2]["attainment_rate"] is None
    assert rows[2]["shown_attainment_rate"] == "–"
    assert rows[2]["label"] == "Nina\nn = 0"


def test_a_funnel_of_several_groups_is_refused():
    with pytest.raises(PageError, match="a funnel has one row per stage"):
        charts.funnel_chart(pl.concat([STEPS, STEPS]))


def test_more_curves_than_can_be_distinguished_are_refused():
    many = pl.concat([CURVE.with_columns(team=pl.lit(f"team {number}")) for number in range(6)])
    with pytest.raises(PageError, match="6 curves cannot be distinguished"):
        charts.touch_curve_chart(many, by="team")
    few = many.filter(pl.col("team") < "team 3")
    assert "team 1: 80.0" in shown(charts.touch_curve_chart(few, by="team"))["text/plain"]


@EVERY
def test_a_chart_without_rows_shows_nothing(name):
    draw, frame, _ = DRAWN[name]
    assert DisplayFormatter().format(draw(frame.clear()))[0] == {}
    assert DisplayFormatter().format(draw(frame))[0] != {}


def test_a_german_page_has_german_numbers():
    formats.use(language="de")
    spec = spec_of("cost", COSTS)
    assert spec["config"]["locale"]["number"]["decimal"] == ","
    (rows,) = datasets(spec)
    assert plain(rows[0]["shown_cost_per_sql"]) == "500 € (324 € bis 819 €)"


LIGHT, DARK = "#ffffff", "#14181f"


def contrast(one, other):
    """How well two colours stand apart, from 1 to 21 (WCAG 2.2)."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour):
    """Relative luminance of a colour (WCAG 2.2)."""
    red, green, blue = (linear(int(colour[start : start + 2], 16) / 255) for start in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def linear(channel):
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4


def test_contrast_is_that_of_the_standard():
    assert round(contrast("#000000", "#ffffff")) == 21
    assert (round(luminance("#ffffff"), 3), round(luminance("#316ac2"), 3)) == (1.0, 0.149)


@pytest.mark.parametrize("colour", [*theme.CATEGORIES, theme.QUIET])
@pytest.mark.parametrize("ground", [LIGHT, DARK])
def test_marks_are_seen_on_light_and_dark_ground(colour, ground):
    assert contrast(colour, ground) >= 3


@pytest.mark.parametrize("colour", [theme.INK, theme.SOFT])
def test_text_is_read_on_light_ground(colour):
    assert contrast(colour, LIGHT) >= 4.5
    assert contrast(colour, theme.GROUND) >= 4.5


def test_no_mark_has_the_colour_of_a_sentinel():
    sentinels = [theme.INK, theme.SOFT, theme.GRID, theme.GROUND]
    assert len({*sentinels, *theme.CATEGORIES, theme.QUIET}) == len(sentinels) + len(theme.CATEGORIES) + 1


SIGHT = {  # Machado, Oliveira and Fernandes (2009), severity 1
    "full": np.eye(3),
    "no red": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "no green": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
    "no blue": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
}


def lab(colour, sight):
    """CIE L*a*b* of a colour as a reader with that sight sees it."""
    channels = np.array([linear(int(colour[start : start + 2], 16) / 255) for start in (1, 3, 5)])
    seen = np.clip(np.array(sight) @ channels, 0, 1)
    to_xyz = [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.072175], [0.0193339, 0.119192, 0.9503041]]
    ratio = np.array(to_xyz) @ seen / [0.95047, 1, 1.08883]
    root = np.where(ratio > 0.008856, np.cbrt(ratio), 7.787 * ratio + 16 / 116)
    return np.array([116 * root[1] - 16, 500 * (root[0] - root[1]), 200 * (root[1] - root[2])])


@pytest.mark.parametrize("sight", sorted(SIGHT))
def test_every_reader_can_distinguish_the_categories(sight):
    apart = [np.linalg.norm(lab(a, SIGHT[sight]) - lab(b, SIGHT[sight])) for a, b in combinations(theme.CATEGORIES, 2)]
    assert min(apart) >= 20
    assert len(theme.CATEGORIES) == len(theme.DASHES)
