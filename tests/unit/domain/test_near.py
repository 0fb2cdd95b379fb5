"""What somebody may have meant."""

from __future__ import annotations

from jupyter_aml.domain.near import did_you_mean, near


def test_the_nearest_names_come_first_and_no_more_than_wanted() -> None:
    assert near("trian", ["test", "train", "trains"], 2) == ["train", "trains"]
    assert near("trian", ["test", "train", "trains"]) == ["train"]
    assert near("xyz", ["test"]) == []


def test_capitals_are_no_difference() -> None:
    assert near("LOSS", ["loss", "accuracy"]) == ["loss"]
    assert near("loss", ["LOSS", "Loss"], 2) == ["Loss", "LOSS"]


def test_what_is_there_is_told_where_nothing_is_near() -> None:
    assert did_you_mean("trian", ["train"]) == "; did you mean 'train'?"
    assert did_you_mean("x", ["train", "test"]) == "; there is: train, test"
    assert did_you_mean("x", []) == ""
    assert did_you_mean("x", map(str, range(100, 125))).endswith(", 119 and 5 more")
