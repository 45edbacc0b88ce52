"""Croissant, the description of datasets for machine learning (MLCommons), of the CSV tables.

It stands beside the tables, which are written with it, and names the columns as their JSON does.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from mil2mil.exports.about import IRI, about
from mil2mil.exports.relations import relations
from mil2mil.exports.tables import FOLDER, texts

if TYPE_CHECKING:
    from mil2mil.dataset import Dataset
    from mil2mil.exports import Files
    from mil2mil.exports.relations import Column, Table

# The context of the specification, version 1.0, which asks to have it in the document.
_CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileProperty": "cr:fileProperty",
    "fileObject": "cr:fileObject",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
_KINDS = {"integer": "sc:Integer", "date": "sc:Date"}


def files(dataset: Dataset) -> Files:
    """The description, and the tables that it describes."""
    tables = relations(dataset)
    data = texts(tables)
    facts = about(dataset)
    document = {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "@id": IRI,
        "name": "mil2mil",
        "alternateName": facts.title,
        "description": facts.description,
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "license": facts.licence,
        "url": IRI,
        "version": facts.version,
        "creator": {"@type": "sc:Organization", "name": facts.creator},
        "dateCreated": facts.created,
        "datePublished": facts.created,
        "citeAs": f"{facts.creator}: {facts.title}, version {facts.version}",
        "distribution": [_file(name, text) for name, text in data.items()],
        "recordSet": [_record_set(table) for table in tables],
    }
    text = json.dumps(document, ensure_ascii=False, indent=1) + "\n"
    found: Files = {f"{FOLDER}/{name}": content for name, content in data.items()}
    return {**found, f"{FOLDER}/croissant.json": text}


def _file(name: str, text: str) -> dict[str, Any]:
    data = text.encode()
    return {
        "@type": "cr:FileObject",
        "@id": name,
        "name": name,
        "contentUrl": name,
        "contentSize": f"{len(data)} B",
        "encodingFormat": "text/csv",
        "sha256": hashlib.sha256(data).hexdigest(),
    }


def _record_set(table: Table) -> dict[str, Any]:
    return {
        "@type": "cr:RecordSet",
        "@id": table.name,
        "name": table.name,
        "description": table.meaning,
        "key": [{"@id": f"{table.name}/{name}"} for name in table.key],
        "field": [_field(table, column) for column in table.columns],
    }


def _field(table: Table, column: Column) -> dict[str, Any]:
    # Without references, on which mlcroissant joins the tables: those to a table itself it cannot
    # follow, and rows with an empty value are lost. They stand in datapackage.json.
    return {
        "@type": "cr:Field",
        "@id": f"{table.name}/{column.name}",
        "name": f"{table.name}/{column.name}",
        "description": column.meaning,
        "dataType": _KINDS.get(column.kind, "sc:Text"),
        "source": {
            "fileObject": {"@id": f"{table.name}.csv"},
            "extract": {"column": column.name},
        },
    }
