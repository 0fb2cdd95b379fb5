"""A server extension that forgot to authenticate: Jupyter must name it, so that silence tells."""

from __future__ import annotations

from typing import Any

from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.utils import url_path_join


class CarelessHandler(JupyterHandler):
    """Answers anybody."""

    def get(self) -> None:
        self.finish("{}")


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "tests.attacks.careless"}]


def _load_jupyter_server_extension(server: Any) -> None:
    path = url_path_join(server.base_url, "careless")
    server.web_app.add_handlers(".*$", [(path, CarelessHandler)])
