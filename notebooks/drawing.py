"""The pictures and tables of the notebook, each with a text alternative."""

from __future__ import annotations

import html
import itertools
import json
import math
import re
import textwrap
from pathlib import Path
from typing import Any

import altair as alt
import pandas as pd
import vl_convert
from great_tables import GT, loc, style

WIDTH = 720
INK, GREY, PALE, PAPER = "#222222", "#6b6b6b", "#e4e4e4", "#ffffff"
# Colours that people with any colour vision can tell apart (after Okabe and Ito).
COLOURS = {"contact": "#0072B2", "incident": "#B34A00"}
# A modality is seen without colour: the shape of a day, whether it is filled, the dashes of a span.
STYLES = {"occurred": ("circle", True, [1, 0]), "planned": ("triangle-up", False, [5, 3])}
STYLES |= {"alleged": ("diamond", False, [1, 2])}
OTHER = ("cross", False, [6, 2, 1, 2])
Notes = dict[str, list[str]]  # lines of words by the name of a place
NATURAL_EARTH = Path(__file__).parent / "natural-earth"


class Figure:
    """A chart as SVG; the text alternative is its title, and stands for it where there is no SVG."""

    def __init__(self, name: str, chart: alt.LayerChart, alternative: str) -> None:
        self.alternative = alternative
        look = chart.configure(font="Liberation Sans, Arial, Helvetica, sans-serif", background=PAPER)
        svg = vl_convert.vegalite_to_svg(look.configure_view(stroke=None).to_dict())
        svg = re.sub(r"\b(clip|gradient_)(\d+)\b", rf"{name}-\1\2", svg)  # unique in a page
        # As wide as the page, but in a page that shows it in place no wider than it was drawn.
        svg = re.sub(r'^<svg (.*?) width="\d+" height="\d+"', r"<svg \1", svg)
        size = f"width:100%;max-width:{WIDTH + 10}px;height:auto"
        head = f'<svg role="img" aria-labelledby="{name}-title" style="{size}" '
        title = f'<title id="{name}-title">{html.escape(alternative, quote=False)}</title>'
        self.svg = re.sub(r"<svg ([^>]*)>", lambda found: f"{head}{found[1]}>{title}", svg, count=1)

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        return {"image/svg+xml": self.svg, "text/plain": self.alternative}


class Table:
    """Rows as a table that is no wider than the page; in plain text as pandas writes them."""

    def __init__(self, rows: pd.DataFrame, name: str, title: str) -> None:
        words = rows.astype(object).where(rows.notna(), "")
        self.rows = words.rename(columns=lambda label: str(label).replace("_", " "))
        short = [name for name in self.rows if self.rows[name].astype(str).str.len().max() < 25]
        look = GT(self.rows, id=name).tab_header(title).opt_align_table_header("left").cols_align("left")
        look = look.tab_style(style.css("white-space:nowrap"), loc.body(short))
        look = look.tab_options(table_width="100%", table_font_size="14px")
        # Columns are as wide as their words need, whatever a notebook sets; a small page scrolls them.
        sizes = f"table-layout:auto;min-width:{120 * len(self.rows.columns)}px"
        self.html = look.as_raw_html().replace("<table ", f'<table style="{sizes}" ', 1)

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        return {"text/html": self.html, "text/plain": self.rows.to_string(index=False)}


class Canvas:
    """Marks of Altair at places counted in pixels from above and left; each has its own look."""

    def __init__(self) -> None:
        self.marks: dict[str, list[dict[str, Any]]] = {"rule": [], "rect": [], "point": [], "text": []}

    def line(self, x: float, y: float, x2: float, y2: float, color: str, dash: Any = (1, 0)) -> None:
        place = {"x": x, "y": y, "x2": x2, "y2": y2}
        self.marks["rule"].append({**place, "stroke": color, "strokeDash": dash})

    def box(self, x: float, y: float, x2: float, y2: float, color: str, fill: str, **look: Any) -> None:
        place = {"x": x, "y": y, "x2": x2, "y2": y2, "stroke": color, "fill": fill}
        usual = {"strokeDash": [1, 0], "opacity": 1, "strokeWidth": 1.4}
        self.marks["rect"].append({**place, **usual, **look})

    def point(self, x: float, y: float, shape: str, color: str, filled: bool = True) -> None:
        fill = color if filled else PAPER
        self.marks["point"].append({"x": x, "y": y, "shape": shape, "stroke": color, "fill": fill})

    def words(self, x: float, y: float, text: str, **look: Any) -> None:
        usual = {"fill": INK, "align": "left", "fontSize": 12, "fontWeight": "normal"}
        self.marks["text"].append({**usual, "x": x, "y": y, "text": text, **look})

    def chart(self, height: float, *below: alt.Chart) -> alt.LayerChart:
        layers = list(below)
        fixed = {"point": {"size": 90, "opacity": 1, "strokeWidth": 1.5}, "text": {"baseline": "middle"}}
        for kind, marks in self.marks.items():
            if marks:
                names = set(marks[0]) - {"x", "y", "x2", "y2", "text"}
                look = {name: alt.ExprRef(f"datum.{name}") for name in sorted(names)}
                mark = getattr(alt.Chart(alt.Data(values=marks)), f"mark_{kind}")
                place = {at: alt.Y(f"{at}:Q", scale=None, axis=None) for at in "y"}
                place |= {at: alt.X(f"{at}:Q", scale=None, axis=None) for at in "x"}
                place |= {"x2": "x2", "y2": "y2"} if kind in {"rule", "rect"} else {}
                place |= {"text": "text:N"} if kind == "text" else {}
                layers.append(mark(**fixed.get(kind, {}), **look).encode(**place))
        return alt.layer(*layers).properties(width=WIDTH, height=height)


def timeline(rows: pd.DataFrame) -> alt.LayerChart:
    """Events with words, kind, modality, date (EDTF), earliest and latest; undated ones come last.

    All stretches of time have one scale; long times without an event are left out.
    """
    rows = rows.sort_values(["earliest", "latest", "words"], kind="stable").reset_index(drop=True)
    rows["end"] = rows["latest"].fillna(rows["earliest"])
    rows["panel"] = (rows["earliest"] - rows["end"].cummax().shift()).dt.days.gt(180).cumsum()
    spans = rows.groupby("panel").agg(first=("earliest", "min"), last=("end", "max"))
    per_day = WIDTH / ((spans["last"] - spans["first"]).dt.days.max() + 90)
    canvas = Canvas()
    for number, (name, (shape, filled, dash)) in enumerate(STYLES.items()):
        x = 10 + 240 * number
        canvas.point(x, 10, shape, INK, filled)
        canvas.box(x + 14, 5, x + 44, 15, INK, INK if filled else PAPER, strokeDash=dash)
        canvas.words(x + 52, 10, f"{name}: a day, a span")
    for number, (kind, colour) in enumerate(COLOURS.items()):
        canvas.point(10 + 240 * number, 32, "circle", colour)
        canvas.words(22 + 240 * number, 32, kind)
    y = 60.0
    for number, part in rows[rows["earliest"].notna()].groupby("panel"):
        low = spans["first"][number] - pd.Timedelta(days=45)
        top, bottom = y, y + 40 * len(part) + 6
        for month in pd.date_range(low, low + pd.Timedelta(days=int(WIDTH / per_day)), freq="MS"):
            x = (month - low).days * per_day
            canvas.line(x, top, x, bottom, PALE)
            if month.month % 3 == 1 and 30 < x < WIDTH - 30:
                canvas.words(x, bottom + 10, f"{month:%b %Y}", fill=GREY, align="center", fontSize=11)
        for row in part.to_dict("records"):
            _event(canvas, row, y + 28, low, per_day)
            y += 40
        y = bottom + 36
    for row in rows[rows["earliest"].isna()].to_dict("records"):
        colour, (shape, filled, _) = COLOURS[row["kind"]], STYLES.get(row["modality"], OTHER)
        canvas.words(5, y, f"No date is given: {row['words']}")
        canvas.line(8, y + 15, WIDTH - 8, y + 15, colour, [2, 3])
        for x, form in ((6, "triangle-left"), (WIDTH / 2, shape), (WIDTH - 6, "triangle-right")):
            canvas.point(x, y + 15, form, colour, filled)
        y += 40
    return canvas.chart(y)


def _event(canvas: Canvas, row: dict[str, Any], y: float, low: Any, per_day: float) -> None:
    """One event of the timeline, with its words above it."""
    colour, date, is_open = COLOURS[row["kind"]], row["date"], pd.isna(row["latest"])
    shape, filled, dash = STYLES.get(row["modality"], OTHER)
    x = (row["earliest"] - low).days * per_day
    end = WIDTH - 8 if is_open else (row["latest"] - low).days * per_day
    if is_open or date.startswith("["):
        canvas.line(x, y, end, y, colour, [2, 3])
        canvas.point(end, y, "triangle-right" if is_open else shape, colour, filled)
    if is_open or date.startswith("[") or x == end:
        canvas.point(x, y, shape, colour, filled)
    else:
        canvas.box(x, y - 6, end + per_day, y + 6, colour, colour if filled else PAPER, strokeDash=dash)
    for step in range(8 if "~" in date.partition("/")[0] else 0):  # its start is about then
        left = x - 4 * step - 5
        canvas.box(left, y - 6, left + 4, y + 6, colour, colour, opacity=0.8 - step / 10, strokeWidth=0)
    if "?" in date:
        canvas.words(x + 10, y, "?", fill=colour, fontWeight="bold", fontSize=14)
    words = f"{date}: {row['words']}"
    canvas.words(max(0, min(x - 5, WIDTH - 6.1 * len(words))), y - 15, words)


def cities() -> dict[str, tuple[float, float]]:
    """Longitude and latitude of the cities that Natural Earth has, by name."""
    table = pd.read_csv(NATURAL_EARTH / "cities-110m.csv", index_col="name")
    return {str(name): (row["longitude"], row["latitude"]) for name, row in table.iterrows()}


def _topology() -> Any:
    return json.loads((NATURAL_EARTH / "countries-110m.json").read_text(encoding="utf-8"))


def countries() -> dict[str, tuple[float, float]]:
    """The middle of each country's largest part, by name: where its words go."""
    topology, arcs, middles = _topology(), [], {}
    scale, move = topology["transform"]["scale"], topology["transform"]["translate"]
    for arc in topology["arcs"]:
        steps = itertools.accumulate(arc, lambda last, step: [last[0] + step[0], last[1] + step[1]])
        arcs.append([[x * scale[0] + move[0], y * scale[1] + move[1]] for x, y in steps])
    for shape in topology["objects"]["countries"]["geometries"]:
        parts = shape["arcs"] if shape["type"] == "MultiPolygon" else [shape["arcs"]]
        rings = [[point for arc in part[0] for point in arcs[max(arc, ~arc)]] for part in parts]
        xs, ys = zip(*max(rings, key=len), strict=True)
        middles[shape["properties"]["name"]] = ((min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2)
    return middles


def world(shaded: Notes, points: Notes, hollow: set[str]) -> alt.LayerChart:
    """Countries shaded, and cities as points, each with lines of words below its name."""
    west, south, scale, height = -8.0, 37.0, 11.0, 640.0  # scale: pixels a degree of longitude

    def place(at: tuple[float, float]) -> tuple[float, float]:
        up = [math.degrees(math.asinh(math.tan(math.radians(one)))) for one in (at[1], south)]
        return scale * (at[0] - west), height - scale * (up[0] - up[1])

    canvas, middles = Canvas(), countries()
    spots = {name: place(at) for name, at in cities().items() if name in points}
    taken = [(x - 6, y - 6, x + 6, y + 6) for x, y in spots.values()]

    def label(name: str, lines: list[str], x: float, y: float, ways: list[tuple[float, float]]) -> None:
        wide, high = 6.2 * max(map(len, [name, *lines])), 15.0 * (len(lines) + 1)
        for way in ways:  # the first way to go from the point that is free
            left, top = x - wide / 2 + way[0] * (wide / 2 + 10), y - high / 2 + way[1] * (high / 2 + 9)
            right, low = left + wide, top + high
            if not any(left < b[2] and b[0] < right and top < b[3] and b[1] < low for b in taken):
                break
        taken.append((left, top, right, low))
        align = {1: "left", 0: "center", -1: "right"}[int(way[0])]
        at = left + wide * (1 - way[0]) / 2
        for number, line in enumerate([name, *lines]):
            weight = "normal" if number else "bold"
            canvas.words(at, top + 8 + 15 * number, line, align=align, fontWeight=weight)

    for name, (x, y) in sorted(spots.items(), key=lambda spot: spot[1]):
        canvas.point(x, y, "circle", COLOURS["contact"], name not in hollow)
        label(name, points[name], x, y, [(1, 0), (-1, 0), (0, -1), (0, 1)])
    for name, lines in sorted(shaded.items()):
        label(name, lines, *place(middles[name]), [(0, 0), (-1, 0), (0, -1), (1, 0), (0, 1)])
    form = alt.TopoDataFormat(type="topojson", feature="countries")
    view = {"type": "mercator", "scale": math.degrees(scale), "translate": list(place((0, 0)))}
    land = alt.Chart(alt.InlineData(values=_topology(), format=form))
    land = land.project(**view, clipExtent=[[0, 0], [WIDTH, height]])
    marked = land.transform_filter(f"indexof({json.dumps(sorted(shaded))}, datum.properties.name) >= 0")
    look = {"stroke": "#bbbbbb", "strokeWidth": 0.6}
    below = land.mark_geoshape(fill="#f0f0f0", **look), marked.mark_geoshape(fill="#b5d5ea", **look)
    return canvas.chart(height, *below)


def columns(nodes: pd.DataFrame, edges: list[tuple[str, str]]) -> alt.LayerChart:
    """Nodes with id, column, kind and label as boxes in columns; edges as lines to the right."""
    last, wide = int(nodes["column"].max()), 214.0
    nodes["lines"] = [textwrap.wrap(label, 34, break_on_hyphens=False) for label in nodes["label"]]
    nodes["height"] = 24.0 + 14 * nodes["lines"].map(len)
    height = nodes.groupby("column")["height"].agg(lambda heights: (heights + 12).sum()).max()
    canvas, boxes = Canvas(), {}
    for column, part in nodes.groupby("column"):
        # A box stands near to those that lead to it, in the order of their column.
        tops = [[boxes[a][1] for a, b in edges if b == id_ and a in boxes] for id_ in part["id"]]
        part = part.assign(near=[sum(some) / max(len(some), 1) for some in tops])
        gap = (height - part["height"].sum()) / len(part)
        x, y = int(str(column)) * (WIDTH - wide) / last, gap / 2
        for row in part.sort_values(["near", "kind", "label"], kind="stable").itertuples():
            boxes[row.id] = (x, y, x + wide, y + row.height)
            canvas.box(*boxes[row.id], GREY, PAPER if column else "#dcebf5")
            canvas.words(x + 7, y + 11, row.kind, fill=GREY, fontSize=11)
            for number, line in enumerate(row.lines):
                canvas.words(x + 7, y + 26 + 14 * number, line)
            y += row.height + gap
    for one, other in edges:
        a, b = boxes[one], boxes[other]
        canvas.line(a[2], (a[1] + a[3]) / 2, b[0], (b[1] + b[3]) / 2, GREY)
    return canvas.chart(height)
