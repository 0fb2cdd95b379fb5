"""Runs a program that must not outlive whoever started it: `warden.py PROGRAM ARGUMENTS`.

It leads a process group and ends the whole group when its stdin is closed, which the system does
for a caller that was killed. Standard library only, and started as a file by `python -I -S`.
"""

import os
import signal
import sys
import threading


def _end_with_caller() -> None:
    while os.read(0, 1024):
        pass
    os.killpg(0, signal.SIGKILL)


def main(program: list[str]) -> int:
    """Run the program to its end; returns its exit code."""
    quiet = os.open(os.devnull, os.O_RDONLY)
    child = os.posix_spawnp(
        program[0], program, os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, quiet, 0)]
    )
    threading.Thread(target=_end_with_caller, daemon=True).start()
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.stdout.flush()
    os._exit(main(sys.argv[1:]))
