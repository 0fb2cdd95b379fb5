"""The nouns that are registered keep what a registry promises."""

from __future__ import annotations

import json
from typing import Any

import pytest

from jupyter_aml.domain import dataset, environment, model
from jupyter_aml.domain.model import Model, ModelFile
from jupyter_aml.engine.registry import Noun, Registry
from jupyter_aml.engine.root import Root
from jupyter_aml.testing.registry_contracts import HERE, RegistryContract


class TestDatasets(RegistryContract):
    @pytest.fixture
    def noun(self) -> Noun[Any]:
        return Noun("data set", "datasets", dataset.read, named=dataset.dataset_name)

    def thing(self, name: str, content: int) -> dataset.Dataset:
        source = {"datastore": "x", "path": f"{content}.csv"}
        steps = [{"do": "read", "form": "delimited"}]
        return dataset.read({"name": name, "kind": "tabular", "sources": [source], "steps": steps})


class TestEnvironments(RegistryContract):
    @pytest.fixture
    def noun(self) -> Noun[Any]:
        return Noun("environment", "environments", environment.read)

    def thing(self, name: str, content: int) -> environment.Definition:
        return environment.read({"name": name, "environmentVariables": {"N": str(content)}})

    def test_what_an_earlier_version_wrote_is_read(
        self, root: Root, things: Registry[environment.Definition]
    ) -> None:
        folder = root.workspaces / HERE / "environments" / "mine"
        folder.mkdir(parents=True)
        definition = {**self.thing("mine", 1).to_json(), "version": "1"}
        (folder / "1.json").write_text(
            json.dumps({"definition": definition, "createdAt": "2026-11-01T12:00:00.000000Z"})
        )

        known = things.get(HERE, "mine")

        assert (known.version, known.created_at) == ("1", "2026-11-01T12:00:00.000000Z")
        assert (known.tags, known.is_archived) == ({}, False)
        assert things.register(HERE, self.thing("mine", 1), at="later").version == "1"


class TestModels(RegistryContract):
    @pytest.fixture
    def noun(self) -> Noun[Any]:
        return Noun("model", "models", model.from_json, counts_on=True)

    def thing(self, name: str, content: int) -> Model:
        files = (ModelFile("model.pkl", 3, "0" * 64),)
        return Model(name=name, key=f"key-{content}", root="model.pkl", files=files)
