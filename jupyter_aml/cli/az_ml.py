"""The commands of `az ml` that there are: workspaces, folders, and scripts that are sent."""

from __future__ import annotations

import argparse
import json
import uuid
from pathlib import Path
from typing import Any, NoReturn

from jupyter_aml.cli import asking, codes
from jupyter_aml.domain import ids
from jupyter_aml.sdk.core import Experiment, ScriptRunConfig, Workspace
from jupyter_aml.sdk.core.conda_dependencies import CondaDependencies
from jupyter_aml.sdk.core.runconfig import RunConfiguration
from jupyter_aml.sdk.exceptions import ProjectSystemException, UserErrorException


def do(words: list[str]) -> int:
    """Do one command; raises UserErrorException for one that there is not."""
    args = _parser().parse_args(words)
    return int(args.do(args))


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UserErrorException(f"{self.prog}: {message}")


def _parser() -> _Parser:
    parser = _Parser(prog="az ml", description="What there is of `az ml`.")
    nouns = parser.add_subparsers(metavar="GROUP", required=True)
    workspace = nouns.add_parser("workspace").add_subparsers(metavar="COMMAND", required=True)
    create = _command(workspace, "create", _create)
    create.add_argument("-l", "--location", help="a label")
    create.add_argument("--friendly-name", help="a label")
    create.add_argument("--sku", help="a label")
    create.add_argument("--exist-ok", action="store_true", help="one that is there is fine")
    _command(workspace, "show", _show)
    _command(workspace, "list", _list)
    delete = _command(workspace, "delete", _delete)
    delete.add_argument("--all-resources", action="store_true", help="delete its runs as well")
    delete.add_argument("-y", "--yes", action="store_true", help="do not ask")
    folder = nouns.add_parser("folder").add_subparsers(metavar="COMMAND", required=True)
    attach = _command(folder, "attach", _attach)
    attach.add_argument("-e", "--experiment-name", help="default: the name of the folder")
    attach.add_argument("-p", "--path", default=".", help="the folder")
    run = nouns.add_parser("run").add_subparsers(metavar="COMMAND", required=True)
    _submit(_command(run, "submit-script", _sent))
    return parser


def _command(commands: Any, name: str, work: Any) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(name)
    parser.add_argument("-w", "--workspace-name", "-n", "--name", help="the workspace")
    parser.add_argument("-g", "--resource-group", default="", help="a label")
    parser.add_argument("--subscription-id", "--subscription", default="", help="a label")
    parser.add_argument("-o", "--output", choices=("json", "jsonc", "none"), default="json")
    parser.set_defaults(do=work)
    return parser


def _submit(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-e", "--experiment-name", help="default: that of the folder")
    parser.add_argument("-c", "--run-configuration-name", help="`.azureml/<name>.runconfig`")
    parser.add_argument("-d", "--conda-dependencies", help="a conda specification")
    parser.add_argument("--ct", "--target", dest="target", help="the compute target")
    parser.add_argument("--path", default=".", help="the folder of the script")
    parser.add_argument("-t", "--output-metadata-file", help="file that names the run")
    parser.add_argument("--async", dest="is_async", action="store_true", help="do not wait")
    parser.add_argument("script", help="the script, in the folder")
    parser.add_argument("words", nargs=argparse.REMAINDER, help="its arguments")


# ---- workspaces -----------------------------------------------------------------------------


def _create(args: argparse.Namespace) -> int:
    more = {"sku": args.sku} if args.sku else {}
    made = Workspace.create(
        _named(args),
        subscription_id=args.subscription_id,
        resource_group=args.resource_group,
        location=args.location,
        friendly_name=args.friendly_name,
        exist_ok=args.exist_ok,
        **more,
    )
    return _answer(args, made.get_details())


def _show(args: argparse.Namespace) -> int:
    return _answer(args, _workspace(args).get_details())


def _list(args: argparse.Namespace) -> int:
    every = [each for named in Workspace.list().values() for each in named]
    told = [
        {"workspaceName": each.name, "resourceGroup": each.resource_group}
        for each in every
        if args.resource_group in ("", each.resource_group)
    ]
    return _answer(args, told)


def _delete(args: argparse.Namespace) -> int:
    workspace = Workspace.get(_named(args))
    if not args.yes and not asking.confirm(f"Delete workspace {workspace.name}?"):
        asking.tell("nothing was deleted")
        return codes.FAULT
    workspace.delete(delete_dependent_resources=args.all_resources)
    return codes.DONE


def _named(args: argparse.Namespace) -> str:
    if not args.workspace_name:
        raise UserErrorException("name the workspace: -w NAME")
    return str(args.workspace_name)


def _workspace(args: argparse.Namespace, folder: str = ".") -> Workspace:
    """The workspace that is named, else that of the folder."""
    if args.workspace_name:
        return Workspace.get(args.workspace_name)
    return Workspace.from_config(folder)


# ---- folders and scripts --------------------------------------------------------------------


def _attach(args: argparse.Namespace) -> int:
    folder = Path(args.path).absolute()
    if not folder.is_dir():
        raise UserErrorException(f"there is no folder {args.path!r} to attach")
    workspace = _workspace(args, args.path)
    name = ids.experiment_name(args.experiment_name or folder.name)
    workspace.write_config(folder)
    scope = workspace.get_details()["id"]
    told = {"Id": str(uuid.uuid4()), "Scope": f"{scope}/projects/{name}"}
    (folder / ".azureml" / "project.json").write_text(json.dumps(told, indent=4), encoding="utf-8")
    return _answer(args, {
        "Experiment name": name,
        "Project path": str(folder),
        "Resource group": workspace.resource_group,
        "Subscription id": workspace.subscription_id,
        "Workspace name": workspace.name,
    })  # fmt: skip


def _sent(args: argparse.Namespace) -> int:
    run_config = RunConfiguration()
    if args.run_configuration_name:
        run_config = RunConfiguration.load(args.path, args.run_configuration_name)
    if args.conda_dependencies:
        packages = CondaDependencies(Path(args.path, args.conda_dependencies))
        run_config.environment.python.conda_dependencies = packages
    if args.target:
        run_config.target = args.target
    config = ScriptRunConfig(args.path, args.script, args.words, run_config=run_config)
    run = _experiment(args).submit(config)
    if args.output_metadata_file:
        told = {"runId": run.id, "experimentName": run.experiment.name}
        Path(args.output_metadata_file).write_text(json.dumps(told, indent=4), encoding="utf-8")
    if args.is_async:
        return _answer(args, run.get_details())
    run.wait_for_completion(show_output=args.output != "none", raise_on_error=False)
    return codes.DONE if run.status == "Completed" else codes.FAULT


def _experiment(args: argparse.Namespace) -> Experiment:
    """The experiment that is named, else that of the folder, else one of the folder's name."""
    if args.experiment_name is None and args.workspace_name is None:
        try:
            return Experiment.from_directory(args.path)
        except ProjectSystemException:
            pass  # It was never attached.
    name = args.experiment_name or Path(args.path).absolute().name
    return Experiment(_workspace(args, args.path), name)


def _answer(args: argparse.Namespace, told: Any) -> int:
    if args.output != "none":
        print(json.dumps(told, indent=2, ensure_ascii=False))
    return codes.DONE
