"""What we ship of others is exactly what the manifest says: licensed, unchanged and small."""

import base64
import gzip
import hashlib
import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
STATIC = ROOT / "changetrack" / "static"
VENDOR = STATIC / "vendor"
TEMPLATES = ROOT / "templates"
MANIFEST: list[dict[str, str]] = json.loads((VENDOR / "manifest.json").read_text(encoding="utf-8"))
NOT_LISTED = {"manifest.json", "tabler-icons/icons.txt"}
PAGE_BUDGET = 100_000  # bytes, compressed, without charts
FOR_HTML = 25_000


def test_every_vendored_file_is_in_the_manifest() -> None:
    shipped = {str(path.relative_to(VENDOR)) for path in VENDOR.rglob("*") if path.is_file()}
    licences = {entry["licence_file"] for entry in MANIFEST}

    listed = {entry["file"] for entry in MANIFEST}

    assert shipped - licences - NOT_LISTED == listed


@pytest.mark.parametrize("entry", MANIFEST, ids=lambda entry: str(entry["file"]))
def test_a_vendored_file_is_unchanged(entry: dict[str, str]) -> None:
    digest = hashlib.sha384((VENDOR / entry["file"]).read_bytes()).digest()

    assert entry["sha384"] == "sha384-" + base64.b64encode(digest).decode()


@pytest.mark.parametrize("entry", MANIFEST, ids=lambda entry: str(entry["file"]))
def test_a_vendored_file_has_name_version_and_licence_text(entry: dict[str, str]) -> None:
    licence = (VENDOR / entry["licence_file"]).read_text(encoding="utf-8")

    assert re.fullmatch(r"\d+\.\d+\.\d+", entry["version"])
    assert entry["name"]
    assert entry["licence"] in {"0BSD", "MIT", "OFL-1.1"}
    assert len(licence) > 200


def test_nothing_vendored_points_at_a_source_map() -> None:
    scripts = [path.read_text(encoding="utf-8") for path in VENDOR.rglob("*.js")]

    assert not any("sourceMappingURL" in script for script in scripts)


def test_the_sprite_holds_the_icons_of_its_list() -> None:
    names = (VENDOR / "tabler-icons" / "icons.txt").read_text(encoding="utf-8").split()

    assert sorted(_sprite()) == names


def test_every_icon_that_is_named_is_in_the_sprite() -> None:
    pages = [path.read_text(encoding="utf-8") for path in TEMPLATES.rglob("*.html")]
    places = (ROOT / "changetrack" / "web" / "navigation.py").read_text(encoding="utf-8")

    named = {name for page in pages for name in re.findall(r"""\b(?:icon\(\s*|sign=)['"]([a-z0-9-]+)['"]""", page)}
    named |= set(re.findall(r'Place\("[^"]+", "[^"]+", "([a-z0-9-]+)"', places))

    assert named - set(_sprite()) == set()


def test_what_every_page_loads_leaves_room_for_its_html() -> None:
    scripts = ["theme.js", "app.js", "keys.js", "board.js", "vendor/htmx/htmx.min.js"]
    pictures = ["mark.svg", "chevron.svg", "vendor/tabler-icons/sprite.svg"]
    sheets = [path.name for path in STATIC.glob("*.css")]
    letters = (VENDOR / "inter" / "inter-latin.woff2").stat().st_size

    packed = sum(len(gzip.compress((STATIC / name).read_bytes())) for name in scripts + pictures + sheets)

    assert packed + letters < PAGE_BUDGET - FOR_HTML


def _sprite() -> list[str]:
    sprite = (VENDOR / "tabler-icons" / "sprite.svg").read_text(encoding="utf-8")
    return re.findall(r'<symbol id="([a-z0-9-]+)"', sprite)
