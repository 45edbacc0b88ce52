"""How time and memory grow with the dataset, up to a million records.

    python benchmarks/growth.py --records 1000 10000 100000 1000000
    python benchmarks/growth.py --plot

For each size: a full validation of a made dataset of which one record in a hundred is wrong; the same
again, after one record was changed, from what the first has kept; and the build of one that is right.
Every run is a whole process on two cores. The graph is in a store on disk.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import sys
from typing import TYPE_CHECKING

from generate import PROJECT, generate
from run import BUILD, Figures, measure

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

RESULTS = PROJECT / "benchmarks/results/growth.json"
HOURS = 4 * 3600.0
KINDS = ("validate", "validate one change", "build")


def grow(records: int, seed: int, folder: Path) -> Iterator[tuple[str, Figures]]:
    """What each kind of run takes; raises RunError if one fails."""
    wrong, right, kept = folder / "wrong", folder / "right", folder / "kept"
    command = [sys.executable, "-m", "mil2mil"]
    store = ["--store", str(kept)]
    validate = ["sh", "-c", '"$@" >/dev/null; test $? -le 1', "validate", *command, "validate"]
    generate(wrong, records, seed=seed, wrong=0.01)
    yield KINDS[0], measure([*validate, "--root", str(wrong), *store], HOURS)
    file = wrong / "data/contacts/2017-02-16-azerbaijan.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(re.sub(r"(?m)^label: .*$", "label: Another label", text), encoding="utf-8")
    yield KINDS[1], measure([*validate, "--root", str(wrong), *store], HOURS)
    shutil.rmtree(wrong)
    shutil.rmtree(kept)
    generate(right, records, seed=seed)
    output = ["--only", "ttl", "--output", str(folder / "output")]
    yield KINDS[2], measure([*command, "build", "--root", str(right), *store, *output], HOURS)


def plot(found: list[dict[str, object]]) -> None:
    """Draw the figures, with lines along which nothing grows faster than the number of records."""
    import altair

    for key, title in (("seconds", "seconds"), ("megabytes", "peak memory, MB")):
        chart = (
            altair.Chart(altair.InlineData(values=found))
            .mark_line(point=True)
            .encode(
                x=altair.X("records:Q", scale=altair.Scale(type="log"), title="records"),
                y=altair.Y(f"{key}:Q", scale=altair.Scale(type="log"), title=title),
                color=altair.Color("kind:N", title=None, sort=list(KINDS)),
            )
            .properties(width=420, height=280)
        )
        chart.save(PROJECT / f"benchmarks/results/growth-{key}.svg")


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure how time and memory grow.")
    parser.add_argument("--records", type=int, nargs="+", default=[])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--plot", action="store_true", help="draw what the file of results has")
    options = parser.parse_args()
    found = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else []
    for records in options.records:
        folder = BUILD / "growth"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for kind, figures in grow(records, options.seed, folder):
            found = [line for line in found if (line["records"], line["kind"]) != (records, kind)]
            line = {
                "records": records,
                "kind": kind,
                "seconds": round(figures.seconds, 2),
                "cpu": round(figures.cpu, 2),
                "megabytes": round(figures.megabytes),
            }
            print(line, flush=True)
            found.append(line)
            RESULTS.parent.mkdir(exist_ok=True)
            RESULTS.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
        shutil.rmtree(folder)
    if options.plot:
        plot(found)


if __name__ == "__main__":
    main()
