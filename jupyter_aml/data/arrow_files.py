"""Files of any store as pyarrow opens them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jupyter_aml.data.listing import DataFile


def handler(found: Sequence[DataFile]) -> Any:
    """A file system, for `pyarrow.fs.PyFileSystem`, in which these files lie by their names."""
    import pyarrow as pa
    import pyarrow.fs as pafs

    by_name = {each.shown: each for each in found}

    class Files(pafs.FileSystemHandler):  # type: ignore[misc]
        """Reads what is there; nothing can be changed."""

        def __init__(self) -> None:
            self.opened: list[Any] = []

        def close(self) -> None:
            """Close what pyarrow opened and leaves open."""
            while self.opened:
                self.opened.pop().close()

        def _open(self, path: str) -> Any:
            self.opened.append(by_name[path].open())
            return pa.PythonFile(self.opened[-1], mode="r")

        def get_type_name(self) -> str:
            return "aml"

        def get_file_info(self, paths: list[str]) -> list[Any]:
            return [
                pafs.FileInfo(path, pafs.FileType.File, size=by_name[path].size)
                if path in by_name
                else pafs.FileInfo(path, pafs.FileType.NotFound)
                for path in paths
            ]

        def get_file_info_selector(self, selector: Any) -> list[Any]:
            return []

        def open_input_stream(self, path: str) -> Any:
            return self._open(path)

        def open_input_file(self, path: str) -> Any:
            return self._open(path)

        def normalize_path(self, path: str) -> str:
            return path

        def _refused(self, *args: Any, **kwargs: Any) -> Any:
            raise NotImplementedError("these files are read only")

        create_dir = delete_dir = delete_dir_contents = delete_root_dir_contents = _refused
        delete_file = move = copy_file = open_output_stream = open_append_stream = _refused

    return Files()
