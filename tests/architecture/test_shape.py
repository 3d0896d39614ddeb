"""Files and functions stay small enough to be read, are named by their subject, and say what they hold."""

import ast

from tests.architecture.source import Source, sources, sources_of_tests

LONGEST_FILE, LONGEST_FUNCTION, LONGEST_VIEW = 400, 60, 25
EMPTY_NAMES = {"utils", "util", "helpers", "helper", "common", "misc"}
DOCUMENTED = ("domain", "operations", "queries")


def test_no_file_is_long() -> None:
    long = [str(source) for source in _all() if source.text.count("\n") > LONGEST_FILE]

    assert long == []


def test_no_function_is_long() -> None:
    long = [
        f"{source}:{function.lineno} {function.name}"
        for source in _all()
        for function in source.functions()
        if (function.end_lineno or 0) - function.lineno >= LONGEST_FUNCTION
    ]

    assert long == []


def test_no_view_is_long() -> None:
    long = [
        f"{source}:{function.lineno} {function.name}"
        for source in sources("web")
        if source.parts[-1] != "platform"
        for function in source.functions()
        if any(".get(" in _text(d) or ".post(" in _text(d) or ".route(" in _text(d) for d in function.decorator_list)
        if (function.end_lineno or 0) - function.lineno >= LONGEST_VIEW
    ]

    assert long == []


def test_no_module_is_named_after_nothing() -> None:
    empty = [str(source) for source in _all() if source.path.stem.strip("_") in EMPTY_NAMES]

    assert empty == []


def test_every_module_says_what_is_in_it_in_one_sentence() -> None:
    silent = [str(source) for source in _all() if not (ast.get_docstring(source.tree) or "").strip()]

    assert silent == []


def test_public_functions_of_the_core_are_documented() -> None:
    silent = [
        f"{source}:{function.lineno} {function.name}"
        for source in sources(*DOCUMENTED)
        for function in source.public_functions()
        if not ast.get_docstring(function)
    ]

    assert silent == []


def test_no_check_is_silenced_without_its_code() -> None:
    silenced = [
        f"{source}:{number}"
        for source in _all()
        for number, line in enumerate(source.text.splitlines(), 1)
        if line.rstrip().endswith(("# " + "noqa", "# type: " + "ignore")) or "pragma: " + "no cover" in line
    ]

    assert silenced == []


def test_tests_neither_sleep_nor_read_the_clock() -> None:
    waiting = [
        f"{source}:{line} {name}"
        for source in sources_of_tests()
        if "benchmarks" not in source.path.parts
        for name, line in source.calls()
        if name in ("time.sleep", "sleep", "datetime.now", "date.today", "datetime.utcnow")
        or name.endswith(".wait_for_timeout")
    ]

    assert waiting == []


def _all() -> list[Source]:
    return sources() + sources_of_tests()


def _text(node: ast.expr) -> str:
    return ast.unparse(node)
