"""Pages to read: the ontology as pyLODE documents it, and a page for each controlled list.

They are built offline, and hold nothing that a browser would have to fetch.
"""

from __future__ import annotations

import html
import logging
import re
from typing import TYPE_CHECKING

from mil2mil.context import BASE
from mil2mil.finding import DatasetError
from mil2mil.graph import rows

if TYPE_CHECKING:
    from mil2mil.dataset import Dataset

_LISTS = """PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
SELECT ?list ?label ?definition {
  ?list a skos:ConceptScheme ; skos:prefLabel ?label ; skos:definition ?definition } ORDER BY ?list"""

_VALUES = """PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
PREFIX m2m: <https://w3id.org/mil2mil/ontology#>
SELECT ?value ?label ?definition ?broader (COUNT(?node) AS ?uses) {
  ?value skos:inScheme ?list ; skos:prefLabel ?label ; skos:definition ?definition .
  OPTIONAL { ?value skos:broader/skos:prefLabel ?broader }
  OPTIONAL { GRAPH ?graph { ?node ?property ?value } FILTER(!STRSTARTS(STR(?node), STR(?list))) }
} GROUP BY ?value ?label ?definition ?broader ORDER BY ?label"""

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} – mil2mil</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }}
h1 {{ font-size: 1.6rem; }}
div {{ overflow-x: auto; }}
table {{ border-collapse: collapse; width: 100%; }}
th, td {{ text-align: left; vertical-align: top; }}
th, td {{ padding: .4rem .8rem .4rem 0; border-bottom: 1px solid #8886; }}
th {{ font-weight: 600; }}
td.number {{ text-align: right; }}
code {{ overflow-wrap: anywhere; }}
</style>
</head>
<body>
{body}
</body>
</html>
"""


def pages(dataset: Dataset) -> dict[str, str]:
    """The pages by file name: index.html, ontology.html, and one for each list.

    Raises DatasetError if pyLODE, of the extra `site`, is not installed.
    """
    try:
        from pylode import OntPub
    except ModuleNotFoundError as error:
        raise DatasetError("the pages need an extra: pip install 'mil2mil[site]'") from error
    logging.getLogger().setLevel(logging.ERROR)  # which pyLODE sets to tell of all that it does
    result = {"ontology.html": OntPub(str(dataset.root / "ontology/mil2mil.ttl")).make_html()}
    links = []
    for row in rows(dataset.store, _LISTS):
        name = row["list"].removeprefix(BASE)
        result[f"{name}.html"] = _list(dataset, row)
        links.append(f'<li><a href="{name}.html">{html.escape(row["label"])}</a></li>')
    body = [
        "<h1>mil2mil: what the terms mean</h1>",
        '<p><a href="ontology.html">The ontology</a>: classes and properties, each with a definition',
        "and an example of the dataset.</p>",
        f"<h2>Controlled lists</h2><ul>{''.join(links)}</ul>",
    ]
    result["index.html"] = _PAGE.format(title="Terms", body="\n".join(body))
    return result


def redirects(dataset: Dataset, at: str) -> str:
    """The .htaccess that w3id.org takes for our IRIs, to pages and exports that stand at an address.

    The address holds what `mil2mil site` and `mil2mil build` write, side by side. All redirects are
    303: what an IRI stands for is not a document. Raises DatasetError for what is no address.
    """
    at = at.rstrip("/")
    if not re.fullmatch(r"https://[A-Za-z0-9.-]+(:[0-9]+)?(/[A-Za-z0-9._~-]+)*", at):
        raise DatasetError(f"{at}: write an address with https://, without signs that Apache reads")
    lists = "|".join(row["list"].removeprefix(BASE) for row in rows(dataset.store, _LISTS))
    kinds = "|".join(sorted({name.partition("/")[0] for name in dataset.records} | {"graphs"}))
    turtle = "RewriteCond %{HTTP_ACCEPT} text/turtle"
    json_ld = "RewriteCond %{HTTP_ACCEPT} application/ld\\+json"
    version = r"(/[0-9]+\.[0-9]+\.[0-9]+)?"
    return "\n".join(
        [
            f"# Redirects of {BASE}",
            "Options +FollowSymLinks",
            "RewriteEngine on",
            f"RewriteRule ^$ {at}/ [R=303,L]",
            turtle,
            f"RewriteRule ^ontology{version}$ {at}/ontology.ttl [R=303,L]",
            f"RewriteRule ^ontology{version}$ {at}/ontology.html [R=303,L]",
            turtle,
            f"RewriteRule ^({lists})(/[A-Za-z0-9-]+)?$ {at}/vocabularies.ttl [R=303,L]",
            f"RewriteRule ^({lists})$ {at}/$1.html [R=303,L]",
            f"RewriteRule ^({lists})/([A-Za-z0-9-]+)$ {at}/$1.html#$2 [R=303,NE,L]",
            f"RewriteRule ^dataset{version}$ {at}/void.ttl [R=303,L]",
            json_ld,
            f"RewriteRule ^({kinds})/ {at}/mil2mil.jsonld [R=303,L]",
            f"RewriteRule ^({kinds})/ {at}/mil2mil.ttl [R=303,L]",
            "",
        ]
    )


def _list(dataset: Dataset, row: dict[str, str]) -> str:
    name, label = row["list"].removeprefix(BASE), row["label"]
    values = list(rows(dataset.store, _VALUES.replace("?list", f"<{row['list']}>")))
    columns = ["name", "label", "definition", "narrower than", "uses"]
    if not any(value["broader"] for value in values):
        columns.remove("narrower than")
    lines = [
        '<p><a href="index.html">mil2mil: what the terms mean</a></p>',
        f"<h1>{html.escape(label.capitalize())}</h1>",
        f"<p>{html.escape(row['definition'])}</p>",
        f"<p>The list is <code>{html.escape(row['list'])}</code>; a value is the list and its name.</p>",
        "<div><table><thead><tr>",
        "".join(f'<th scope="col">{column}</th>' for column in columns),
        "</tr></thead><tbody>",
    ]
    for value in values:
        short = html.escape(value["value"].removeprefix(f"{BASE}{name}/"))
        cells = {
            "label": value["label"],
            "definition": value["definition"],
            "narrower than": value["broader"],
        }
        text = "".join(f"<td>{html.escape(cells[column])}</td>" for column in columns[1:-1])
        uses = f'<td class="number">{value["uses"]}</td>'
        lines.append(f'<tr id="{short}"><td><code>{short}</code></td>{text}{uses}</tr>')
    lines.append("</tbody></table></div>")
    return _PAGE.format(title=html.escape(label.capitalize()), body="\n".join(lines))
