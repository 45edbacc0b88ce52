"""The dataset as a SPARQL endpoint, with a page to ask from, until interrupted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mil2mil.commands import CONFORMS, dataset_of, need_readable
from mil2mil.finding import DatasetError

if TYPE_CHECKING:
    import argparse


def serve(options: argparse.Namespace) -> int:
    from mil2mil import serve as server

    if options.timeout < 1:
        raise DatasetError("--timeout is a number of seconds, 1 or more")
    dataset = dataset_of(options)
    need_readable(dataset, "serve")

    def say(address: str) -> None:
        print(f"The page to ask from: {address}")
        print(f"The SPARQL endpoint:  {address}query")
        print("Ctrl-C stops it.", flush=True)

    server.serve(dataset, options.host, options.port, options.timeout, say)
    return CONFORMS
