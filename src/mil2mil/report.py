"""Findings for machines: JSON, annotations of GitHub, SARIF 2.1.0 and JUnit XML."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from mil2mil import __version__
from mil2mil.finding import DatasetError, Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mil2mil.explain import Rule
    from mil2mil.finding import Finding

HOME = "https://w3id.org/mil2mil/"
SARIF_SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
_SARIF_LEVEL = {Severity.VIOLATION: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_GITHUB_COMMAND = {Severity.VIOLATION: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def as_json(findings: Sequence[Finding], _rules: Mapping[str, Rule]) -> str:
    """A JSON array with an object for each finding."""
    return (
        json.dumps(
            [
                {
                    "file": finding.file,
                    "line": finding.mark.line,
                    "column": finding.mark.column,
                    "severity": finding.severity.word,
                    "rule": finding.rule,
                    "message": finding.message,
                    "suggestion": finding.suggestion,
                    "record": finding.record,
                    "focus": finding.focus,
                    "path": finding.path,
                    "value": finding.value,
                }
                for finding in findings
            ],
            ensure_ascii=False,
            indent=1,
        )
        + "\n"
    )


def as_github(findings: Sequence[Finding], _rules: Mapping[str, Rule]) -> str:
    """Workflow commands that set annotations, after GitHub's "Workflow commands for GitHub Actions"."""
    lines = []
    for finding in findings:
        properties = {
            "file": finding.file,
            "line": str(finding.mark.line),
            "col": str(finding.mark.column),
            "title": finding.rule,
        }
        head = ",".join(f"{key}={_escape(value, ',:')}" for key, value in properties.items())
        lines.append(f"::{_GITHUB_COMMAND[finding.severity]} {head}::{_escape(_text(finding))}\n")
    return "".join(lines)


def _escape(text: str, more: str = "") -> str:
    """Percent-encode what ends a command, and in properties what separates them."""
    return "".join(f"%{ord(char):02X}" if char in f"%\r\n{more}" else char for char in text)


def as_sarif(findings: Sequence[Finding], rules: Mapping[str, Rule]) -> str:
    """A log of the Static Analysis Results Interchange Format, version 2.1.0 (OASIS)."""
    names = sorted(rules)
    index = {name: place for place, name in enumerate(names)}
    run = {
        "tool": {
            "driver": {
                "name": "mil2mil",
                "version": __version__,
                "informationUri": HOME,
                "rules": [_sarif_rule(rules[name]) for name in names],
            }
        },
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {"DATASET": {"description": {"text": "The root of the dataset."}}},
        "results": [_sarif_result(finding, index) for finding in findings],
    }
    log = {"$schema": SARIF_SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(log, ensure_ascii=False, indent=1) + "\n"


def _sarif_rule(rule: Rule) -> dict[str, Any]:
    text = f"{rule.wants} {rule.why}".strip()
    command = f"mil2mil explain {rule.name}"
    return {
        "id": rule.name,
        "shortDescription": {"text": rule.wants},
        "fullDescription": {"text": text},
        "help": {
            "text": f"{text} For an example: {command}",
            "markdown": f"{text}\n\nFor an example: `{command}`",
        },
        "defaultConfiguration": {"level": _SARIF_LEVEL[rule.severity]},
        "properties": {"tags": [rule.name.partition("/")[0]]},
    }


def _sarif_result(finding: Finding, index: Mapping[str, int]) -> dict[str, Any]:
    # The line is left out, so that a finding stays the same when lines are added above it.
    identity = "\n".join((finding.file, finding.rule, finding.focus, finding.path, finding.value))
    return {
        "ruleId": finding.rule,
        "ruleIndex": index[finding.rule],
        "level": _SARIF_LEVEL[finding.severity],
        "message": {"text": _text(finding)},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": _uri(finding.file), "uriBaseId": "DATASET"},
                    "region": {
                        "startLine": finding.mark.line,
                        "startColumn": finding.mark.column,
                    },
                }
            }
        ],
        "partialFingerprints": {"finding/v1": hashlib.sha256(identity.encode()).hexdigest()},
    }


def _uri(path: str) -> str:
    from urllib.parse import quote

    return quote(path)


def _text(finding: Finding) -> str:
    return f"{finding.message} Help: {finding.suggestion}" if finding.suggestion else finding.message


def as_junit(findings: Sequence[Finding], rules: Mapping[str, Rule]) -> str:
    """JUnit XML with a test case for each rule, which fails if there are findings of it.

    Raises DatasetError if junitparser, which is of the extra "junit", is not installed.
    """
    try:
        import junitparser
    except ImportError as error:
        raise DatasetError("JUnit XML needs an extra: pip install 'mil2mil[junit]'") from error
    suite = junitparser.TestSuite("mil2mil")
    for name in sorted(rules):
        kind, _, local = name.partition("/")
        case = junitparser.TestCase(local, classname=f"mil2mil.{kind}")
        of_rule = [finding for finding in findings if finding.rule == name]
        if of_rule:
            failure = junitparser.Failure(rules[name].wants, of_rule[0].severity.word)
            failure.text = _visible("\n".join(str(finding) for finding in of_rule))
            case.result = [failure]
        suite.add_testcase(case)
    xml = junitparser.JUnitXml("mil2mil")
    xml.add_testsuite(suite)
    data: bytes = xml.tostring()  # type: ignore[no-untyped-call]
    return data.decode("utf-8") + "\n"


def _visible(text: str) -> str:
    """The text without what XML 1.0 cannot hold."""
    return "".join(
        char if char.isprintable() or char == "\n" else "\N{REPLACEMENT CHARACTER}" for char in text
    )


FORMATS: dict[str, Callable[[Sequence[Finding], Mapping[str, Rule]], str]] = {
    "json": as_json,
    "github": as_github,
    "sarif": as_sarif,
    "junit": as_junit,
}
