"""What is installed from the wheel is whole: every package, template and static file; and a page renders."""

import configparser
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.architecture.source import PACKAGE, ROOT, TEMPLATES, templates

RENDER = """
from pathlib import Path
from changetrack.app import create_app
app = create_app()
import changetrack
assert Path(changetrack.__file__).is_relative_to(Path({site!r})), changetrack.__file__
assert Path(app.jinja_loader.searchpath[0]).is_relative_to(Path({site!r}))
for name in app.jinja_env.list_templates():
    app.jinja_env.get_template(name)
print(app.test_client().get("/no-such-page").status_code)
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy so that nothing is left in the tree."""
    copy, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for name in ("setup.cfg", "pyproject.toml", "README.md", "LICENSE", "changetrack", "templates"):
        (copy / name).symlink_to(ROOT / name)
    build = "from setuptools.build_meta import build_wheel; import sys; build_wheel(sys.argv[1])"
    subprocess.run([sys.executable, "-c", build, str(out)], cwd=copy, check=True, capture_output=True)
    return next(out.glob("*.whl"))


def test_setup_lists_every_package() -> None:
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    listed = set(setup["options"]["packages"].split())

    there = {".".join(path.parent.relative_to(ROOT).parts) for path in PACKAGE.rglob("__init__.py")}

    assert listed == there | {"changetrack.templates"}


def test_the_wheel_holds_every_file(wheel: Path) -> None:
    code = [path for path in PACKAGE.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    expected = {path.relative_to(ROOT).as_posix() for path in code}
    expected |= {f"changetrack/templates/{path.relative_to(TEMPLATES).as_posix()}" for path in templates()}

    held = set(zipfile.ZipFile(wheel).namelist())

    assert expected - held == set()


def test_a_page_comes_out_of_the_installed_wheel(wheel: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(site), "CHANGETRACK_INSTANCE": str(tmp_path)}

    result = subprocess.run(
        [sys.executable, "-c", RENDER.format(site=str(site))],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert result.returncode == 0, result.stderr
    assert result.stdout.strip().splitlines()[-1] == "404"
