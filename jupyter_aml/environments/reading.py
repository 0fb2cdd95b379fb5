"""What is in a built environment."""

from __future__ import annotations

import json
import re
from importlib.metadata import distributions
from pathlib import Path

from jupyter_aml.environments.protocol import Materialised


def packages(environment: Materialised) -> tuple[str, dict[str, str]]:
    """The version of its Python and name and version of each package, by name. Blocks."""
    if environment.image is not None:
        return "", {}
    home = Path(environment.interpreter).parent.parent
    found: dict[str, str] = {}
    for record in home.glob("conda-meta/*.json"):
        data = json.loads(record.read_text(encoding="utf-8"))
        found[data["name"]] = data["version"]
    for site in home.glob("lib/python3*/site-packages"):
        for one in distributions(path=[str(site)]):
            # The last word, since pip may have put a package in the place of conda's.
            found[re.sub(r"[-_.]+", "-", one.metadata["Name"]).lower()] = one.version
    return _python(home) or found.get("python", ""), dict(sorted(found.items()))


def _python(home: Path) -> str:
    try:
        settings = (home / "pyvenv.cfg").read_text(encoding="utf-8")
    except OSError:
        return ""
    version = re.search(r"^version(?:_info)?\s*=\s*(\S+)", settings, re.MULTILINE)
    return version[1] if version else ""
