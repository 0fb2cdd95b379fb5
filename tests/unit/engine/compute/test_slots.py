"""Who may run now, and who waits behind whom."""

from __future__ import annotations

import asyncio

from jupyter_aml.domain.ids import RunId
from jupyter_aml.engine.compute.line import Rank
from jupyter_aml.engine.compute.slots import Slots

A, B, C = RunId("a"), RunId("b"), RunId("c")


def test_a_run_waits_while_all_places_are_taken_and_says_why() -> None:
    async def story() -> list[str | None]:
        slots = Slots("local", 1)
        await slots.take(A)
        second, third = asyncio.create_task(slots.take(B)), asyncio.create_task(slots.take(C))
        await asyncio.sleep(0)
        said = [slots.reason(A), slots.reason(B), slots.reason(C)]
        slots.give_back(A)
        said += [slots.reason(B), slots.reason(C)]
        await second
        slots.give_back(B)
        await third
        return [*said, slots.reason(C)]

    assert asyncio.run(story()) == [
        None,
        "next on 'local' (1 of 1 slot busy)",
        "1 run ahead on 'local' (1 of 1 slot busy)",
        None,
        "next on 'local' (1 of 1 slot busy)",
        None,
    ]


def test_a_line_that_moves_says_so_once_however_long_it_is() -> None:
    async def story() -> int:
        moved = list[None]()
        slots = Slots("local", 1, moved=lambda: moved.append(None))
        await slots.take(A)
        line = [asyncio.create_task(slots.take(RunId(str(number)))) for number in range(100)]
        await asyncio.sleep(0)
        moved.clear()
        slots.give_back(A)
        for task in line[1:]:
            task.cancel()
        return len(moved)

    assert asyncio.run(story()) == 1


def test_who_leaves_the_line_lets_the_next_one_up() -> None:
    async def story() -> bool:
        slots = Slots("local", 1)
        await slots.take(A)
        second = asyncio.create_task(slots.take(B))
        third = asyncio.create_task(slots.take(C))
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
        await slots.take(A)
        second = asyncio.create_task(slots.take(B))
        await asyncio.sleep(0)
        slots.give_back(A)
        second.cancel()
        await asyncio.gather(second, return_exceptions=True)
        return slots.busy

    assert asyncio.run(story()) == 0


async def queue(slots: Slots, *runs: RunId) -> list[asyncio.Task[None]]:
    """Put runs into the line, in this order."""
    tasks = [asyncio.create_task(slots.take(run)) for run in runs]
    await asyncio.sleep(0)
    return tasks


def test_a_place_that_is_lent_goes_to_who_is_waited_for_before_those_who_came_first() -> None:
    async def story() -> tuple[bool, bool]:
        slots = Slots("local", 1)
        await slots.take(A)
        second, third = await queue(slots, B, C)
        slots.lend(A, [C])
        await asyncio.wait_for(third, 5)
        return second.done(), slots.busy == 1

    assert asyncio.run(story()) == (False, True)


def test_a_place_is_kept_for_who_is_waited_for_and_is_not_in_the_line_yet() -> None:
    async def story() -> tuple[bool, int]:
        slots = Slots("local", 1)
        await slots.take(A)
        (second,) = await queue(slots, B)
        slots.lend(A, [C])
        await asyncio.sleep(0)
        was_let_in = second.done()
        await asyncio.wait_for(slots.take(C), 5)
        return was_let_in, slots.busy

    assert asyncio.run(story()) == (False, 1)


def test_the_place_of_who_waits_for_one_that_runs_elsewhere_serves_the_next_in_the_line() -> None:
    async def story() -> int:
        slots = Slots("local", 2)
        for run in (A, B):
            await slots.take(run)
        (third,) = await queue(slots, C)
        slots.lend(A, [B])
        await asyncio.wait_for(third, 5)
        return slots.busy

    assert asyncio.run(story()) == 2


def test_who_waited_for_one_that_ended_has_its_place_before_the_next_in_the_line() -> None:
    async def story() -> tuple[bool, int]:
        slots = Slots("local", 1)
        await slots.take(A)
        slots.lend(A, [B])
        await slots.take(B)
        (third,) = await queue(slots, C)
        slots.give_back(B)
        await asyncio.sleep(0)
        return third.done(), slots.busy

    assert asyncio.run(story()) == (False, 1)


def test_who_comes_back_is_over_the_number_and_nobody_is_let_in_until_it_is_kept_again() -> None:
    async def story() -> tuple[int, bool]:
        slots = Slots("local", 1)
        await slots.take(A)
        slots.lend(A, [B])
        await slots.take(B)
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
        await slots.take(A)
        slots.lend(A, [B])
        await slots.take(B)
        slots.give_back(A)
        busy = [slots.busy]
        slots.give_back(B)
        return [*busy, slots.busy]

    assert asyncio.run(story()) == [1, 0]


async def let_in(slots: Slots, ranks: dict[str, Rank]) -> list[str]:
    """The order in which runs of these ranks are let in, one after the other."""
    slots.seat(RunId("first"))
    order: list[str] = []

    async def go(run: RunId, its: Rank) -> None:
        await slots.take(run, its)
        order.append(run)
        await asyncio.sleep(0)
        slots.give_back(run)

    async with asyncio.TaskGroup() as group:
        for name, its in ranks.items():
            group.create_task(go(RunId(name), its))
        await asyncio.sleep(0)
        slots.give_back(RunId("first"))
    return order


def rank(priority: int, sent: float, share: str = "") -> Rank:
    return Rank((-priority, sent, 0), share)


def test_urgent_runs_go_first_and_equals_in_the_order_in_which_they_were_sent() -> None:
    ranks = {"late": rank(0, 2.0), "early": rank(0, 1.0), "low": rank(-5, 0), "high": rank(5, 3)}

    assert asyncio.run(let_in(Slots("local", 1), ranks)) == ["high", "early", "late", "low"]


def test_reasons_tell_the_order_in_which_runs_are_let_in() -> None:
    async def told() -> list[str | None]:
        slots = Slots("local", 1)
        slots.seat(RunId("first"))
        tasks = [
            asyncio.create_task(slots.take(RunId(name), rank(priority, 0.0)))
            for name, priority in (("low", 0), ("high", 1))
        ]
        await asyncio.sleep(0)
        reasons = [slots.reason(RunId(name)) for name in ("low", "high")]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return reasons

    low, high = asyncio.run(told())

    assert low is not None and low.startswith("1 run ahead")
    assert high is not None and high.startswith("next on 'local'")


def test_experiments_take_turns_where_shares_are_fair() -> None:
    ranks = {f"a{n}": rank(0, n, "a") for n in range(4)} | {
        f"b{n}": rank(0, 10 + n, "b") for n in range(2)
    }

    async def first_two(*, is_fair: bool) -> list[str]:
        slots = Slots("local", 2, is_fair=is_fair)
        done: list[str] = []
        for each in "xy":
            slots.seat(RunId(each))

        async def go(name: str, its: Rank) -> None:
            await slots.take(RunId(name), its)
            done.append(name)

        tasks = [asyncio.create_task(go(name, its)) for name, its in ranks.items()]
        await asyncio.sleep(0)
        for each in "xy":
            slots.give_back(RunId(each))
        await asyncio.sleep(0)
        so_far = list(done)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return so_far

    assert asyncio.run(first_two(is_fair=False)) == ["a0", "a1"]
    assert asyncio.run(first_two(is_fair=True)) == ["a0", "b0"]


def test_ten_thousand_may_wait() -> None:
    ranks = {f"r{n}": rank(0, 10_000 - n) for n in range(10_000)}

    order = asyncio.run(let_in(Slots("local", 1), ranks))

    assert order == [f"r{n}" for n in reversed(range(10_000))]


# ---- runs of several nodes ---------------------------------------------------------------------


def large(places: int) -> Rank:
    return Rank(places=places)


async def line(slots: Slots, *asked: tuple[RunId, int]) -> list[asyncio.Task[None]]:
    """Put runs into the line, each with the places that it needs."""
    tasks = [asyncio.create_task(slots.take(run, large(places))) for run, places in asked]
    await asyncio.sleep(0)
    return tasks


def test_a_run_of_several_nodes_waits_for_all_of_them_and_nobody_passes_it() -> None:
    async def story() -> tuple[list[bool], list[str | None], int]:
        slots = Slots("cluster", 3)
        await slots.take(A)
        await slots.take(RunId("d"))
        large, small = await line(slots, (B, 3), (C, 1))
        said = [slots.reason(B), slots.reason(C)]
        slots.give_back(A)
        said.append(slots.reason(B))
        await asyncio.sleep(0)
        was_let_in = [large.done(), small.done()]
        slots.give_back(RunId("d"))
        await asyncio.wait_for(large, 5)
        busy = slots.busy
        slots.give_back(B)
        await asyncio.wait_for(small, 5)
        return was_let_in, said, busy

    assert asyncio.run(story()) == (
        [False, False],
        [
            "waits for 2 of 3 nodes of 'cluster' (2 of 3 slots busy)",
            "1 run ahead on 'cluster' (2 of 3 slots busy)",
            "waits for 1 of 3 nodes of 'cluster' (1 of 3 slots busy)",
        ],
        3,
    )


def test_a_run_that_needs_more_nodes_than_there_are_is_passed_over_until_there_are() -> None:
    async def story() -> tuple[str | None, bool, int]:
        slots = Slots("cluster", 3)
        await slots.take(A)
        large, small = await line(slots, (B, 3), (C, 1))
        slots.resize(2)
        said = slots.reason(B)
        await asyncio.wait_for(small, 5)
        still_waits = not large.done() and slots.waiting == 1
        slots.resize(3)
        slots.give_back(A)
        slots.give_back(C)
        await asyncio.wait_for(large, 5)
        return said, still_waits, slots.busy

    assert asyncio.run(story()) == (
        "needs 3 nodes, and 'cluster' has at most 2 now: make it larger, or cancel the run",
        True,
        3,
    )


def test_who_is_passed_over_may_leave_and_a_target_that_is_closed_says_why() -> None:
    async def story() -> tuple[str | None, int]:
        slots = Slots("cluster", 3)
        (large,) = await line(slots, (A, 4))
        slots.resize(0, closed="'cluster' is stopped: start it")
        said = slots.reason(A)
        large.cancel()
        await asyncio.gather(large, return_exceptions=True)
        return said, slots.waiting

    assert asyncio.run(story()) == ("'cluster' is stopped: start it", 0)


def test_one_run_has_no_more_places_than_nodes_however_many_runs_a_node_takes() -> None:
    async def story() -> str | None:
        slots = Slots("cluster", 4, most=2)
        await line(slots, (A, 3))
        return slots.reason(A)

    assert "needs 3 nodes, and 'cluster' has at most 2" in str(asyncio.run(story()))


def test_a_parent_lends_its_place_to_a_child_of_several_nodes() -> None:
    async def story() -> tuple[bool, bool, int]:
        slots = Slots("cluster", 2)
        await slots.take(A)
        small, child = await line(slots, (C, 2), (B, 2))
        slots.lend(A, [B])
        await asyncio.wait_for(child, 5)
        return child.done(), small.done(), slots.busy

    assert asyncio.run(story()) == (True, False, 2)


def test_a_share_counts_nodes_and_not_runs() -> None:
    async def story() -> bool:
        slots = Slots("cluster", 3, is_fair=True)
        slots.seat(RunId("large"), Rank(share="one", places=2))
        slots.seat(RunId("small"), Rank(share="two"))
        one = asyncio.create_task(slots.take(A, Rank(share="one")))
        await asyncio.sleep(0)
        two = asyncio.create_task(slots.take(B, Rank(share="two")))
        await asyncio.sleep(0)
        slots.give_back(RunId("small"))
        slots.seat(RunId("again"), Rank(share="two"))
        slots.give_back(RunId("large"))
        await asyncio.sleep(0)
        return one.done() and two.done()

    assert asyncio.run(story())
