"""Takes a name for a whole file, if nobody has it yet: of many processes one gets it."""

from __future__ import annotations

import os
from pathlib import Path


def takes(target: Path, unfinished: Path) -> bool:
    """Make a file, which is whole, the target; False where there is one, of whatever process.

    Where it was made the unfinished file may or may not be left.
    """
    try:
        os.link(unfinished, target)
    except FileExistsError:
        return False
    except FileNotFoundError:
        raise
    except OSError:
        # Here are no hard links: the name is taken first, and filled by rename.
        try:
            os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        except FileExistsError:
            return False
        os.replace(unfinished, target)
    return True
