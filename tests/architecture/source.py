"""The project's own source as the architecture tests read it: files, syntax trees, calls."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "changetrack"
TEMPLATES = ROOT / "templates"
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Source:
    """One Python file of ours."""

    path: Path

    def __str__(self) -> str:
        return self.path.relative_to(ROOT).as_posix()

    @cached_property
    def text(self) -> str:
        """What is in it."""
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def tree(self) -> ast.Module:
        """Its syntax tree."""
        return ast.parse(self.text)

    @cached_property
    def parts(self) -> tuple[str, ...]:
        """The names of its path below the package, without suffix: ("operations", "accounts")."""
        return self.path.relative_to(PACKAGE).with_suffix("").parts

    def functions(self) -> Iterator[Function]:
        """Every function and method in it."""
        for node in ast.walk(self.tree):
            if isinstance(node, Function):
                yield node

    def public_functions(self) -> Iterator[Function]:
        """The functions that others may import."""
        for node in self.tree.body:
            if isinstance(node, Function) and not node.name.startswith("_"):
                yield node

    def calls(self) -> Iterator[tuple[str, int]]:
        """Every call as (dotted name as written, line): ("session.commit", 12)."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Call):
                yield ast.unparse(node.func), node.lineno

    def imports(self) -> Iterator[str]:
        """The modules it imports, by their full names."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                yield node.module


def sources(*floors: str) -> list[Source]:
    """The package's files, of all floors or of those named; migrations are history, not style."""
    found = (_source(path) for path in sorted(PACKAGE.rglob("*.py")) if "versions" not in path.parts)
    return [source for source in found if not floors or source.parts[0] in floors]


def sources_of_tests() -> list[Source]:
    """The files of the tests."""
    return [_source(path) for path in sorted((ROOT / "tests").rglob("*.py"))]


@cache
def _source(path: Path) -> Source:
    """Each file is read and parsed once for all tests."""
    return Source(path)


def templates() -> list[Path]:
    """All templates."""
    return sorted(path for path in TEMPLATES.rglob("*") if path.is_file())
