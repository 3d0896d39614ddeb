"""The Node packages that some tests run, as the lock beside this file names them, installed once beside it."""

import fcntl
import shutil
import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parent
NODE_MODULES = HERE / "node_modules"
LONGEST = 180  # seconds


def install_node_packages() -> str | None:
    """Install what the lock says unless it is there; why that is not possible, None if it is done."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        return "there is no node or no npm on this machine"
    lock = HERE / "package-lock.json"
    with (HERE / ".node_packages.lock").open("w") as only_one:  # processes of a test run wait for each other
        fcntl.flock(only_one, fcntl.LOCK_EX)
        done = NODE_MODULES / ".package-lock.json"
        if done.exists() and done.stat().st_mtime >= lock.stat().st_mtime:
            return None
        command = ["npm", "ci", "--omit=optional", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
        try:
            ended = subprocess.run(command, cwd=HERE, capture_output=True, text=True, timeout=LONGEST, check=False)
        except subprocess.TimeoutExpired:
            return f"npm ci was not done after {LONGEST} seconds"
    return None if ended.returncode == 0 else f"npm ci failed: {ended.stderr.strip()[-500:]}"
