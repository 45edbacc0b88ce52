# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # A tour of mil2mil
#
# mil2mil is a knowledge graph of contacts between the United States and Russian militaries. This
# notebook asks it seven questions, one in each section. To follow it you need some SPARQL. To run it
# you need its folder, Jupyter, and `pip install --editable '.[notebook]'`. It opens no connection.
#
# To change it, edit `notebooks/tour.py` and run `python tests/test_notebook.py`, which writes
# `notebooks/tour.ipynb` anew.

# %%
import sys

import pandas as pd

import mil2mil

sys.path.append("notebooks")  # for a notebook that runs from the root of the repository
from drawing import Figure, Table, cities, columns, countries, timeline, world

# %load_ext mil2mil.magic
dataset = mil2mil.load()

# %% [markdown]
# ## 1. What is here?
#
# Each record is of a class of the ontology `m2m`. The query counts records by class, subclasses
# included. The usual prefixes need not be declared here; section 7 declares them.

# %%
counts = dataset.query("""
SELECT ?kind (COUNT(DISTINCT ?record) AS ?records) ?meaning {
  VALUES ?class { m2m:Contact m2m:Incident m2m:Occurrence m2m:Statement m2m:Agreement m2m:Channel
                  m2m:Policy m2m:Official m2m:Office m2m:Organisation m2m:Group m2m:State m2m:Place
                  m2m:Craft m2m:Source }
  ?record a/rdfs:subClassOf* ?class . ?class rdfs:label ?kind ; skos:definition ?meaning .
} GROUP BY ?kind ?meaning ORDER BY DESC(?records) ?kind
""")
Table(counts.df(), "counts", "Records by kind")

# %% [markdown]
# Not all of it took place. `m2m:modality` says how whoever tells a fact presents it: as something that
# occurred, or as planned, alleged, denied and so on. It is the one place where doubt is expressed. To
# ask for what happened, ask for `occurred`; what is told as having occurred may still be denied by
# another account, as section 2 shows.

# %%
modalities = dataset.query("""
SELECT ?modality ?kind (COUNT(DISTINCT ?event) AS ?events) {
  VALUES ?class { m2m:Contact m2m:Incident m2m:Occurrence }
  ?event a/rdfs:subClassOf* ?class ; m2m:modality/skos:prefLabel ?modality . ?class rdfs:label ?kind .
} GROUP BY ?modality ?kind
""").df()
by_kind = modalities.pivot(index="modality", columns="kind", values="events").fillna(0)
Table(by_kind.reset_index(), "modalities", "Events by modality")

# %% [markdown]
# Who met or called whom, when, and in which office? A participation has an official, or a party such as
# a delegation, and the office in whose capacity someone takes part. Where a source leaves a person
# unnamed, so does the table.

# %%
met = dataset.query("""
SELECT ?date ?contact ?who ?office {
  ?event a/rdfs:subClassOf* m2m:Contact ; m2m:modality <https://w3id.org/mil2mil/modality/occurred> ;
    rdfs:label ?contact ; m2m:date ?date ; m2m:earliest ?day ; m2m:participant ?part .
  OPTIONAL { ?part m2m:official|m2m:party ?agent . ?agent rdfs:label ?who }
  OPTIONAL { ?part m2m:office/rdfs:label ?office }
} ORDER BY ?day ?contact ?who ?office
""").df()
office = ("(" + met["office"] + ")").fillna("")
met["participants"] = (met["who"].fillna("unnamed") + " " + office).str.strip()
who = met.groupby(["date", "contact"], sort=False)["participants"].agg("; ".join).reset_index()
Table(who, "met", "Contacts that occurred")

# %% [markdown]
# ## 2. When was it, and how well is that known?
#
# Dates are written in EDTF, such as `2021-06` or `2016-02~/2017-02-16`. Each also gives its first and
# last day as `m2m:earliest` and `m2m:latest`. If both are one day, the date is a day; if one is absent,
# that end is open. The timeline draws the date of the event, and each date of an account that
# contradicts it, or that stands alone.

# %%
told = dataset.query("""
SELECT ?event ?node ?kind ?words ?modality ?date ?earliest ?latest ?denied {
  VALUES (?class ?kind) { (m2m:Contact "contact") (m2m:Incident "incident") }
  ?event a/rdfs:subClassOf* ?class ; rdfs:label ?words ; m2m:account? ?node ;
    m2m:modality/skos:prefLabel ?modality .
  OPTIONAL { ?node m2m:date ?date }
  OPTIONAL { ?node m2m:earliest ?earliest }
  OPTIONAL { ?node m2m:latest ?latest }
  BIND(EXISTS { ?event m2m:account/m2m:modality <https://w3id.org/mil2mil/modality/denied> } AS ?denied)
}
""").df()
own = told["event"] == told["node"]
dated = set(told[told["date"].notna()]["event"])
dated_itself = set(told[own & told["date"].notna()]["event"])
own_days = told[own].set_index("event")
too_late = told["earliest"] > told["event"].map(own_days["latest"])
too_early = told["latest"] < told["event"].map(own_days["earliest"])
by_account = ~own & told["date"].notna() & (~told["event"].isin(dated_itself) | too_late | too_early)
drawn = told[(own & (told["event"].isin(dated_itself) | ~told["event"].isin(dated))) | by_account].copy()
drawn["words"] += by_account[drawn.index].map({True: " (one account)", False: ""})
drawn["words"] += drawn["denied"].map({True: " (denied in an account)", False: ""})
Figure(
    "timeline",
    timeline(drawn),
    "Timeline of contacts and incidents "
    f"from {drawn['earliest'].min():%Y} to {drawn['latest'].max():%Y}. Days are points, spans are bars. "
    "What occurred is filled; what is planned or alleged is hollow. The table below has the same dates.",
)

# %% [markdown]
# *All stretches of time have one scale; years without an event are left out. A bar is a span within
# which the event lies or over which it goes on. A question mark is a date that its source leaves
# uncertain, a fading start is one that is only about then, a dotted line between two points is one of
# two days, and an arrow is an end that is not known.* The same as a table:

# %%
dates = drawn.sort_values(["earliest", "latest", "words"])
for end in ("earliest", "latest"):
    dates[end] = dates[end].dt.strftime("%Y-%m-%d")
dates = dates[["date", "earliest", "latest", "modality", "words"]]
Table(dates, "dates", "Dates of contacts and incidents")

# %% [markdown]
# ## 3. Where was it, and how precisely is that told?
#
# A place is a country, a city, a venue, a sea or a region, as the source gives it, and may be part of
# another. Accounts of one event may give different places. The dataset holds no coordinates: the map
# takes countries and cities from Natural Earth (`notebooks/natural-earth/`), by name, and goes up from
# a place that Natural Earth lacks to the one that it is part of.

# %%
places = dataset.query("""
SELECT DISTINCT ?event ?label ?modality ?date ?place ?name ?place_kind ?by {
  VALUES ?class { m2m:Contact m2m:Incident }
  ?event a/rdfs:subClassOf* ?class ; rdfs:label ?label ; m2m:modality/skos:prefLabel ?modality .
  OPTIONAL { ?event m2m:date ?date }
  OPTIONAL {
    { ?event m2m:place ?place BIND("record" AS ?by) }
    UNION { ?event m2m:account/m2m:place ?place BIND("account" AS ?by) }
    ?place rdfs:label ?name ; m2m:placeKind/skos:prefLabel ?place_kind .
  }
} ORDER BY ?date ?label ?name DESC(?by)
""").df()
places = places.drop_duplicates(["event", "place"])
parts = dataset.query("""
SELECT ?name ?whole { ?place a m2m:Place ; rdfs:label ?name ; m2m:partOf/rdfs:label ?whole }
""").df()
wholes = dict(zip(parts["name"], parts["whole"], strict=True))

city, country = cities(), countries()


def placed(name: str) -> str:
    """The place itself or the nearest of which it is part that the map has, or nothing."""
    while name and name not in city and name not in country:
        name = wholes.get(name, "")
    return name


places["drawn_at"] = places["name"].fillna("").map(placed).where(places["modality"] == "occurred", "")
shown = places[places["drawn_at"] != ""]
name_too = (", " + shown["name"]).where(shown["name"] != shown["drawn_at"], "")
shown = shown.assign(note=shown["date"] + name_too)
notes = shown.groupby("drawn_at")["note"].agg(list).to_dict()
Figure(
    "map",
    world(
        {name: lines for name, lines in notes.items() if name in country},
        {name: lines for name, lines in notes.items() if name in city},
        hollow=set(shown["drawn_at"]) - set(shown[shown["by"] == "record"]["drawn_at"]),
    ),
    "Map of Europe and the Caucasus. Contacts took place in "
    + ", ".join(sorted({*shown["drawn_at"]}))
    + ". Countries are shaded where a source gives the country, or a place in it that the map lacks; "
    "cities are points.",
)

# %% [markdown]
# *Contacts that occurred. A filled point is a city that the record gives, a hollow one a city that only
# an account gives, a shaded country one that a source gives as the place. Under each are the days.*
# Several sources tell of one meeting, and so one meeting may stand at several places: that in
# Azerbaijan at the country and at Baku, that of September 2021 at Helsinki, and at a manor in Vantaa,
# of which the map has only the country.
#
# The seas of the incidents are not in the map's data. What is not on the map, or not at its own place,
# is in this table:

# %%
elsewhere = places[(places["drawn_at"] == "") | (places["drawn_at"] != places["name"])].copy()
elsewhere["drawn"] = "as " + elsewhere["drawn_at"]
elsewhere.loc[elsewhere["drawn_at"] == "", "drawn"] = "no: the map has no such place"
elsewhere.loc[elsewhere["name"].isna(), "drawn"] = "no: no place is given"
elsewhere = elsewhere[["label", "modality", "name", "place_kind", "drawn"]]
elsewhere.columns = ["event", "modality", "place", "kind_of_place", "drawn"]
Table(elsewhere, "elsewhere", "Not at its place on the map")

# %% [markdown]
# ## 4. What is around one meeting?
#
# The meeting of 16 February 2017 with its participants and their offices, the agreement that one side
# reports of it, the background against which it is set, and how each account tells of it: the statement
# that it renders, the place that it gives, the source that it stands in. Two queries give the nodes and
# the edges.

# %%
meeting = "contacts/2017-02-16-azerbaijan"
edges = dataset.query(
    """
SELECT DISTINCT ?one ?other {
  { ?meeting m2m:participant/m2m:official|m2m:account|m2m:context|^m2m:madeAt ?other
    BIND(?meeting AS ?one) }
  UNION { ?meeting m2m:ordinal/m2m:anchor ?other BIND(?meeting AS ?one) }
  UNION { ?meeting m2m:participant ?part . ?part m2m:official ?one ; m2m:office ?other }
  UNION { ?meeting m2m:account|^m2m:madeAt ?one . ?one m2m:accordingTo|m2m:place ?other }
  UNION { ?meeting m2m:account ?one . ?one m2m:evidence ?evidence .
          ?other m2m:unit? ?evidence ; m2m:publisher ?publisher }
} ORDER BY ?one ?other
""",
    meeting=meeting,
).df()
nodes = dataset.query("""
SELECT ?id ?kind ?label ?publisher {
  ?id a/rdfs:label ?kind .
  OPTIONAL { ?id m2m:gloss ?gloss }
  OPTIONAL { ?id rdfs:label ?name }
  BIND(COALESCE(?name, ?gloss) AS ?label)
  OPTIONAL { ?id m2m:publisher/rdfs:label ?publisher }
} ORDER BY ?id
""").df()

near = set(edges[edges["one"] == meeting]["other"])
nodes = nodes[nodes["id"].isin({*edges["one"], *edges["other"]})].copy()
nodes["column"] = [0 if id_ == meeting else 1 if id_ in near else 2 for id_ in nodes["id"]]
# A source is shown by its publisher, and the name of its record.
published = nodes["publisher"] + " (" + nodes["id"].str.removeprefix("seeds/") + ")"
nodes["label"] = published.fillna(nodes["label"])
parts = nodes.groupby(["column", "kind"]).size().astype(str)
middle, right = ("; ".join(parts[column] + " " + parts[column].index) for column in (1, 2))
Figure(
    "around",
    columns(nodes, list(edges.itertuples(index=False, name=None))),
    f"Graph in three columns, by number and kind. On the left the meeting. In the middle: {middle}. "
    f"On the right: {right}. Lines lead from each thing to what it refers to.",
)

# %% [markdown]
# *A line leads from a thing to what it refers to: from the meeting to its participants, its accounts,
# the agreement made at it, its background, and the policy from which "first meeting since" counts; from
# an official to the office held there; from an account to the statement that it renders, the place that
# it gives and the source that it stands in.*

# %% [markdown]
# ## 5. What do the two sides say of it?
#
# Each side's readout is a statement with claims. Side by side, in our glosses, with the words that the
# article quotes:

# %%
claims = dataset.query(
    """
SELECT ?side ?unit ?gloss ?words {
  ?meeting m2m:account/m2m:accordingTo ?readout .
  ?readout m2m:speaker/rdfs:label ?side ; m2m:claim ?claim .
  ?claim m2m:gloss ?gloss ; m2m:evidence ?unit . OPTIONAL { ?claim m2m:quote/m2m:words ?words }
} ORDER BY DESC(?side) ?unit ?gloss
""",
    meeting=meeting,
).df()
claims["told"] = claims["gloss"] + (" “" + claims["words"] + "”").fillna("")
claims["place"] = claims.groupby("side").cumcount()
sides = claims.pivot(index="place", columns="side", values="told")
Table(sides.sort_index(axis=1), "readouts", "What each readout says")

# %% [markdown]
# The competency question `readouts-compared` asks what one readout of a contact has and the other does
# not. A question is asked by its name, here with a value for its variable `?event`:

# %%
compared = dataset.query("readouts-compared", event=meeting).df()
by_side = compared.assign(told="yes").pivot(index=["kind", "what"], columns="told_by", values="told")
Table(by_side.fillna("–").reset_index(), "compared", "What only one of the readouts contains")

# %% [markdown]
# Only the office of the Joint Chiefs of Staff tells of an agreement; only the Russian ministry names
# North Africa. That a readout, as far as the article gives it, does not contain something does not mean
# that its side denies it.

# %% [markdown]
# ## 6. Which sentence supports that?
#
# Every node that states a fact names its evidence: a unit of an article, or a page. Take the agreement.
# Its evidence are two sentences, each with a gloss of ours, and the span in which it stands, in code
# points of the article's text.

# %%
agreement = "agreements/2017-02-16-enhance-communications"
dataset.query(
    """
SELECT ?unit ?gloss ?start ?end {
  ?fact m2m:evidence ?unit . ?unit m2m:gloss ?gloss ; m2m:span ?span .
  ?span m2m:start ?start ; m2m:end ?end .
} ORDER BY ?unit
""",
    fact=agreement,
)

# %% [markdown]
# The whole record, with its evidence and with what refers to it:

# %%
dataset.record(agreement)

# %% [markdown]
# The article's own words are not part of the project, for they are under copyright; it holds only those
# that officials and offices are quoted as saying. If you have the article, put its text into a folder
# and see each sentence beside what it supports. Spans are checked against the text by their hash.
#
# ```sh
# mil2mil coverage seeds/thehill-2017-02-16 --text FOLDER
# ```

# %% [markdown]
# ## 7. What do you want to ask?
#
# A cell that starts with `%%sparql` and a name is a query; its answer draws itself, and gets the name.
# This one asks for the contacts and incidents of which the date may fall into February 2017:

# %% tags=["active-ipynb"]
# %%sparql february
# PREFIX m2m: <https://w3id.org/mil2mil/ontology#>
# PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
# PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
# PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>
# SELECT ?date ?kind ?event ?told_as {
#   VALUES ?class { m2m:Contact m2m:Incident }
#   ?node a/rdfs:subClassOf* ?class ; rdfs:label ?event ; m2m:modality/skos:prefLabel ?told_as ;
#     m2m:date ?date ; m2m:earliest ?earliest ; m2m:latest ?latest .
#   ?class rdfs:label ?kind .
#   FILTER(?earliest <= "2017-02-28"^^xsd:date && ?latest >= "2017-02-01"^^xsd:date)
# } ORDER BY ?earliest ?event

# %% [markdown]
# The answer is a table for pandas, too. Days are `datetime64`, numbers are `Int64`, and ids are short:

# %%
february.df().groupby(["kind", "told_as"]).size().rename("events").reset_index()  # noqa: F821

# %% [markdown]
# The competency questions are queries to start from. And whoever works with rdflib takes the graph from
# there:

# %%
graph = dataset.rdflib()
found = graph.query("""
PREFIX m2m: <https://w3id.org/mil2mil/ontology#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
SELECT DISTINCT ?who {
  ?part m2m:office ?office ; m2m:official/rdfs:label ?who .
  ?office rdfs:label "Chairman of the Joint Chiefs of Staff"@en .
} ORDER BY ?who
""")
pd.DataFrame([str(row.who) for row in found], columns=["chairman"])
