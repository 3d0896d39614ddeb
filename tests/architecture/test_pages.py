"""Templates hold nothing that a strict policy would have to allow, and stand in the folder of their room."""

import re
from pathlib import Path

import pytest

from tests.architecture.source import PACKAGE, TEMPLATES, sources, templates

UNSAFE = {
    "text that skips escaping": r"\|\s*safe\b|\bMarkup\b|\{%-?\s*autoescape\s+false",
    "an inline style": r"\sstyle\s*=|<style\b",
    "an inline script": r"<script(?![^>]*\bsrc=)|\son[a-z]+\s*=|javascript:",
    "something from elsewhere": r"(?:src|href)\s*=\s*[\"'](?:https?:)?//(?!www\.w3\.org)",
}
SHARED = {"_layouts", "_macros", "_partials", "email", "errors"}


@pytest.mark.parametrize("what", UNSAFE)
def test_no_template_holds(what: str) -> None:
    pattern = re.compile(UNSAFE[what])
    pages = [path for path in templates() if path.suffix in (".html", ".svg", ".xml")]

    found = [
        f"{path.relative_to(TEMPLATES)}:{number} {line.strip()[:60]}"
        for path in pages
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if pattern.search(line)
    ]

    assert found == []


def test_no_code_skips_escaping() -> None:
    names = [f"{source}:{line}" for source in sources() for name, line in source.calls() if name.endswith("Markup")]

    assert names == []


def test_every_room_of_the_web_has_its_templates_and_the_reverse() -> None:
    rooms = _folders(PACKAGE / "web")
    folders = _folders(TEMPLATES) - SHARED

    assert rooms == folders


def _folders(parent: Path) -> set[str]:
    return {path.name for path in parent.iterdir() if path.is_dir() and path.name != "__pycache__"}
