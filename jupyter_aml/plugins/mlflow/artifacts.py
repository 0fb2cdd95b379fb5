"""The files of a run as MLflow's artifacts: both have the same names."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from mlflow.entities import FileInfo
from mlflow.store.artifact.artifact_repo import ArtifactRepository

from jupyter_aml.domain import tracking
from jupyter_aml.plugins.mlflow.refusals import absent, invalid, refusing
from jupyter_aml.plugins.mlflow.runs import runs_in
from jupyter_aml.runfolder.names import shown


class RunFiles(ArtifactRepository):  # type: ignore[misc]  # MLflow's classes have no types.
    """The files of one run, or those below one of its folders."""

    def __init__(self, artifact_uri: str) -> None:
        super().__init__(artifact_uri)
        with refusing():
            place = tracking.file_place(artifact_uri)
        self._run_id, self._path = place.run_id, place.path
        self._runs = runs_in(place.workspace)

    def log_artifact(self, local_file: str, artifact_path: str | None = None) -> None:
        """Keep a file with the run."""
        with refusing():
            name = self._name(artifact_path, shown(os.path.basename(local_file)))
            self._run().upload_file(name, local_file)

    def log_artifacts(self, local_dir: str, artifact_path: str | None = None) -> None:
        """Keep all files below a folder with the run."""
        with refusing():
            run, base = self._run(), Path(local_dir)
            if not base.is_dir():
                raise invalid(f"there is no folder {local_dir!r} to log")
            for file in sorted(base.rglob("*")):
                if file.is_file():
                    below = shown(file.relative_to(base).as_posix())
                    run.upload_file(self._name(artifact_path, below), file)

    def list_artifacts(self, path: str | None = None) -> list[Any]:
        """The files and folders right below a folder; nothing for a file, as MLflow has it."""
        with refusing():
            folder = self._name(path)
            below = f"{folder}/" if folder else ""
            sizes = {
                name: size
                for name, size in self._sizes()
                if name.startswith(below) and name != folder
            }
            # What is listed is named from the place that this repository stands for.
            start = len(f"{self._path}/") if self._path else 0
            found: dict[str, FileInfo] = {}
            for name, size in sizes.items():
                head, is_folder, _ = name[len(below) :].partition("/")
                place = f"{below}{head}"[start:]
                found[place] = FileInfo(place, bool(is_folder), None if is_folder else size)
            return [found[place] for place in sorted(found)]

    def _download_file(self, remote_file_path: str, local_path: str) -> None:
        with refusing():
            self._run().download_file(self._name(remote_file_path), local_path)

    def delete_artifacts(self, artifact_path: str | None = None) -> None:
        """Refused: what a run has left stays until the run is deleted."""
        raise invalid(f"files of run {self._run_id} are not deleted one by one; delete the run")

    def _run(self) -> Any:
        return self._runs.of(self._run_id)

    def _sizes(self) -> list[tuple[str, int]]:
        run = self._run()
        if run._here is not None:
            return [(name, facts.st_size) for name, facts in run._here.names()]
        listed = run.client.runs.files(run.id)["files"]
        return [(file["name"], file["size"]) for file in listed]

    def _name(self, *parts: str | None) -> str:
        words = [part.strip("/") for part in (self._path, *parts) if part]
        name = "/".join(word for word in words if word and word != ".")
        if ".." in name.split("/"):
            raise absent(f"{name!r} leads out of run {self._run_id}")
        return name
