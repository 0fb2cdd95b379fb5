"""What a datastore is, and which paths lie on it."""

from __future__ import annotations

import pytest

from jupyter_aml.domain import datastore
from jupyter_aml.domain.errors import Invalid

A_STORE = {"name": "x", "kind": "AzureBlob", "url": None, "options": {"account_name": "a"}}


def test_a_definition_comes_back_as_it_went():
    assert datastore.read(A_STORE).to_json() == A_STORE


def test_versions_of_the_same_are_the_same():
    one = datastore.read(A_STORE)

    assert one.with_version("1").same_as(one.with_version("2"))
    assert not one.same_as(datastore.read({**A_STORE, "options": {}}))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"kind": "Cloud"}, "'Cloud' is no kind of datastore"),
        ({"kind": "Custom"}, "needs its address"),
        ({"url": "/data"}, "expected an address"),
        ({"options": [1]}, "options: expected an object"),
        ({"name": "a/b"}, "cannot be the name of a datastore"),
    ],
)
def test_what_is_wrong_is_named(change, told):
    with pytest.raises(Invalid, match=told):
        datastore.read({**A_STORE, **change})


@pytest.mark.parametrize("path", ["../x", "a/../../b", "a/..", "a\0b"])
def test_a_path_that_climbs_out_is_refused(path):
    with pytest.raises(Invalid, match="leads out"):
        datastore.inside(path)


@pytest.mark.parametrize(
    ("path", "meant"),
    [("/a//b/", "a/b"), ("./a", "a"), ("", ""), ("ä '\".csv", "ä '\".csv"), ("..a/b..", "..a/b..")],
)
def test_a_path_loses_what_says_nothing(path, meant):
    assert datastore.inside(path) == meant
