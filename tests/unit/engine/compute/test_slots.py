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


async def queue(slots: Slots, *runs: RunId) -> list[asyncio.Task[None]]:
    """Put runs into the line, in this order."""
    tasks = [asyncio.create_task(slots.take(run, say=ignore)) for run in runs]
    await asyncio.sleep(0)
    return tasks


def test_a_place_that_is_lent_goes_to_who_is_waited_for_before_those_who_came_first() -> None:
    async def story() -> tuple[bool, bool]:
        slots = Slots("local", 1)
        await slots.take(A, say=ignore)
        second, third = await queue(slots, B, C)
        slots.lend(A, [C])
        await asyncio.wait_for(third, 5)
        return second.done(), slots.busy == 1

    assert asyncio.run(story()) == (False, True)


def test_a_place_is_kept_for_who_is_waited_for_and_is_not_in_the_line_yet() -> None:
    async def story() -> tuple[bool, int]:
        slots = Slots("local", 1)
        await slots.take(A, say=ignore)
        (second,) = await queue(slots, B)
        slots.lend(A, [C])
        await asyncio.sleep(0)
        was_let_in = second.done()
        await asyncio.wait_for(slots.take(C, say=ignore), 5)
        return was_let_in, slots.busy

    assert asyncio.run(story()) == (False, 1)


def test_the_place_of_who_waits_for_one_that_runs_elsewhere_serves_the_next_in_the_line() -> None:
    async def story() -> int:
        slots = Slots("local", 2)
        for run in (A, B):
            await slots.take(run, say=ignore)
        (third,) = await queue(slots, C)
        slots.lend(A, [B])
        await asyncio.wait_for(third, 5)
        return slots.busy

    assert asyncio.run(story()) == 2


def test_who_waited_for_one_that_ended_has_its_place_before_the_next_in_the_line() -> None:
    async def story() -> tuple[bool, int]:
        slots = Slots("local", 1)
        await slots.take(A, say=ignore)
        slots.lend(A, [B])
        await slots.take(B, say=ignore)
        (third,) = await queue(slots, C)
        slots.give_back(B)
        await asyncio.sleep(0)
        return third.done(), slots.busy

    assert asyncio.run(story()) == (False, 1)


def test_who_comes_back_is_over_the_number_and_nobody_is_let_in_until_it_is_kept_again() -> None:
    async def story() -> tuple[int, bool]:
        slots = Slots("local", 1)
        await slots.take(A, say=ignore)
        slots.lend(A, [B])
        await slots.take(B, say=ignore)
        (third,) = await queue(slots, C)
        slots.take_again(A)
        most = slots.busy
        slots.give_back(B)
        await asyncio.sleep(0)
        early = third.done()
        slots.give_back(A)
        await asyncio.wait_for(third, 5)
        return most, early

    assert asyncio.run(story()) == (2, False)


def test_who_ends_while_its_place_is_lent_leaves_one_place_free() -> None:
    async def story() -> list[int]:
        slots = Slots("local", 1)
        await slots.take(A, say=ignore)
        slots.lend(A, [B])
        await slots.take(B, say=ignore)
        slots.give_back(A)
        busy = [slots.busy]
        slots.give_back(B)
        return [*busy, slots.busy]

    assert asyncio.run(story()) == [1, 0]
