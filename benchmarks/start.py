"""How long the command takes to start: whole processes beside a bare Python, and what they import.

    python benchmarks/start.py
    python benchmarks/start.py --runs 5 --output few.json
    python benchmarks/start.py --stored --markdown

All take their turns in each round, so that what else the machine does falls on all. The bare Python is
the same interpreter. Imports are timed by the interpreter (-X importtime), which costs something itself;
of several runs the least time of each counts, since other work only adds to it.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import random
import re
import resource
import subprocess
import sys
import sysconfig
import time
from importlib import metadata
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from tabulate import tabulate

if TYPE_CHECKING:
    from collections.abc import Callable

PROJECT = Path(__file__).resolve().parents[1]
RESULT = PROJECT / "benchmarks" / "results" / "start.json"
BARE = "python -c pass"
COMMANDS = {
    "mil2mil --help": ["--help"],
    "mil2mil validate, one record": ["validate", "data/contacts/2017-02-16-azerbaijan.yaml"],
    "mil2mil validate": ["validate"],
    "mil2mil query NAME": ["query", "contacts-by-format"],
}
TRACES = 5  # runs under -X importtime
MOST = 12  # imports that a table shows
_LINE = re.compile(r"import time:\s+(\d+) \|\s+(\d+) \|\s+(\S+)")

Milliseconds = tuple[float, float]
_MACHINE = {"day", "machine", "cores", "load", "python"}


def about(*packages: str) -> dict[str, Any]:
    """What is measured on: the day, the machine with its load of now, and versions."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {
        "day": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "cores": cores,
        "load": round(os.getloadavg()[0], 1),
        "machine": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        **{package: metadata.version(package) for package in packages},
    }


def told(on: dict[str, Any]) -> str:
    """The same as a sentence."""
    packages = [f"{name} {value}" for name, value in on.items() if name not in _MACHINE]
    return (
        f"{on['day']}, {on['machine']}, {on['cores']} cores with a load of {on['load']}; "
        f"Python {on['python']}, {', '.join(packages)}."
    )


def store(file: Path, figures: dict[str, Any]) -> None:
    """Write figures as JSON, a line for each part of them."""
    lines = re.sub(r"\n {3,}|\n {2}(?=[]}])", " ", json.dumps(figures, indent=1, ensure_ascii=False))
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(lines + "\n", encoding="utf-8")


def command(arguments: list[str], *options: str) -> list[str]:
    """The installed command with arguments, under options of the interpreter."""
    script = Path(sysconfig.get_path("scripts")) / "mil2mil"
    return [sys.executable, *options, str(script), *arguments]


def milliseconds(arguments: list[str], root: Path) -> Milliseconds:
    """What a process takes: by the clock, and of the processor; CalledProcessError if it fails."""
    wall, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(arguments, cwd=root, check=True, stdout=subprocess.DEVNULL)
    wall, after = time.perf_counter() - wall, resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return wall * 1000, processor * 1000


def imports(arguments: list[str], root: Path) -> dict[str, Milliseconds]:
    """What each module that the process imports takes: itself, and with all that it imports."""
    done = subprocess.run(arguments, cwd=root, check=True, capture_output=True, text=True)
    return {
        name: (int(own) / 1000, int(total) / 1000) for own, total, name in _LINE.findall(done.stderr)
    }


def run(runs: int, root: Path) -> dict[str, Any]:
    """Run everything; the figures as they are stored."""
    calls = {BARE: [sys.executable, "-c", "pass"]}
    calls |= {name: command(arguments) for name, arguments in COMMANDS.items()}
    for call in calls.values():  # a first time, for the bytecode and for what the machine reads ahead
        milliseconds(call, root)
    times: dict[str, list[Milliseconds]] = {name: [] for name in calls}
    rng = random.Random(0)
    for _ in range(runs):
        for name in rng.sample(list(calls), len(calls)):
            times[name].append(milliseconds(calls[name], root))
    bare = imports([sys.executable, "-X", "importtime", "-c", "pass"], root)
    least = {}
    for name, arguments in COMMANDS.items():
        traces = [imports(command(arguments, "-X", "importtime"), root) for _ in range(TRACES)]
        modules = [module for module in traces[0] if module not in bare]
        least[name] = {
            module: [min(trace[module][n] for trace in traces) for n in (0, 1)] for module in modules
        }
    rounded = {
        name: [[round(value, 2) for value in pair] for pair in pairs] for name, pairs in times.items()
    }
    return {
        "about": about("mil2mil", "pyoxigraph", "pyyaml", "shacl"),
        "milliseconds, by the clock and of the processor": rounded,
        "imports, alone and with theirs": least,
    }


def report(stored: dict[str, Any], style: str) -> str:
    """The figures as tables."""
    times = stored["milliseconds, by the clock and of the processor"]
    traced = stored["imports, alone and with theirs"]
    bare = median(wall for wall, _ in times[BARE])
    rows = []
    for name, pairs in times.items():
        wall, processor = (median(pair[n] for pair in pairs) for n in (0, 1))
        row = [name, wall, processor, wall - bare]
        if name in traced:
            imported = sum(own for own, _ in traced[name].values())
            row += [imported, wall - bare - imported]
        rows.append([name, *(f"{value:.1f}" for value in row[1:])])
    heads = [
        "process",
        "ms",
        "of the processor",
        "more than bare Python",
        "of that imports",
        "and the rest",
    ]
    tables = [told(stored["about"]), _table(rows, heads, style)]
    for name, modules in traced.items():
        most = sorted(modules.items(), key=lambda item: -item[1][1])[:MOST]
        cells = [[module, f"{total:.1f}", f"{own:.1f}"] for module, (own, total) in most]
        tables.append(_table(cells, [f"import in {name}", "with its imports, ms", "alone, ms"], style))
    return "\n\n".join(tables)


def _table(rows: list[list[str]], heads: list[str], style: str) -> str:
    align = ("left", *["right"] * (len(heads) - 1))
    return tabulate(rows, heads, style, colalign=align, disable_numparse=True)


def figures_of(
    parser: argparse.ArgumentParser,
    result: Path,
    measure: Callable[[argparse.Namespace], dict[str, Any]],
) -> tuple[dict[str, Any], str]:
    """What a script measures and stores, or what is stored; and the style of tables wanted."""
    parser.add_argument("--output", type=Path, default=result)
    parser.add_argument("--stored", action="store_true", help="only show what --output holds")
    parser.add_argument("--markdown", action="store_true")
    options = parser.parse_args()
    style = "pipe" if options.markdown else "simple"
    if options.stored:
        return json.loads(options.output.read_text(encoding="utf-8")), style
    figures = measure(options)
    store(options.output, figures)
    return figures, style


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure how long the command takes to start.")
    parser.add_argument("--runs", type=int, default=40)
    parser.add_argument("--root", type=Path, default=PROJECT, help="the dataset")
    print(report(*figures_of(parser, RESULT, lambda options: run(options.runs, options.root))))


if __name__ == "__main__":
    main()
