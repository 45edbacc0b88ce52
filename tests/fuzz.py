"""Coverage-guided fuzzing of the reader with atheris: text to document, record and triples.

    python tests/fuzz.py -max_total_time=600

Whatever the bytes are, the reader gives a record or findings with a place, and never a traceback.
"""

from __future__ import annotations

import sys
from pathlib import Path

import atheris
import pyoxigraph as ox

with atheris.instrument_imports(include=["mil2mil"]):
    from mil2mil.dataset import Dataset
    from mil2mil.document import decode, parse_document
    from mil2mil.finding import ReadError
    from mil2mil.record import map_record
    from mil2mil.shard import shard_of
    from mil2mil.trig import head

ROOT = Path(__file__).resolve().parents[1]
PATH = "data/places/x.yaml"
CONTEXT = Dataset(ROOT).context


def read(data: bytes) -> None:
    try:
        document = parse_document(decode(data, PATH), PATH)
    except ReadError:
        return
    record, findings = map_record(document, CONTEXT)
    assert all(finding.mark.line > 0 and finding.message for finding in findings)
    if not findings:
        ox.Store().load(head(CONTEXT) + shard_of([record], CONTEXT).trig, format=ox.RdfFormat.TRIG)


if __name__ == "__main__":
    atheris.Setup(sys.argv, read)
    atheris.Fuzz()
