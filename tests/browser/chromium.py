"""Which Chromium the page tests drive: the system's, else the one that Playwright has installed."""

import os
import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

QUIET = (
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-dev-shm-usage",
)


def arguments() -> list[str]:
    """The flags that keep a browser to the pages it is shown; as root it has to do without its sandbox."""
    return [*QUIET, "--no-sandbox"] if os.geteuid() == 0 else list(QUIET)


def executable() -> str | None:
    """The path of a Chromium, None where there is none."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        found = shutil.which(name)
        if found:
            return found
    with sync_playwright() as playwright:
        installed = playwright.chromium.executable_path
    return installed if Path(installed).exists() else None


if __name__ == "__main__":
    sys.exit(executable() is None)
