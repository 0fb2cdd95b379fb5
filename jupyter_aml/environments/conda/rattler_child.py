"""The process that py-rattler works in: it may crash at its exit, so no server imports it.

`python -m jupyter_aml.environments.conda.rattler_child` reads requests from stdin and answers on
stdout, a JSON object a line. A request is `{"solve": {...}}` or `{"install": {...}}`; an answer is
`{"say": text}` any number of times, then `{"answer": {...}}` or `{"failed": {...}}`.
"""

from __future__ import annotations

import asyncio
import datetime
import json
import os
import re
import sys
import threading
import traceback
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

import rattler
from rattler.exceptions import GatewayError, SolverError

from jupyter_aml.domain.near import near

_PATIENCE = datetime.timedelta(minutes=10)
_PROXIES = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy")
_ABSENT = re.compile(r"No candidates were found for (\S+)")


class Session:
    """What was solved last, ready to be installed."""

    def __init__(self, cache: Path) -> None:
        self._packages = cache / "pkgs"
        self._gateway = rattler.Gateway(cache_dir=cache / "repodata")
        self._records: list[rattler.RepoDataRecord] = []

    async def solve(
        self, channels: Sequence[str], specs: Sequence[str], lowest: bool, connect: float
    ) -> dict[str, Any]:
        """Find the packages that meet the specs together.

        A host that takes more than `connect` seconds to take a connection counts as silent.
        """
        sources = [rattler.Channel(one) for one in channels]
        silent = await self._deaf([one.base_url for one in sources], connect)
        if silent:
            names = dict(zip((one.base_url for one in sources), channels, strict=True))
            reasons = {names[url]: reason for url, reason in silent.items()}
            raise Failed("channel", "no connection in time", silent=reasons)
        platforms = [rattler.Subdir.current(), rattler.Subdir("noarch")]
        try:
            self._records = await rattler.solve(
                sources,
                # As text they would be read strictly, which refuses conda's `numpy=1.19=py38_0`.
                [rattler.MatchSpec(one) for one in specs],
                gateway=self._gateway,
                platforms=platforms,
                virtual_packages=rattler.VirtualPackage.detect(),
                timeout=_PATIENCE,
                strategy="lowest-direct" if lowest else "highest",
            )
        except GatewayError as error:
            raise Failed("channel", str(error), silent=await self._silent(channels)) from error
        except SolverError as error:
            names = await self._names(sources, platforms, str(error))
            raise Failed("solver", str(error), **names) from error
        return {"packages": [_package(one) for one in self._records]}

    async def install(self, prefix: str) -> dict[str, Any]:
        """Install what was solved into an absolute prefix."""
        await rattler.install(
            self._records,
            Path(prefix),
            cache_dir=self._packages,
            execute_link_scripts=False,
            reporter=Reporter(len(self._records)),
        )
        return {}

    async def _deaf(self, urls: Sequence[str], connect: float) -> dict[str, str]:
        """The channels whose host drops connections, which rattler would wait for for minutes."""
        if any(os.environ.get(name) for name in _PROXIES):
            return {}
        hosts = {url: urlsplit(url) for url in urls if urlsplit(url).hostname}
        answers = await asyncio.gather(*(_is_deaf(one, connect) for one in hosts.values()))
        return {url: "timed out" for url, is_deaf in zip(hosts, answers, strict=True) if is_deaf}

    async def _silent(self, channels: Sequence[str]) -> dict[str, str]:
        """Why each channel that gives no list of its packages does not."""
        reasons: dict[str, str] = {}
        for name in channels:
            try:
                await self._gateway.names([rattler.Channel(name)], [rattler.Subdir("noarch")])
            except GatewayError as error:
                reasons[name] = str(error)
        return reasons

    async def _names(self, sources: Any, platforms: Any, text: str) -> dict[str, Any]:
        """Which of the packages that were not found exist, and what is called nearly so."""
        absent = set(_ABSENT.findall(text))
        if not absent:
            return {}
        try:
            known = [one.normalized for one in await self._gateway.names(sources, platforms)]
        except GatewayError:
            return {}
        return {
            "there": sorted(absent.intersection(known)),
            "near": {one: near(one, known, 3, alike=0.7) for one in sorted(absent)},
        }


class Reporter:
    """Says how far an installation is. Called from rattler's threads."""

    def __init__(self, count: int) -> None:
        self._count, self._linked, self._bytes = count, 0, 0
        self._loading: dict[int, int] = {}

    def __getattr__(self, name: str) -> Any:
        # rattler calls some fifteen methods and wants a token from those that begin something.
        if name.startswith("on_"):
            return _token
        raise AttributeError(name)

    def on_download_start(self, cache_entry: int) -> int:
        """Take note of a download; its token is the entry's."""
        return cache_entry

    def on_download_progress(self, download_idx: int, progress: int, total: int | None) -> None:
        """Take how many bytes of a download are there."""
        before = self._loading.get(download_idx, 0)
        self._loading[download_idx] = progress
        self._bytes += max(0, progress - before)
        if self._bytes // 1_000_000 != (self._bytes - max(0, progress - before)) // 1_000_000:
            self._say()

    def on_link_complete(self, index: int) -> None:
        """Take that one package more is in its place."""
        self._linked += 1
        self._say()

    def _say(self) -> None:
        megabytes = f", {self._bytes / 1e6:.0f} MB" if self._bytes >= 1_000_000 else ""
        tell(say=f"installing: {self._linked} of {self._count} packages{megabytes}")


class Failed(Exception):
    """A request that cannot be met: what kind of trouble, its text, and what is known of it."""

    def __init__(self, kind: str, text: str, **more: Any) -> None:
        super().__init__(text)
        self.account = {"kind": kind, "text": text, **more}


def tell(**message: Any) -> None:
    """Write one message."""
    os.write(1, (json.dumps(message) + "\n").encode())


async def _serve() -> None:
    session: Session | None = None
    requests: asyncio.Queue[str] = asyncio.Queue()
    loop = asyncio.get_running_loop()
    threading.Thread(target=_read, args=(loop, requests), daemon=True).start()
    while True:
        request = json.loads(await requests.get())
        try:
            if "cache" in request:
                session = Session(Path(request["cache"]))
                continue
            assert session is not None
            if "solve" in request:
                tell(answer=await session.solve(**request["solve"]))
            else:
                tell(answer=await session.install(**request["install"]))
        except Failed as failed:
            tell(failed=failed.account)
        except Exception as error:
            tell(failed={"kind": type(error).__name__, "text": str(error)})


async def _is_deaf(url: SplitResult, connect: float) -> bool:
    port = url.port or (80 if url.scheme == "http" else 443)
    try:
        async with asyncio.timeout(connect):
            _, writer = await asyncio.open_connection(url.hostname, port)
    except TimeoutError:
        return True
    except OSError:
        return False  # It says so at once, and rattler will say what.
    writer.close()
    return False


def _read(loop: asyncio.AbstractEventLoop, requests: asyncio.Queue[str]) -> None:
    """Hand requests over. Where stdin ends the caller is gone, and what is under way must stop:
    another may build in the same place from now on."""
    for line in sys.stdin:
        loop.call_soon_threadsafe(requests.put_nowait, line)
    os._exit(0)


def _package(record: rattler.RepoDataRecord) -> dict[str, Any]:
    digest = record.sha256 or record.md5
    return {
        "name": record.name.normalized,
        "version": str(record.version),
        "url": record.url,
        "digest": digest.hex() if digest else "",
    }


def _token(*_: Any) -> int:
    return 0


def main() -> None:
    """Answer requests until stdin ends, then leave without rattler's own clean-up."""
    warnings.simplefilter("ignore")
    try:
        asyncio.run(_serve())
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(1)


if __name__ == "__main__":
    main()
