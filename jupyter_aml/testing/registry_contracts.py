"""What every registered noun promises, as tests to inherit."""

from __future__ import annotations

import json
import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from jupyter_aml.domain.errors import IllegalMove, Invalid, NotFound
from jupyter_aml.domain.ids import WorkspaceName
from jupyter_aml.engine.registry import Noun, Registered, Registry
from jupyter_aml.engine.root import Root

HERE = WorkspaceName("default")
ELSEWHERE = WorkspaceName("elsewhere")
NOON = "2026-01-01T12:00:00Z"


class RegistryContract:
    """Inherit, and give the fixture `noun` and the method `thing`."""

    @pytest.fixture
    def noun(self) -> Noun[Any]:
        """The noun."""
        raise NotImplementedError

    def thing(self, name: str, content: int) -> Any:
        """A definition of that name that is not registered; another one for each content."""
        raise NotImplementedError

    @pytest.fixture
    def root(self, tmp_path: Path) -> Root:
        """A root."""
        return Root(tmp_path)

    @pytest.fixture
    def things(self, root: Root, noun: Noun[Any]) -> Registry[Any]:
        """The registry of the noun."""
        return Registry(root, noun)

    def test_versions_count_up_and_each_is_a_file(
        self, things: Registry[Any], root: Root, noun: Noun[Any]
    ) -> None:
        made = [things.register(HERE, self.thing("a", content), at=NOON) for content in range(11)]

        assert [one.version for one in made] == [str(number) for number in range(1, 12)]
        folder = root.workspaces / HERE / noun.folder / "a"
        assert sorted(os.listdir(folder)) == sorted(f"{one.version}.json" for one in made)
        data = json.loads((folder / "2.json").read_text())
        assert data == {"definition": made[1].definition.to_json(), "createdAt": NOON}
        assert noun.from_json(data["definition"]).same_as(self.thing("a", 1))
        assert things.versions(HERE, "a") == [str(number) for number in range(11, 0, -1)]
        assert things.get(HERE, "a").version == "11"

    def test_an_equal_definition_has_the_version_that_it_had(self, things: Registry[Any]) -> None:
        first = things.register(HERE, self.thing("a", 1), at=NOON)
        things.register(HERE, self.thing("a", 2), at=NOON)

        again = things.register(HERE, self.thing("a", 1), at="2027-01-01T12:00:00Z")

        assert (again.version, again.created_at) == (first.version, NOON)
        assert things.versions(HERE, "a") == ["2", "1"]

    def test_names_of_workspaces_are_apart(self, things: Registry[Any]) -> None:
        things.register(HERE, self.thing("a", 1), at=NOON)

        assert things.register(ELSEWHERE, self.thing("a", 2), at=NOON).version == "1"
        assert [one.workspace for one in things.newest(HERE)] == [HERE]

    def test_what_is_not_there_names_what_comes_near(
        self, things: Registry[Any], noun: Noun[Any]
    ) -> None:
        things.register(HERE, self.thing("features", 1), at=NOON)
        things.register(HERE, self.thing("features", 2), at=NOON)

        with pytest.raises(NotFound, match=f"no {noun.word} 'feature'; did you mean 'features'"):
            things.get(HERE, "feature")
        with pytest.raises(NotFound, match=f"no {noun.word} 'features'"):
            things.get(ELSEWHERE, "features")
        with pytest.raises(NotFound, match=f"no version '3' of {noun.word} .* there are 1, 2"):
            things.get(HERE, "features", "3")
        for wrong in ("../a", "", "a/b"):
            with pytest.raises(Invalid, match="cannot be the name"):
                things.get(HERE, wrong)
            with pytest.raises(Invalid, match="cannot be the name"):
                things.get(HERE, "features", wrong)

    def test_tags_are_set_and_taken_away(self, things: Registry[Any]) -> None:
        things.register(HERE, self.thing("a", 1), at=NOON)

        things.tag(HERE, "a", "1", {"stage": "test", "owner": "ada"})
        things.tag(HERE, "a", "1", {"stage": "live", "owner": None})

        assert things.get(HERE, "a").tags == {"stage": "live"}
        assert things.get(HERE, "a").definition.same_as(self.thing("a", 1))

    def test_a_new_version_has_its_tags_from_the_first(self, things: Registry[Any]) -> None:
        things.register(HERE, self.thing("a", 1), at=NOON, tags={"stage": "test"})
        things.register(HERE, self.thing("a", 1), at=NOON, tags={"stage": "live"})

        assert things.get(HERE, "a").tags == {"stage": "test"}
        assert things.get(HERE, "a").version == "1"

    def test_a_version_is_amended_and_stays_what_it_is(self, things: Registry[Any]) -> None:
        things.register(HERE, self.thing("a", 1), at=NOON)

        def refuse(_: Registered[Any]) -> Registered[Any]:
            raise Invalid("not so")

        things.amend(HERE, "a", "1", lambda known: replace(known, tags={"by": "us"}))
        with pytest.raises(Invalid, match="not so"):
            things.amend(HERE, "a", "1", refuse)

        assert things.versions(HERE, "a") == ["1"]
        assert things.get(HERE, "a").tags == {"by": "us"}

    def test_all_versions_of_a_name_are_had_at_once(self, things: Registry[Any]) -> None:
        for content in range(3):
            things.register(HERE, self.thing("a", content), at=NOON)

        assert {one.version for one in things.all_of(HERE, "a")} == {"1", "2", "3"}
        assert things.all_of(HERE, "b") == []
        with pytest.raises(Invalid, match="cannot be the name"):
            things.all_of(HERE, "../a")

    def test_what_is_archived_is_listed_no_more_and_still_had(self, things: Registry[Any]) -> None:
        for content in (1, 2):
            things.register(HERE, self.thing("a", content), at=NOON)

        things.archive(HERE, "a", "2")
        assert [one.version for one in things.newest(HERE)] == ["1"]
        assert things.get(HERE, "a").version == "1"
        assert things.get(HERE, "a", "2").is_archived
        things.archive(HERE, "a")

        assert list(things.newest(HERE)) == []
        assert [one.version for one in things.newest(HERE, with_archived=True)] == ["2"]
        assert not things.register(HERE, self.thing("a", 1), at=NOON).is_archived
        assert [one.version for one in things.newest(HERE)] == ["1"]

    def test_what_is_deleted_is_gone_a_version_or_all(
        self, things: Registry[Any], noun: Noun[Any]
    ) -> None:
        for content in (1, 2, 3):
            things.register(HERE, self.thing("a", content), at=NOON)

        assert things.delete(HERE, "a", "2") == ["2"]
        assert things.versions(HERE, "a") == ["3", "1"]
        assert things.delete(HERE, "a") == ["3", "1"]

        assert things.names(HERE) == []
        with pytest.raises(NotFound):
            things.delete(HERE, "a")
        again = things.register(HERE, self.thing("a", 4), at=NOON)
        assert again.version == ("4" if noun.counts_on else "1")
        assert things.delete(HERE, "a", again.version) == [again.version]

    def test_all_are_listed_the_newest_first(self, things: Registry[Any]) -> None:
        for number, name in enumerate("abca"):
            at = f"2026-01-0{number + 1}T12:00:00Z"
            things.register(HERE, self.thing(name, number), at=at)

        def listed() -> list[tuple[str, str]]:
            return [(one.name, one.version) for one in things.every(HERE)]

        assert listed() == [("a", "2"), ("c", "1"), ("b", "1"), ("a", "1")]
        things.delete(HERE, "c")
        things.tag(HERE, "b", "1", {"x": "y"})
        assert listed() == [("a", "2"), ("b", "1"), ("a", "1")]
        assert [one.tags for one in things.every(HERE)] == [{}, {"x": "y"}, {}]

    def test_of_many_versions_those_that_changed_are_read_again(
        self, things: Registry[Any], root: Root, noun: Noun[Any], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        folder = root.workspaces / HERE / noun.folder / "a"
        for content in range(50):
            made = things.register(HERE, self.thing("a", content), at=NOON)
            # As if it had been some time ago: a change of just now may not be the last of its tick.
            os.utime(folder / f"{made.version}.json", (1_000_000, 1_000_000))
        assert len(things.all_of(HERE, "a")) == 50
        reads = list[str]()

        def counted(path: str, *given: Any, **named: Any) -> Any:
            reads.append(os.path.basename(path))
            return open(path, *given, **named)

        monkeypatch.setattr("jupyter_aml.engine.shelf.open", counted, raising=False)
        Registry(root, noun).tag(HERE, "a", "7", {"x": "y"})
        reads.clear()

        assert things.get(HERE, "a", "7").tags == {"x": "y"}
        assert set(reads) == {"7.json"}

    def test_what_is_used_is_not_deleted(self, root: Root, noun: Noun[Any]) -> None:
        def uses(_: WorkspaceName, name: str, versions: Sequence[str]) -> Sequence[str]:
            return [f"run {name}_{each}" for each in versions if each == "2"]

        things: Registry[Any] = Registry(root, Noun(noun.word, noun.folder, noun.from_json, uses))
        for content in (1, 2):
            things.register(HERE, self.thing("a", content), at=NOON)

        for version, named in ((None, "a"), ("2", "a:2")):
            said = f"{noun.word} '{named}' cannot be deleted: it is used by run a_2"
            with pytest.raises(IllegalMove, match=said):
                things.delete(HERE, "a", version)

        assert things.versions(HERE, "a") == ["2", "1"]
        assert things.delete(HERE, "a", "1") == ["1"]

    def test_a_change_by_another_process_is_seen(self, root: Root, noun: Noun[Any]) -> None:
        ours: Registry[Any] = Registry(root, noun)
        theirs: Registry[Any] = Registry(root, noun)
        ours.register(HERE, self.thing("a", 1), at=NOON)
        assert ours.get(HERE, "a").version == "1"

        theirs.register(HERE, self.thing("a", 2), at=NOON)
        theirs.tag(HERE, "a", "1", {"by": "them"})

        assert ours.get(HERE, "a").version == "2"
        assert ours.get(HERE, "a", "1").tags == {"by": "them"}

    def test_a_file_that_is_none_of_ours_is_passed_over_and_never_written_over(
        self, things: Registry[Any], root: Root, noun: Noun[Any]
    ) -> None:
        things.register(HERE, self.thing("a", 1), at=NOON)
        folder = root.workspaces / HERE / noun.folder / "a"
        (folder / "2.json").write_text("{")
        (folder / "notes.txt").write_text("mine")

        assert things.get(HERE, "a").version == "1"
        assert things.register(HERE, self.thing("a", 2), at=NOON).version == "3"
        assert (folder / "2.json").read_text() == "{"

    @pytest.mark.parametrize("links", [True, False])
    def test_processes_that_register_at_once_have_a_version_for_each_definition(
        self, root: Root, noun: Noun[Any], links: bool, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        if not links:
            monkeypatch.setattr(os, "link", _refuse)
        fork = multiprocessing.get_context("fork")
        gate, answers = fork.Barrier(8), fork.SimpleQueue()

        def register(who: int) -> None:
            things: Registry[Any] = Registry(root, noun)
            gate.wait()
            for content in range(6):
                # Of four each registers the same, at the same time.
                made = things.register(HERE, self.thing("a", content * 2 + who % 2), at=NOON)
                answers.put((content * 2 + who % 2, made.version))

        started = [fork.Process(target=register, args=(who,)) for who in range(8)]
        for each in started:
            each.start()
        told = [answers.get() for _ in range(48)]
        for each in started:
            each.join()

        things: Registry[Any] = Registry(root, noun)
        kept: dict[str, Registered[Any]] = {
            version: things.get(HERE, "a", version) for version in things.versions(HERE, "a")
        }
        assert all(
            kept[version].definition.same_as(self.thing("a", content)) for content, version in told
        )
        assert {int(version) for version in kept} == set(range(1, len(kept) + 1))
        assert len(kept) == 12
        folder = root.workspaces / HERE / noun.folder / "a"
        assert all(name.endswith(".json") and name[0] != "." for name in os.listdir(folder))

    def test_thousands_are_listed_without_being_read_again(
        self, things: Registry[Any], root: Root, noun: Noun[Any]
    ) -> None:
        folder = root.workspaces / HERE / noun.folder
        for number in range(300):
            things.register(HERE, self.thing(f"n{number:03}", 1), at=NOON)
            # As if it had been some time ago: a change of just now may not be the last of its tick.
            os.utime(folder / f"n{number:03}", (1_000_000, 1_000_000))
        first = list(things.newest(HERE))

        again = list(things.newest(HERE))

        assert [one.name for one in again] == [f"n{number:03}" for number in range(300)]
        assert all(one is other for one, other in zip(first, again, strict=True))

    def test_what_is_known_is_read_again_after_any_change(
        self, things: Registry[Any], root: Root, noun: Noun[Any]
    ) -> None:
        others: Registry[Any] = Registry(root, noun)
        folder = root.workspaces / HERE / noun.folder / "a"
        things.register(HERE, self.thing("a", 1), at=NOON)
        changes: list[Callable[[], object]] = [
            lambda: others.register(HERE, self.thing("a", 2), at=NOON),
            lambda: others.tag(HERE, "a", "2", {"by": "them"}),
            lambda: others.archive(HERE, "a", "2"),
            lambda: others.delete(HERE, "a", "1"),
        ]

        for number, change in enumerate(changes):
            os.utime(folder, (1_000_000 + number, 1_000_000 + number))
            before = things.get(HERE, "a")
            assert things.get(HERE, "a") is before
            change()
            assert _facts(things.get(HERE, "a")) == _facts(others.get(HERE, "a"))


def _facts(one: Registered[Any]) -> tuple[Any, ...]:
    return one.version, one.definition.to_json(), one.tags, one.is_archived


def _refuse(*_: Any, **__: Any) -> Iterator[None]:
    raise PermissionError(1, "no links here")
