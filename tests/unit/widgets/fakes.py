"""A run whose client answers from memory."""

from __future__ import annotations

from types import SimpleNamespace

from jupyter_aml.domain.errors import NotFound
from jupyter_aml.testing.wires import a_wire_run

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 10


class FakeRuns:
    """What a server would say of one run."""

    def __init__(self, run, *, series=None, values=None, log=None, files=None):
        self.answer = run
        self.series, self.values = series or {}, values or {}
        self.console, self.contents = log, files or {}
        self.problem = None
        self.asked = []

    def _hear(self, what):
        self.asked.append(what)
        if self.problem is not None:
            raise self.problem

    def get(self, run_id):
        self._hear("get")
        return self.answer

    def metrics(self, run_id, *, points=1000, names=()):
        self._hear("metrics")
        self.points = points
        return {"runId": run_id, "series": self.series, "values": self.values, "cursor": 0}

    def log(self, run_id, name, *, offset=0, limit=65536, tail=None):
        self._hear("log")
        if self.console is None:
            raise NotFound("there is no log yet")
        start = max(0, len(self.console) - tail) if tail else offset
        return SimpleNamespace(data=self.console[start:], offset=start, size=len(self.console))

    def files(self, run_id, *, most):
        self._hear("files")
        listed = [
            {"name": name, "size": len(data), "modified": 0.0}
            for name, data in self.contents.items()
        ]
        return {"runId": run_id, "files": listed[:most], "total": len(listed), "next": None}

    def file(self, run_id, name):
        self._hear(name)
        return self.contents[name]


class FakeRun:
    """The little of the SDK's run that a view asks."""

    def __init__(self, seen=None, **client):
        self.runs = FakeRuns(seen or a_wire_run(), **client)
        self.client = SimpleNamespace(runs=self.runs)
        self.id = self.runs.answer["runId"]
        self.canceled = 0

    def look(self):
        return self.runs.get(self.id)

    def cancel(self):
        self.canceled += 1
