"""Tables: a Frictionless data package of CSV files, and the same tables as Parquet."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from typing import TYPE_CHECKING, Any

from mil2mil.exports.about import about
from mil2mil.exports.relations import relations
from mil2mil.finding import DatasetError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mil2mil.dataset import Dataset
    from mil2mil.exports import Files
    from mil2mil.exports.relations import Column, Table

FOLDER = "tables"


def files(dataset: Dataset) -> Files:
    """CSV, Parquet, and the description that makes a data package of the CSV files."""
    tables = relations(dataset)
    found: Files = {f"{FOLDER}/{name}": text for name, text in texts(tables).items()}
    found[f"{FOLDER}/datapackage.json"] = _package(dataset, tables)
    for table in tables:
        found[f"{FOLDER}/{table.name}.parquet"] = _parquet(table)
    return found


def texts(tables: Sequence[Table]) -> dict[str, str]:
    """The tables as CSV, by the name of the file."""
    return {f"{table.name}.csv": _csv(table) for table in tables}


def _csv(table: Table) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(column.name for column in table.columns)
    writer.writerows(table.rows)
    return out.getvalue()


def _package(dataset: Dataset, tables: Sequence[Table]) -> str:
    facts = about(dataset)
    package: dict[str, Any] = {
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        "name": "mil2mil",
        "title": facts.title,
        "description": facts.description,
        "version": facts.version,
        "licenses": [{"name": "CC-BY-4.0", "path": facts.licence}],
        "contributors": [{"title": facts.creator}],
        "resources": [_resource(table) for table in tables],
    }
    return json.dumps(package, ensure_ascii=False, indent=1) + "\n"


def _resource(table: Table) -> dict[str, Any]:
    data = _csv(table).encode()
    return {
        "name": table.name,
        "type": "table",
        "description": table.meaning,
        "path": f"{table.name}.csv",
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "bytes": len(data),
        "hash": f"sha256:{hashlib.sha256(data).hexdigest()}",
        "schema": {
            "fields": [_field(table, column) for column in table.columns],
            "primaryKey": list(table.key),
            "foreignKeys": [
                {
                    "fields": [column.name],
                    # An empty name is the table itself.
                    "reference": {
                        "resource": column.target if column.target != table.name else "",
                        "fields": ["id"],
                    },
                }
                for column in table.columns
                if column.target
            ],
        },
    }


def _field(table: Table, column: Column) -> dict[str, Any]:
    constraints: dict[str, Any] = {"required": True} if column.required else {}
    if table.key == (column.name,):
        constraints["unique"] = True
    if column.choices:
        constraints["enum"] = list(column.choices)
    field = {"name": column.name, "type": column.kind, "description": column.meaning}
    return {**field, "constraints": constraints} if constraints else field


def _parquet(table: Table) -> bytes:
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError as error:
        raise DatasetError("the format 'tables' needs pyarrow: pip install 'mil2mil[tables]'") from error
    # Words for durations: Parquet has no type for them.
    types = {"integer": pyarrow.int64(), "date": pyarrow.date32()}
    fields, columns = [], []
    for place, column in enumerate(table.columns):
        kind = types.get(column.kind, pyarrow.string())
        meaning = {"description": column.meaning}
        fields.append(pyarrow.field(column.name, kind, not column.required, meaning))
        words = pyarrow.array(
            [row[place] for row in table.rows], None if table.rows else pyarrow.string()
        )
        columns.append(words.cast(kind))
    schema = pyarrow.schema(fields, {"description": table.meaning})
    out = io.BytesIO()
    parquet.write_table(pyarrow.Table.from_arrays(columns, schema=schema), out, compression="zstd")
    return out.getvalue()
