"""The command line: what it answers, and with which exit code."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser, Namespace
from types import ModuleType

import pytest

from jupyter_aml import __version__, cli
from jupyter_aml.domain.errors import Refused, Unreachable


@pytest.fixture
def verb(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A verb `probe` that keeps what it was given."""
    module = ModuleType("jupyter_aml.cli.probe")

    def arguments(parser: ArgumentParser) -> None:
        parser.add_argument("--loud", action="store_true")

    def run(args: Namespace) -> int:
        module.args = args
        return 7

    module.arguments, module.run = arguments, run
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setattr(cli, "VERBS", {"probe": "keep what is given"})
    monkeypatch.setenv("AML_ROOT", "/before")
    return module


def test_a_verb_gets_its_options_and_gives_the_exit_code(verb: ModuleType) -> None:
    code = cli.main(["probe", "--loud"])

    assert code == 7
    assert verb.args.loud


def test_the_root_is_made_absolute_and_reaches_the_environment(
    verb: ModuleType, tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    cli.main(["--root", "here", "probe"])

    assert verb.args.root == os.environ["AML_ROOT"] == str(tmp_path / "here")


def test_what_the_user_can_cure_is_one_line(
    verb: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(args: Namespace) -> int:
        raise Refused("not yours")

    verb.run = run

    assert cli.main(["probe"]) == 1
    assert capsys.readouterr().err == "jupyter aml: not yours\n"


def test_an_engine_that_is_out_of_reach_has_an_exit_code_of_its_own(verb: ModuleType) -> None:
    def run(args: Namespace) -> int:
        raise Unreachable("nobody answers")

    verb.run = run

    assert cli.main(["probe"]) == 5


def test_an_interrupt_is_not_a_traceback(verb: ModuleType) -> None:
    def run(args: Namespace) -> int:
        raise KeyboardInterrupt

    verb.run = run

    assert cli.main(["probe"]) == 130


@pytest.mark.parametrize("line", [[], ["fly"], ["probe", "--quiet"]])
def test_a_line_that_is_not_understood_exits_with_2(verb: ModuleType, line: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(line)

    assert ended.value.code == 2


def test_the_version_is_told_without_importing_a_verb(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["--version"])

    assert capsys.readouterr().out == f"{__version__}\n"


def test_every_verb_can_be_imported_and_explains_itself() -> None:
    for name in cli.VERBS:
        with pytest.raises(SystemExit) as ended:
            cli.main([name, "--help"])

        assert ended.value.code == 0
