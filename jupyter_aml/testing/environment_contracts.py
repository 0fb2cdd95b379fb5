"""What every builder of environments promises, as tests to inherit."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Iterator

import pytest

from jupyter_aml.domain.errors import Invalid
from jupyter_aml.environments.cache import Cache
from jupyter_aml.environments.protocol import EnvironmentBuilder, Materialised, Wish
from jupyter_aml.testing.builds import Heard


def answer(environment: Materialised, code: str) -> str:
    """What this code prints in an environment that runs directly on this machine."""
    done = subprocess.run(
        [environment.interpreter, "-c", code],
        env=environment.on_top_of({}),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stdout.strip()


class EnvironmentBuilderContract:
    """Inherit, and give the fixtures `builder`, `cache`, `wish`, `other_wish` and `bad_wish`.

    `wish` is met by an environment in which the module `hello` can be imported, `other_wish` by
    another one of the same builder; `bad_wish` cannot be met.
    """

    pytestmark = pytest.mark.anyio

    @pytest.fixture
    def cache(self) -> Iterator[Cache]:
        """Where the builder keeps what it builds."""
        raise NotImplementedError

    @pytest.fixture
    def builder(self) -> EnvironmentBuilder:
        """The builder."""
        raise NotImplementedError

    @pytest.fixture
    def wish(self) -> Wish:
        """A wish that can be met."""
        raise NotImplementedError

    @pytest.fixture
    def other_wish(self) -> Wish:
        """Another wish that can be met."""
        raise NotImplementedError

    @pytest.fixture
    def bad_wish(self) -> Wish:
        """A wish that cannot be met."""
        raise NotImplementedError

    def there(self, environment: Materialised, module: str) -> bool:
        """Whether a module can be imported in an environment."""
        look = f"import importlib.util; print(importlib.util.find_spec({module!r}) is not None)"
        return answer(environment, look) == "True"

    async def test_a_wish_is_met(self, builder: EnvironmentBuilder, wish: Wish) -> None:
        """The packages are there, and the build said and logged what it did."""
        heard = Heard()

        environment = await builder.ensure(wish, build=heard)

        assert builder.accepts(wish)
        assert environment.kind == builder.kind
        assert self.there(environment, "hello")
        assert heard.said
        assert heard.logged.endswith("\n")

    async def test_a_wish_that_was_met_is_not_met_again(
        self, builder: EnvironmentBuilder, wish: Wish
    ) -> None:
        """The same environment, and nothing is done for it."""
        first = await builder.ensure(wish, build=Heard())
        heard = Heard()

        again = await builder.ensure(wish, build=heard)

        assert (again.key, again.interpreter) == (first.key, first.interpreter)
        assert heard.logged == ""

    async def test_ten_who_ask_at_once_get_one_environment(
        self, builder: EnvironmentBuilder, wish: Wish
    ) -> None:
        """It is built once."""
        found = await asyncio.gather(*(builder.ensure(wish, build=Heard()) for _ in range(10)))

        assert len({one.key for one in found}) == 1

    async def test_other_wishes_get_other_environments(
        self, builder: EnvironmentBuilder, wish: Wish, other_wish: Wish
    ) -> None:
        """Neither spoils the other."""
        one = await builder.ensure(wish, build=Heard())
        other = await builder.ensure(other_wish, build=Heard())

        assert one.key != other.key
        assert self.there(one, "hello")

    async def test_a_wish_that_cannot_be_met_says_why_and_leaves_nothing(
        self, builder: EnvironmentBuilder, cache: Cache, bad_wish: Wish
    ) -> None:
        """One sentence, and no entry that is not whole."""
        with pytest.raises(Invalid) as error:
            await builder.ensure(bad_wish, build=Heard())

        assert "\n" not in str(error.value)
        assert list(cache.entries()) == []

    async def test_a_build_that_is_cancelled_counts_for_nothing_and_can_be_done_again(
        self, builder: EnvironmentBuilder, cache: Cache, wish: Wish
    ) -> None:
        """Whoever comes next finds a clean place."""
        begun = asyncio.Event()

        class Listening(Heard):
            def say(self, line: str) -> None:
                begun.set()

        task = asyncio.create_task(builder.ensure(wish, build=Listening()))
        await begun.wait()
        task.cancel()
        await asyncio.wait({task})

        assert task.cancelled()
        assert list(cache.entries()) == []
        assert self.there(await builder.ensure(wish, build=Heard()), "hello")
