"""Findings for machines: each format is read by a reader that is not ours."""

from __future__ import annotations

import io
import json
import re
from typing import TYPE_CHECKING, Any

import junitparser
import pytest
from pydantic import ValidationError
from pydantic_sarif.model import StaticAnalysisResultsFormatSarifVersion210JsonSchema as SarifLog

from mil2mil.cli import main
from mil2mil.dataset import Dataset
from mil2mil.explain import all_rules
from mil2mil.finding import Finding, Mark, Severity
from mil2mil.report import as_github, as_junit, as_sarif

if TYPE_CHECKING:
    from pathlib import Path

BAKU = "data/places/baku.yaml"


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch, small: Path) -> Path:
    """A dataset with one violation and one warning."""
    file = small / BAKU
    file.write_text(file.read_text().replace("label: Baku", "label: B"))
    text = (small / "data/groups/reporters.yaml").read_text()
    (small / "data/groups/writers.yaml").write_text(text.replace("groups/reporters", "groups/writers"))
    monkeypatch.chdir(small)
    return small


def printed(form: str, capsys: pytest.CaptureFixture[str]) -> str:
    assert main(["validate", "--format", form]) == 1
    captured = capsys.readouterr()
    assert captured.err == ""
    return captured.out


def test_json(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = json.loads(printed("json", capsys))
    assert (second["file"], second["line"], second["column"]) == (BAKU, 5, 8)
    assert (second["severity"], second["rule"], second["value"]) == ("violation", "shape/label", "B")
    assert (first["file"], first["severity"]) == ("data/groups/writers.yaml", "warning")


def test_json_of_nothing(
    small: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(small)
    assert main(["validate", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == []


def test_github(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = printed("github", capsys).splitlines()
    assert lines[0].startswith(
        "::warning file=data/groups/writers.yaml,line=4,col=1,title=check/unused-record::"
    )
    assert lines[1].startswith(f"::error file={BAKU},line=5,col=8,title=shape/label::Give the record")


def finding(message: str, file: str = "data/x.yaml") -> Finding:
    return Finding(file, Mark(3, 7), Severity.INFO, "shape/label", message)


def unescaped(text: str) -> str:
    return re.sub(r"%(25|0D|0A|2C|3A)", lambda match: chr(int(match[1], 16)), text)


def test_github_escapes_what_would_end_a_command() -> None:
    message = "100 % of\r\n::error::lines, all: of them"
    text = as_github([finding(message, "data/a,b:c.yaml")], {})
    assert text.count("\n") == 1
    command, properties, body = re.fullmatch(r"::(\w+) ([^:]*)::(.*)\n", text).groups()  # type: ignore[union-attr]
    assert command == "notice"
    assert unescaped(body) == message
    assert dict(part.split("=", 1) for part in properties.split(","))["file"] == "data/a%2Cb%3Ac.yaml"


def test_sarif(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = printed("sarif", capsys)
    SarifLog.model_validate_json(text)
    (run,) = json.loads(text)["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert {rule["id"] for rule in rules} == set(all_rules(Dataset(here)))
    assert all(rule["help"]["text"] and rule["fullDescription"]["text"] for rule in rules)
    warning, violation = run["results"]
    assert rules[violation["ruleIndex"]]["id"] == violation["ruleId"] == "shape/label"
    assert (warning["level"], violation["level"]) == ("warning", "error")
    place = violation["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {"uri": BAKU, "uriBaseId": "DATASET"}
    assert place["region"] == {"startLine": 5, "startColumn": 8}


def test_sarif_would_be_found_invalid(here: Path) -> None:
    log: dict[str, Any] = json.loads(as_sarif([], all_rules(Dataset(here))))
    log["runs"][0]["tool"]["driver"]["name"] = None
    with pytest.raises(ValidationError):
        SarifLog.model_validate(log)


def test_a_sarif_fingerprint_does_not_depend_on_the_line(here: Path) -> None:
    rules = all_rules(Dataset(here))
    one = finding("m")
    other = Finding(one.file, Mark(9, 1), one.severity, one.rule, one.message)
    prints = [
        json.loads(as_sarif([each], rules))["runs"][0]["results"][0]["partialFingerprints"]
        for each in (one, other)
    ]
    assert prints[0] == prints[1]


def test_junit(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    xml = junitparser.JUnitXml.fromroot(
        junitparser.JUnitXml.fromstring(printed("junit", capsys).encode())._elem
    )
    (suite,) = xml
    assert suite.tests == len(all_rules(Dataset(here)))
    failed = {f"{case.classname}.{case.name}": case.result[0] for case in suite if case.result}
    assert set(failed) == {"mil2mil.shape.label", "mil2mil.check.unused-record"}
    assert f"{BAKU}:5:8: violation" in failed["mil2mil.shape.label"].text


def test_junit_of_what_xml_cannot_hold(here: Path) -> None:
    text = as_junit([finding("a\x00b\x1b <&>")], all_rules(Dataset(here)))
    (suite,) = junitparser.JUnitXml.fromfile(io.StringIO(text))
    assert suite.failures == 1


@pytest.mark.parametrize(
    ("severity", "with_violation", "with_warning"),
    [("violation", 1, 0), ("warning", 1, 1), ("info", 1, 1)],
)
def test_fail_on(severity: str, with_violation: int, with_warning: int, here: Path) -> None:
    command = ["validate", "--fail-on", severity]
    assert main(command) == with_violation
    file = here / BAKU
    file.write_text(file.read_text().replace("label: B", "label: Baku"))
    assert main(command) == with_warning
    (here / "data/groups/writers.yaml").unlink()
    assert main(command) == 0
