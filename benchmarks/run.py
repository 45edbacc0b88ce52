"""Measures mil2mil beside its peers: the same records to a validated graph in Turtle, by each in turn.

    python benchmarks/run.py --records 25000 --runs 3

Every run is a whole process with all that it starts, on two cores. All take their turns in one run of
this script (A B C D, A B C D, ...), and a ratio is of two runs of the same round, so that what else the
machine does at the time falls on both. The figures go to a file, too, as JSON.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import signal
import subprocess
import sys
import tempfile
import threading
import time
import venv
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import psutil  # type: ignore[import-untyped, unused-ignore]
from tabulate import tabulate

from generate import PROJECT, generate

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

PEERS = PROJECT / "benchmarks/peers"
BUILD = PROJECT / "build/benchmarks"
MIL2MIL = "mil2mil"
# The name of each peer: its script, and the environment that it runs in.
SCRIPTS = {
    "the bare steps": ("bare.py", "requirements"),
    "LinkML": ("linkml_peer.py", "requirements"),
    "rdflib and pySHACL": ("rdflib_pyshacl.py", "requirements"),
    "Morph-KGC and pySHACL": ("morph_kgc_peer.py", "requirements-morph-kgc"),
}
CORES = 2
INTERVAL = 0.05  # seconds at least between two looks at the memory
SPARING = 20  # and at least so many times as long as a look takes, which the measured pay for


class RunError(Exception):
    """A command has failed, or has not done the work that it is measured for."""


@dataclass(frozen=True)
class Figures:
    """What one run took; `ended` says that it was not let finish. `seconds` is by the clock."""

    seconds: float
    cpu: float
    megabytes: float
    ended: bool
    output: str


class Watch(threading.Thread):
    """Keeps the peak of the memory of a process with all that it starts, and ends it in time.

    Memory is the proportional set size, in which pages that several processes share count once.
    """

    def __init__(self, pid: int, timeout: float) -> None:
        super().__init__(daemon=True)
        self.process = psutil.Process(pid)
        self.timeout = timeout
        self.peak = 0
        self.ended = False
        self.done = threading.Event()

    def run(self) -> None:
        deadline = time.monotonic() + self.timeout
        pause = INTERVAL
        while not self.done.wait(pause):
            if time.monotonic() > deadline:
                self.ended = True
                os.killpg(self.process.pid, signal.SIGKILL)
                return
            start = time.perf_counter()
            try:
                family = [self.process, *self.process.children(recursive=True)]
            except psutil.NoSuchProcess:
                return
            if len(family) > 1:  # of one alone the system keeps the peak itself
                self.peak = max(self.peak, sum(map(_memory, family)))
            pause = max(INTERVAL, SPARING * (time.perf_counter() - start))


def _memory(process: psutil.Process) -> int:
    try:
        full = process.memory_full_info()
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return 0
    return int(getattr(full, "pss", full.uss))


def measure(command: list[str], timeout: float) -> Figures:
    """Run a command and measure it; raises RunError if it fails."""
    with tempfile.TemporaryFile() as output:
        start = time.perf_counter()
        process = subprocess.Popen(
            command, stdout=output, stderr=subprocess.STDOUT, cwd=BUILD, start_new_session=True
        )
        if hasattr(os, "sched_setaffinity"):  # long before it has started a thread
            os.sched_setaffinity(process.pid, sorted(os.sched_getaffinity(0))[:CORES])
        watch = Watch(process.pid, timeout)
        watch.start()
        try:
            _, status, usage = os.wait4(process.pid, 0)
        except KeyboardInterrupt:  # which does not reach a session of its own
            os.killpg(process.pid, signal.SIGKILL)
            raise
        seconds = time.perf_counter() - start
        watch.done.set()
        watch.join()
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        text = output.read().decode()
    if process.returncode and not watch.ended:
        raise RunError(f"{' '.join(command)}\n{text[-2000:]}")
    alone = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    cpu = usage.ru_utime + usage.ru_stime
    return Figures(seconds, cpu, max(watch.peak, alone) / 1e6, watch.ended, text)


def in_turn(
    commands: Mapping[str, list[str]], rounds: int, timeout: float, check: Callable[[str, str], None]
) -> dict[str, list[Figures]]:
    """Run all commands, and again, as many rounds; `check` gets the name and the output of each run."""
    found: dict[str, list[Figures]] = {name: [] for name in commands}
    for number in range(1, rounds + 1):
        for name, command in commands.items():
            figures = measure(command, timeout)
            if not figures.ended:
                check(name, figures.output)
            found[name].append(figures)
            told = f"round {number}, {name}: {figures.seconds:.1f} s, {figures.megabytes:.0f} MB"
            print(told, file=sys.stderr, flush=True)
    return found


def environment(name: str) -> Path:
    """The folder of commands of a virtual environment with what a file of requirements lists."""
    requirements = PEERS / f"{name}.txt"
    folder = BUILD / name.replace("requirements", "env")
    commands, installed = folder / "bin", folder / requirements.name
    if not installed.exists() or installed.read_bytes() != requirements.read_bytes():
        print(f"installing {requirements.name}", file=sys.stderr, flush=True)
        venv.create(folder, with_pip=True, clear=True)
        subprocess.run([commands / "pip", "install", "--quiet", "-r", requirements], check=True)
        installed.write_bytes(requirements.read_bytes())
    return commands


def builds(root: Path, folder: Path) -> dict[str, list[str]]:
    """The commands that make a validated graph in Turtle of the records in a folder."""
    python = environment("requirements") / "python"
    model = [str(python), str(PEERS / "linkml_schema.py"), str(root), str(BUILD / "linkml")]
    subprocess.run(model, check=True)
    build = [sys.executable, "-m", "mil2mil", "build", "--root", str(root), "--only", "ttl"]
    commands = {MIL2MIL: [*build, "--output", str(folder)]}
    for name, (script, requirements) in SCRIPTS.items():
        peer = [str(environment(requirements) / "python"), str(PEERS / script), str(root)]
        commands[name] = [*peer, str(folder / Path(script).with_suffix(".ttl"))]
    return commands


def validations(folder: Path) -> dict[str, list[str]]:
    """The commands that validate the project's own dataset: as records, and as Turtle by pySHACL."""
    build = [sys.executable, "-m", "mil2mil", "build", "--root", str(PROJECT), "--output", str(folder)]
    subprocess.run(build, check=True, stdout=subprocess.DEVNULL)
    shapes = folder / "shapes.ttl"
    texts = [file.read_text("utf-8") for file in sorted(PROJECT.glob("validation/shapes/*.ttl"))]
    shapes.write_text("\n".join(texts), "utf-8")
    pyshacl = [str(environment("requirements") / "pyshacl"), "-s", str(shapes)]
    return {
        "mil2mil validate": [sys.executable, "-m", "mil2mil", "validate", "--root", str(PROJECT)],
        "pyshacl": [*pyshacl, "-e", str(PROJECT / "ontology/mil2mil.ttl"), str(folder / "mil2mil.ttl")],
    }


def ratios(of: list[Figures], to: list[Figures], figure: str) -> str:
    """How many times as much runs took as others of the same rounds: the median, from least to most."""
    found = [getattr(one, figure) / getattr(other, figure) for one, other in zip(of, to, strict=True)]
    more = "> " if any(one.ended for one in of) else ""
    return f"{more}{median(found):.2f} [{min(found):.2f}–{max(found):.2f}]"


def table(found: Mapping[str, list[Figures]], style: str) -> str:
    """The medians of each command, and its ratios to the first."""
    first = next(iter(found.values()))
    rows = []
    for name, runs in found.items():
        more = "> " if any(run.ended for run in runs) else ""
        middle = {
            key: median(getattr(run, key) for run in runs) for key in ("seconds", "cpu", "megabytes")
        }
        row = [
            name,
            f"{more}{middle['seconds']:.2f}",
            f"{more}{middle['cpu']:.2f}",
            f"{middle['megabytes']:.0f}",
        ]
        if runs is not first:
            row += [ratios(runs, first, "seconds"), ratios(runs, first, "megabytes")]
        rows.append(row)
    headers = ["", "seconds", "CPU, s", "peak, MB", "times as long", "times the memory"]
    return tabulate(
        rows, headers, tablefmt=style, colalign=("left", *["right"] * 5), disable_numparse=True
    )


def versions(commands: Path | None = None) -> dict[str, str]:
    """The packages of an environment, by default of the one that this script runs in."""
    python = commands / "python" if commands else sys.executable
    listed = subprocess.run(
        [python, "-m", "pip", "list", "--format", "json"], check=True, capture_output=True
    )
    return {package["name"]: package["version"] for package in json.loads(listed.stdout)}


def main() -> None:
    options = _options()
    BUILD.mkdir(parents=True, exist_ok=True)
    triples: set[int] = set()
    stages: dict[str, list[dict[str, float]]] = {}

    def same_work(name: str, output: str) -> None:
        if name == MIL2MIL:
            return
        told = json.loads(output.splitlines()[-1])
        triples.add(told["triples"])
        stages.setdefault(name, []).append(told["seconds"])
        if told["results"] or len(triples) > 1:
            raise RunError(f"{name}: {told['results']} results, and {triples} triples")

    with tempfile.TemporaryDirectory(dir=BUILD) as name:
        root, folder = Path(name) / "dataset", Path(name) / "output"
        folder.mkdir()
        generate(root, options.records, seed=options.seed)
        built = in_turn(builds(root, folder), options.runs, options.timeout, same_work)
        commands = validations(folder)
        for command in commands.values():  # or the first round would read from the disk
            measure(command, options.timeout)
        validated = in_turn(commands, options.validations, options.timeout, lambda *_: None)
        records = len([*root.glob("data/*/*.yaml"), *root.glob("seeds/*.yaml")])
    style = "github" if options.markdown else "simple"
    print(f"{records:,} records, {max(triples, default=0):,} triples:\n\n{table(built, style)}\n")
    print(f"The project's own dataset:\n\n{table(validated, style)}")
    if not hasattr(os, "sched_setaffinity"):
        print("\nThis system has no way to keep the runs on two cores; they had all.")
    result = {
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "system": platform.system(),
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        "pinned": CORES if hasattr(os, "sched_setaffinity") else None,
        "python": platform.python_version(),
        "records": records,
        "triples": max(triples, default=0),
        "seed": options.seed,
        "timeout": options.timeout,
        "build": _raw(built),
        "stages": stages,
        "validate": _raw(validated),
        "packages": {
            "project": versions(),
            **{name: versions(environment(name)) for name in ("requirements", "requirements-morph-kgc")},
        },
    }
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


def _raw(found: Mapping[str, list[Figures]]) -> dict[str, list[dict[str, Any]]]:
    return {
        name: [
            {
                "seconds": round(run.seconds, 3),
                "cpu": round(run.cpu, 3),
                "megabytes": round(run.megabytes, 1),
                "ended": run.ended,
            }
            for run in runs
        ]
        for name, runs in found.items()
    }


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure mil2mil beside its peers.")
    parser.add_argument("--records", type=int, default=25_000)
    parser.add_argument("--runs", type=int, default=3, help="rounds on the made dataset (default: 3)")
    parser.add_argument(
        "--validations", type=int, default=11, help="rounds on the real one (default: 11)"
    )
    parser.add_argument("--timeout", type=float, default=900, help="seconds for one run (default: 900)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path, default=PROJECT / "benchmarks/results/peers.json")
    parser.add_argument("--markdown", action="store_true", help="print tables for a page in Markdown")
    return parser.parse_args()


if __name__ == "__main__":
    main()
