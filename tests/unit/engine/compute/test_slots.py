"""Who may run now, and who waits behind whom."""

from __future__ import annotations

import asyncio

from jupyter_aml.domain.ids import RunId
from jupyter_aml.engine.compute.slots import Slots

A, B, C = RunId("a"), RunId("b"), RunId("c")


def ignore(reason: str) -> None:
    """A run whose reason nobody reads."""


def test_a_run_waits_while_all_places_are_taken_and_hears_why() -> None:
    async def story() -> list[str]:
        slots, heard = Slots("local", 1), list[str]()
        await slots.take(A, say=ignore)
        second = asyncio.create_task(slots.take(B, say=ignore))
        third = asyncio.create_task(slots.take(C, say=heard.append))
        await asyncio.sleep(0)
        slots.give_back(A)
        await second
        slots.give_back(B)
        await third
        return heard

    heard = asyncio.run(story())

    assert heard[0] == "1 run ahead on 'local' (1 of 1 slot busy)"
    assert heard[-1] == "next on 'local' (1 of 1 slot busy)"


def test_who_leaves_the_line_lets_the_next_one_up() -> None:
    async def story() -> bool:
        slots = Slots("local", 1)
        await slots.take(A, say=ignore)
        second = asyncio.create_task(slots.take(B, say=ignore))
        third = asyncio.create_task(slots.take(C, say=ignore))
        await asyncio.sleep(0)
        second.cancel()
        await asyncio.gather(second, return_exceptions=True)
        slots.give_back(A)
        await asyncio.wait_for(third, 5)
        return slots.busy == 1 and slots.waiting == 0

    assert asyncio.run(story())


def test_a_place_granted_to_one_who_left_is_free_again() -> None:
    async def story() -> int:
        slots = Slots("local", 1)
        await slots.take(A, say=ignore)
        second = asyncio.create_task(slots.take(B, say=ignore))
        await asyncio.sleep(0)
        slots.give_back(A)
        second.cancel()
        await asyncio.gather(second, return_exceptions=True)
        return slots.busy

    assert asyncio.run(story()) == 0
