"""Pages of the ontology and its lists, for a browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mil2mil.commands import CONFORMS, dataset_of, need_readable

if TYPE_CHECKING:
    import argparse


def site(options: argparse.Namespace) -> int:
    from mil2mil.output import write_all
    from mil2mil.site import pages, redirects

    dataset = dataset_of(options)
    need_readable(dataset, "site")
    files = pages(dataset)
    if options.at:
        files["w3id/.htaccess"] = redirects(dataset, options.at)
    write_all(options.output, files)
    print(f"{len(files)} files are written; open {options.output / 'index.html'}")
    return CONFORMS
