"""Looks into data sets, each in a process of its own that ends, whatever is in the files."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Mapping
from typing import Any

from jupyter_aml.domain import errors
from jupyter_aml.domain.errors import AmlError, Invalid

_AT_ONCE = 2
_LONGEST = 120.0
"""Seconds until a look is ended from outside."""
PROFILE_SECONDS = 45.0


class Looks:
    """Starts the processes, a few at a time."""

    def __init__(self) -> None:
        self._turns = asyncio.Semaphore(_AT_ONCE)

    async def into(self, asked: Mapping[str, Any]) -> Any:
        """Ask for a preview or a profile; raises what the process says, or Invalid."""
        async with self._turns:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-P", "-m", "jupyter_aml.data.look",
                stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
            )  # fmt: skip
            try:
                # Secrets go through the pipe: arguments and variables can be seen by others.
                out, wrong = await asyncio.wait_for(
                    process.communicate(json.dumps(asked).encode()), _LONGEST
                )
            except TimeoutError:
                raise Invalid(
                    f"looking into this data set takes longer than {_LONGEST:.0f} seconds; "
                    "take(10) in a notebook reads some of it"
                ) from None
            finally:
                if process.returncode is None:
                    process.kill()
                    await process.wait()
        return _told(process.returncode, out, wrong)


def _told(code: int | None, out: bytes, wrong: bytes) -> Any:
    try:
        told = json.loads(out)
    except ValueError:
        last = wrong.decode(errors="replace").strip().splitlines()[-1:]
        raise Invalid(
            f"the process that looked into the data set ended with {code}: {' '.join(last)[:300]}"
        ) from None
    if "answer" in told:
        return told["answer"]
    kind = getattr(errors, told["error"], None)
    if isinstance(kind, type) and issubclass(kind, AmlError):
        raise kind(told["message"])
    raise Invalid(told["message"])
