"""Where conda channels cannot be reached it is said at once, and pip gets the wish or nobody."""

from __future__ import annotations

import asyncio
import socket
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from jupyter_aml.domain.errors import Invalid, Unreachable
from jupyter_aml.environments.cache import Cache
from jupyter_aml.environments.conda import rattler
from jupyter_aml.environments.conda.builder import CondaBuilder
from jupyter_aml.testing.builds import Heard, conda_wish
from tests.channel import MINOR, channel
from tests.conda_builders import FakePip, anyio_backend, cache, heard, pip

pytestmark = pytest.mark.anyio
__all__ = ["anyio_backend", "builder", "cache", "channel", "heard", "pip"]

SILENT = "http://127.0.0.1:1/channel"


def a_builder(cache: Cache, pip: FakePip, **options: Any) -> CondaBuilder:
    """A builder that may ask any channel."""
    return CondaBuilder(cache, client="py-rattler", pip_fallback=pip, allow_sources=True, **options)


@pytest.fixture
def builder(cache: Cache, pip: FakePip) -> CondaBuilder:
    return a_builder(cache, pip)


async def test_where_no_channel_answers_pip_gets_the_wish(
    builder: CondaBuilder, pip: FakePip, heard: Heard
) -> None:
    wish = conda_wish(
        f"python={MINOR}", "pytorch=2.4", "cudatoolkit", {"pip": ["tqdm"]},
        channels=(SILENT,), extras=("ipykernel",),
    )  # fmt: skip

    built = await builder.ensure(wish, build=heard)

    (asked,) = pip.asked
    assert asked.definition.conda.pip == ("torch==2.4.*", "tqdm")
    assert asked.definition.conda.packages == ()
    assert asked.definition.conda.python == f"={MINOR}" or asked.definition.conda.python == MINOR
    assert asked.extras == ("ipykernel",)
    reason, missed, own = built.warnings
    assert reason.startswith(f"conda channels cannot be reached ({SILENT}: Connection refused)")
    assert "cudatoolkit is not a Python package" in missed
    assert own == "its own"
    assert any("cannot be reached" in line for line in heard.said)


async def test_what_pip_cannot_find_is_told_with_the_reason_for_asking_it(
    builder: CondaBuilder, pip: FakePip, heard: Heard
) -> None:
    pip.error = Invalid("there is no package 'zz' in the index")

    with pytest.raises(Invalid, match=rf"no package 'zz' in the index.*no conda.*{SILENT}"):
        await builder.ensure(conda_wish("zz", channels=(SILENT,)), build=heard)


async def test_refuse_names_the_channel_and_the_setting(
    cache: Cache, pip: FakePip, heard: Heard
) -> None:
    refusing = a_builder(cache, pip, fallback="refuse")

    with pytest.raises(Invalid, match=f"{SILENT}.*conda_fallback"):
        await refusing.ensure(conda_wish("numpy", channels=(SILENT,)), build=heard)

    assert pip.asked == []


async def test_a_channel_by_url_that_nobody_allowed_is_never_asked(
    cache: Cache, pip: FakePip, heard: Heard
) -> None:
    ours = CondaBuilder(cache, client="py-rattler", channels=("conda-forge",), pip_fallback=pip)

    with pytest.raises(Invalid, match=rf"the conda channel {SILENT} is none of AmlConfig"):
        await ours.ensure(conda_wish("numpy", channels=(SILENT,)), build=heard)
    with pytest.raises(Invalid, match=rf"the conda channel {SILENT} is none of AmlConfig"):
        await ours.ensure(conda_wish(f"{SILENT}::numpy"), build=heard)

    assert (pip.asked, heard.said) == ([], [])


async def test_one_silent_channel_among_others_is_named(
    builder: CondaBuilder, channel: str, pip: FakePip, heard: Heard
) -> None:
    with pytest.raises(Unreachable, match=SILENT):
        await builder.ensure(conda_wish("numpyish", channels=(channel, SILENT)), build=heard)

    assert pip.asked == []


async def test_a_channel_that_is_not_there_is_named(
    builder: CondaBuilder, pip: FakePip, tmp_path: Path, heard: Heard
) -> None:
    with pytest.raises(Invalid, match=r"there is no conda channel file:.*nowhere"):
        await builder.ensure(
            conda_wish("numpyish", channels=((tmp_path / "nowhere").as_uri(),)), build=heard
        )

    assert pip.asked == []


async def test_passwords_and_tokens_stay_out_of_log_and_error(
    cache: Cache, pip: FakePip, heard: Heard
) -> None:
    secret = "http://me:hunter2@127.0.0.1:1/t/tk-123/channel"
    refusing = a_builder(cache, pip, fallback="refuse")

    with pytest.raises(Invalid) as raised:
        await refusing.ensure(conda_wish("numpy", channels=(secret,)), build=heard)

    told = f"{raised.value}{heard.logged}{heard.said}"
    assert "hunter2" not in told
    assert "tk-123" not in told


async def test_without_any_tool_the_cure_is_named(
    cache: Cache, pip: FakePip, heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rattler, "is_here", lambda: False)
    alone = CondaBuilder(cache, client="py-rattler", pip_fallback=pip)

    built = await alone.ensure(conda_wish("numpy"), build=heard)

    assert "pip install 'jupyter-aml[conda]'" in built.warnings[0]


async def test_a_host_that_drops_connections_is_given_up_soon(
    cache: Cache, pip: FakePip, heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(rattler, "_CONNECT", 0.3)
    ours = a_builder(cache, pip)
    # Nobody accepts here, and once its queue is full the system drops what comes.
    with socket.create_server(("127.0.0.1", 0), backlog=0) as deaf, ExitStack() as waiting:
        port = deaf.getsockname()[1]
        for _ in range(4):
            other = waiting.enter_context(socket.socket())
            other.setblocking(False)
            other.connect_ex(("127.0.0.1", port))
        wish = conda_wish("numpy", channels=(f"http://127.0.0.1:{port}/channel",))

        built = await asyncio.wait_for(ours.ensure(wish, build=heard), 20)

    assert "timed out" in built.warnings[0]
