"""What the import contracts cannot see of the floors: commits, writes, clocks, the shape of an operation."""

import sys

from tests.architecture.source import Function, sources

FACES = ("web", "cli", "jobs", "api", "config", "app", "__main__")
CLOCKS = (
    "datetime.now", "datetime.utcnow", "datetime.today", "date.today", "datetime.datetime.now",
    "datetime.datetime.utcnow", "datetime.date.today", "time.time", "time.monotonic", "time.time_ns",
    "time.perf_counter", "func.now", "func.current_timestamp", "func.current_date",
)  # fmt: skip
WRITES = ("insert", "update", "delete", "add", "add_all", "merge", "bulk_save_objects", "flush")
WITHOUT_ACTOR = {"sign_in", "sign_out", "set_up", "open_link", "open_calendar"}  # nobody is signed in yet, or no longer


def test_only_the_transaction_commits() -> None:
    commits = [
        f"{source}:{line}"
        for source in sources()
        for name, line in source.calls()
        if name.endswith("session.commit") and source.parts != ("operations", "_transaction")
    ]

    assert commits == []


def test_queries_do_not_write() -> None:
    writes = [
        f"{source}:{line} {name}"
        for source in sources("queries")
        for name, line in source.calls()
        if name in WRITES or (name.split(".")[0].endswith("session") and name.split(".")[-1] in WRITES)
    ]

    assert writes == []


def test_the_clock_is_read_in_faces_only() -> None:
    """But for adapters, which count the seconds that somebody else may take."""
    readings = [
        f"{source}:{line} {name}"
        for source in sources()
        for name, line in source.calls()
        if source.parts[0] not in FACES and name in CLOCKS
        if (source.parts[0], name) != ("adapters", "time.monotonic")
    ]

    assert readings == []


def test_the_domain_imports_the_standard_library_and_itself() -> None:
    foreign = [
        f"{source}: {module}"
        for source in sources("domain")
        for module in source.imports()
        if module.split(".")[0] not in sys.stdlib_module_names and not module.startswith("changetrack.domain")
    ]

    assert foreign == []


def test_operations_are_called_by_name_with_actor_and_now() -> None:
    wrong = [
        f"{source}:{function.lineno} {function.name}"
        for source in sources("operations")
        if not any(part.startswith("_") for part in source.parts)
        for function in source.public_functions()
        if not _is_keyword_only(function) or not _asked_for(function) <= _names(function)
    ]

    assert wrong == []


def test_operations_do_not_call_operations() -> None:
    inside = {
        source: [module for module in source.imports() if module.startswith("changetrack.operations.")]
        for source in sources("operations")
    }

    crossing = [
        f"{source} imports {module}"
        for source, modules in inside.items()
        for module in modules
        if not any(part.startswith("_") for part in module.split("."))
    ]

    assert crossing == []


def _is_keyword_only(function: Function) -> bool:
    return not function.args.args and not function.args.posonlyargs and function.args.vararg is None


def _asked_for(function: Function) -> set[str]:
    return {"now"} if function.name in WITHOUT_ACTOR else {"actor", "now"}


def _names(function: Function) -> set[str]:
    return {argument.arg for argument in function.args.kwonlyargs}
