"""The command line of `mil2mil`: its options, and what happens to errors; the work is in commands.

Exit codes are those of pySHACL's command: 0 conforms, 1 findings, 2 could not run; and as of any
command 130 if it was interrupted.
"""

from __future__ import annotations

import argparse
import importlib
import io
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from mil2mil import __version__, exports
from mil2mil.finding import DatasetError, Severity

if TYPE_CHECKING:
    from collections.abc import Sequence

CANNOT_RUN = 2
INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a pipe may not have our signs: lose those alone
    options = _parser().parse_args(arguments)
    try:
        module = importlib.import_module(f"mil2mil.commands.{options.module}")
        code: int = getattr(module, options.run)(options)
        print(end="", flush=True)
    except DatasetError as error:
        print(f"mil2mil: {error}", file=sys.stderr)
        return CANNOT_RUN
    except KeyboardInterrupt:
        print("mil2mil: interrupted", file=sys.stderr, flush=True)
        os._exit(INTERRUPTED)  # without waiting for what the store is still asked
    except OSError as error:
        if isinstance(error, BrokenPipeError):  # the reader of a pipe, such as head, has gone
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        else:
            place = f"{error.filename}: " if error.filename else ""
            print(f"mil2mil: {place}{error.strerror}", file=sys.stderr)
        return CANNOT_RUN
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="mil2mil",
        description="Contacts between the United States and Russian militaries, as a knowledge graph.",
        epilog="Exit codes: 0 conforms, 1 findings, 2 could not run.",
    )
    parser.add_argument("--version", action="version", version=f"mil2mil {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    build = commands.add_parser("build", help="validate, then write the exports and a summary")
    build.add_argument(
        "--output",
        type=Path,
        default=Path("build"),
        metavar="DIR",
        help="where the exports go (default: build)",
    )
    build.add_argument(
        "--format",
        dest="formats",
        action="append",
        default=[],
        choices=(*exports.FORMATS, exports.ALL),
        metavar="NAME",
        help="also write tables, graphml, croissant, schema.org, rdf12 or all; can be repeated",
    )
    build.add_argument(
        "--only",
        action="append",
        choices=("ttl", "jsonld", "nq", "trig"),
        metavar="NAME",
        help="of ttl, jsonld, nq and trig write only this; can be repeated (default: all four)",
    )
    build.set_defaults(module="build", run="build")

    validate = commands.add_parser("validate", help="say what is wrong, and at which line")
    validate.add_argument(
        "paths",
        nargs="*",
        type=Path,
        metavar="PATH",
        help="check only these files and folders, and what hangs on them (default: all)",
    )
    validate.add_argument(
        "--since",
        metavar="REV",
        help="check only what changed since a revision of git, and what hangs on that",
    )
    validate.add_argument("--watch", action="store_true", help="check again whenever a file is saved")
    validate.add_argument(
        "--format",
        choices=("text", "json", "github", "sarif", "junit"),
        default="text",
        help="how findings are written (default: text, for people)",
    )
    validate.add_argument(
        "--fail-on",
        choices=[severity.word for severity in Severity],
        default=Severity.INFO.word,
        metavar="SEVERITY",
        help="exit with 1 on findings as bad as this: violation, warning or info (default: info)",
    )
    validate.set_defaults(module="validate", run="validate")

    query = commands.add_parser("query", help="answer a competency question, or SPARQL")
    query.add_argument(
        "query",
        nargs="?",
        metavar="NAME|FILE|-",
        help="a question, a file of SPARQL, or - for standard input (default: list the questions)",
    )
    query.add_argument(
        "--format",
        choices=("table", "csv", "tsv", "json", "xml", "md"),
        default="table",
        help="how the answer is written (default: table, for people)",
    )
    query.add_argument(
        "--bind",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="give a variable a value: the id of a record, a day, a number, or a term such as "
        "'\"Bern\"@en'; can be repeated",
    )
    query.add_argument(
        "--timeout",
        type=float,
        default=60.0,
        metavar="SECONDS",
        help="how long it may take (default: 60)",
    )
    query.set_defaults(module="ask", run="query")

    show = commands.add_parser("show", help="tell a record in words, with its evidence")
    show.add_argument("id", metavar="ID", help="such as contacts/2017-02-16-azerbaijan")
    show.set_defaults(module="ask", run="show")

    serve = commands.add_parser("serve", help="answer SPARQL over HTTP, with a page to ask from")
    serve.add_argument(
        "--host", default="127.0.0.1", metavar="NAME", help="(default: 127.0.0.1, this machine alone)"
    )
    serve.add_argument(
        "--port", type=int, default=7878, metavar="N", help="(default: 7878; 0 takes any that is free)"
    )
    serve.add_argument(
        "--timeout",
        type=int,
        default=30,
        metavar="SECONDS",
        help="how long a query may take (default: 30)",
    )
    serve.set_defaults(module="serve", run="serve")

    coverage = commands.add_parser("coverage", help="show what each sentence of each article supports")
    coverage.add_argument("source", nargs="?", metavar="SOURCE", help="only this article (default: all)")
    coverage.set_defaults(module="curate", run="coverage")

    explain = commands.add_parser("explain", help="say what a rule wants, or how a question is asked")
    explain.add_argument(
        "rule",
        nargs="?",
        metavar="RULE",
        help="a rule, as a finding names it, or a competency question (default: list the rules)",
    )
    explain.set_defaults(module="curate", run="explain")

    new = commands.add_parser("new", help="write a record to start from")
    new.add_argument("kind", metavar="KIND", help="what it is about: meeting, place, …; or source")
    new.add_argument(
        "name",
        metavar="NAME",
        help="the last part of the id, such as 2017-02-16-azerbaijan; for a source the article's file",
    )
    new.add_argument(
        "--id", metavar="NAME", help="for a source: the last part of the id (default: the file's)"
    )
    new.set_defaults(module="curate", run="new")

    diff = commands.add_parser("diff", help="tell what changed since a revision, in terms of facts")
    diff.add_argument("old", metavar="REV", help="a revision of git, such as main or HEAD~1")
    diff.add_argument("new", metavar="REV", nargs="?", help="another (default: the files as they are)")
    diff.add_argument(
        "--format",
        choices=("text", "md", "json"),
        default="text",
        help="(default: text; md is Markdown)",
    )
    diff.set_defaults(module="curate", run="diff")

    schema = commands.add_parser("schema", help="write a JSON Schema of records, for editors")
    schema.add_argument(
        "--output",
        type=Path,
        default=Path("build/schema.json"),
        metavar="FILE",
        help="(default: build/schema.json)",
    )
    schema.set_defaults(module="curate", run="schema")

    site = commands.add_parser("site", help="write pages of the ontology and its lists")
    site.add_argument(
        "--output",
        type=Path,
        default=Path("build/site"),
        metavar="DIR",
        help="where the pages go (default: build/site)",
    )
    site.add_argument(
        "--at",
        metavar="URL",
        help="where they and the exports will stand: also write the redirects that w3id.org takes",
    )
    site.set_defaults(module="site", run="site")

    publish = commands.add_parser("publish", help="load the graphs that changed into a SPARQL store")
    publish.add_argument(
        "--to",
        required=True,
        metavar="URL",
        help="the store's Graph Store endpoint, such as http://127.0.0.1:7878/store",
    )
    publish.add_argument(
        "--protocol",
        choices=("gsp", "update"),
        default="gsp",
        help="what --to understands: the Graph Store Protocol (default) or SPARQL Update",
    )
    publish.add_argument(
        "--query",
        metavar="URL",
        help="where the store answers queries (default: beside --to, for Oxigraph, Fuseki and Virtuoso)",
    )
    publish.add_argument(
        "--dry-run", action="store_true", help="say what would be done, and change nothing"
    )
    publish.set_defaults(module="publish", run="publish")

    for command in (
        build,
        validate,
        query,
        show,
        serve,
        explain,
        coverage,
        new,
        diff,
        schema,
        site,
        publish,
    ):
        command.add_argument(
            "--root",
            type=Path,
            metavar="DIR",
            help="another dataset of the same layout (default: the one around this folder, "
            "else the one that comes with the package)",
        )
    for command in (build, validate, show, coverage):
        command.add_argument(
            "--text",
            type=Path,
            metavar="DIR",
            help="a folder with the articles: to verify against them, or to show their words",
        )
    for command in (build, validate):
        command.add_argument(
            "--engine",
            choices=("shacl", "pyshacl"),
            default="shacl",
            help="the SHACL engine (default: shacl, compiled; pyshacl is the reference)",
        )
        command.add_argument(
            "--store",
            type=Path,
            metavar="DIR",
            help="keep the graph and the findings in DIR: for more records than fit into memory, and to "
            "check only what changed the next time",
        )
        command.add_argument(
            "--executor",
            metavar="NAME",
            help="who reads and checks the records: serial, processes, or dask:ADDRESS for a cluster "
            "(default: processes from 5000 records on)",
        )
    return parser
