"""Rebuilds changetrack/static/vendor from npm packages, so that nobody edits a vendored file by hand.

An icon is added by writing its name into vendor/tabler-icons/icons.txt and running this again:

    npm pack htmx.org@4.0.1 @tabler/icons@3.51.0 @fontsource-variable/inter@5.3.0
    python -m pip install fonttools brotli
    python tools/vendor_assets.py FOLDER_WITH_THE_TGZ_FILES
"""

import base64
import hashlib
import json
import re
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

VENDOR = Path(__file__).resolve().parent.parent / "changetrack" / "static" / "vendor"
HTMX = ("htmx.org", "4.0.1")
ICONS = ("@tabler/icons", "3.51.0")
INTER = ("@fontsource-variable/inter", "5.3.0")
LATIN = (
    "U+0020-007E,U+00A0-00FF,U+2013,U+2014,U+2018-201A,U+201C-201E,U+2022,U+2026,U+2032,U+2033,"
    "U+20AC,U+2190-2193,U+2197,U+2212,U+2215,U+00D7"
)
BACKGROUND = '<path stroke="none" d="M0 0h24v24H0z" fill="none" />'
LATIN_EXT = "U+0100-017F,U+0218-021B,U+1E9E,U+20BD"


def unpack(folder: Path, package: tuple[str, str], into: Path) -> Path:
    """The unpacked folder of one npm package."""
    name, version = package
    stem = f"{name.lstrip('@').replace('/', '-')}-{version}"
    with tarfile.open(folder / f"{stem}.tgz") as archive:
        archive.extractall(into / stem, filter="data")
    return into / stem / "package"


def write_sprite(icons: Path, target: Path) -> None:
    """One SVG file with a symbol for each icon we use."""
    symbols = []
    for name in sorted((target.parent / "icons.txt").read_text(encoding="utf-8").split()):
        drawing = (icons / "icons" / "outline" / f"{name}.svg").read_text(encoding="utf-8")
        body = re.sub(r"\s+", " ", drawing[drawing.index(">") + 1 : drawing.rindex("</svg>")]).strip()
        body = body.replace(BACKGROUND, "").replace(" />", "/>").strip()
        symbols.append(f'<symbol id="{name}" viewBox="0 0 24 24">{body}</symbol>')
    sprite = ['<svg xmlns="http://www.w3.org/2000/svg">', *symbols, "</svg>", ""]
    target.write_text("\n".join(sprite), encoding="utf-8")


def write_font(source: Path, target: Path, unicodes: str, scratch: Path) -> None:
    """A subset of one Inter file: the letters named, weights 400 to 650, kerning and tabular figures kept."""
    narrowed = scratch / f"{target.stem}.ttf"
    fonttools = [sys.executable, "-m", "fontTools"]
    instance = ["varLib.instancer", source, "wght=400:650", "--no-recalc-timestamp", "-q", "-o", narrowed]
    subprocess.run([*fonttools, *instance], check=True)
    options = [
        f"--unicodes={unicodes}",
        "--layout-features=kern,tnum,calt,ccmp,locl,mark,mkmk",
        "--flavor=woff2",
        "--no-hinting",
    ]
    subprocess.run([*fonttools, "subset", narrowed, *options, f"--output-file={target}"], check=True)


def sha384(path: Path) -> str:
    """The file's hash in the form of the integrity attribute."""
    return "sha384-" + base64.b64encode(hashlib.sha384(path.read_bytes()).digest()).decode()


def write_manifest(sources: dict[str, tuple[tuple[str, str], str, str]]) -> None:
    """Name, version, licence and hash of each vendored file."""
    entries = [
        {
            "file": file,
            "name": package[0],
            "version": package[1],
            "licence": licence,
            "licence_file": text,
            "sha384": sha384(VENDOR / file),
        }
        for file, (package, licence, text) in sources.items()
    ]
    (VENDOR / "manifest.json").write_text(json.dumps(entries, indent=2) + "\n", encoding="utf-8")


def main(folder: Path) -> None:
    """Rebuild everything from the packages in `folder`."""
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        htmx, icons, inter = (unpack(folder, package, scratch) for package in (HTMX, ICONS, INTER))
        for source, place in ((htmx, "htmx"), (icons, "tabler-icons"), (inter, "inter")):
            (VENDOR / place).mkdir(parents=True, exist_ok=True)
            (VENDOR / place / "LICENSE").write_bytes((source / "LICENSE").read_bytes())
        minified = (htmx / "dist" / "htmx.min.js").read_text(encoding="utf-8")
        unmapped = re.sub(r"\n?//# sourceMappingURL=.*\n?", "\n", minified)
        (VENDOR / "htmx/htmx.min.js").write_text(unmapped, encoding="utf-8")
        write_sprite(icons, VENDOR / "tabler-icons/sprite.svg")
        for subset, letters in (("latin", LATIN), ("latin-ext", LATIN_EXT)):
            source = inter / "files" / f"inter-{subset}-wght-normal.woff2"
            write_font(source, VENDOR / f"inter/inter-{subset}.woff2", letters, scratch)
    write_manifest(
        {
            "htmx/htmx.min.js": (HTMX, "0BSD", "htmx/LICENSE"),
            "tabler-icons/sprite.svg": (ICONS, "MIT", "tabler-icons/LICENSE"),
            "inter/inter-latin.woff2": (INTER, "OFL-1.1", "inter/LICENSE"),
            "inter/inter-latin-ext.woff2": (INTER, "OFL-1.1", "inter/LICENSE"),
        }
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
