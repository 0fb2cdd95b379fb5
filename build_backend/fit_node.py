"""Whether this machine has a Node.js that can run the bundler; as a script: exit 0 if it has."""

from __future__ import annotations

import re
import shutil
import subprocess


def node_fits() -> bool:
    """Whether the `node` on PATH is ^20.19 or >=22.12."""
    node = shutil.which("node")
    if node is None:
        return False
    try:
        said = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return False
    found = re.match(r"v(\d+)\.(\d+)", said.stdout)
    if found is None:
        return False
    version = (int(found[1]), int(found[2]))
    return (20, 19) <= version < (21, 0) or version >= (22, 12)


if __name__ == "__main__":
    raise SystemExit(not node_fits())
