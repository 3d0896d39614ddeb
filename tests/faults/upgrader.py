"""`python -m tests.faults.upgrader`: migrates databases, and kills itself doing so as it is ordered.

Orders come by standard input, `SECONDS URL`: so long may it take before it is killed. Each upgrade is a process of its
own, borne by forking; the answer is `killed`, or `done` and how long it took.
"""

import os
import select
import signal
import sys
import time

from sqlalchemy import create_engine

from changetrack import migrations


def main() -> None:
    """Do what is ordered until there are no more orders."""
    for line in sys.stdin:
        seconds, url = line.split()
        started, pid = time.perf_counter(), os.fork()
        if not pid:
            _upgrade(url)
        if not select.select([os.pidfd_open(pid)], [], [], float(seconds))[0]:
            os.kill(pid, signal.SIGKILL)
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        said = {0: f"done {time.perf_counter() - started:.4f}", -signal.SIGKILL: "killed"}.get(status, "failed")
        os.write(1, f"{said}\n".encode())


def _upgrade(url: str) -> None:
    status = 1
    try:
        migrations.upgrade(create_engine(url))
        status = 0
    finally:
        os._exit(status)


if __name__ == "__main__":
    main()
