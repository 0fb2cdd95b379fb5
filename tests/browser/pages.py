"""What a user sees and does on a page, in the user's words."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, Request, expect

from jupyter_aml.testing.jupyter import until
from jupyter_aml.wire.stored import RUN_MIME
from tests.conftest import Lab

START_LIMIT = 60_000
LIMIT = 30_000
LOAD = "%load_ext jupyter_aml"
_KERNEL = "window.jupyterapp?.shell?.currentWidget?.sessionContext?.session?.kernel"
# Notebook 7.6 says the first with no extension at all; Lab the second, where a kernel ends.
# A message that comes while the page leaves its kernel is JupyterLab's to forget.
# A kernel that died with its server is asked once more by Lab.
_NOT_OURS = (
    "reading 'schema'", "Canceled future for ", "(reading 'protocol')", "Kernel is dead\nError",
)  # fmt: skip


def training(name: str, gate: Gate, *, experiment: str = "trial", options: str = "") -> str:
    """A cell that says a line, logs a falling loss until its gate opens, and says another line."""
    return f"""\
%%aml submit {experiment} -n {name} -p gate={gate.path} --timeout 3m {options}
import os, time
from azureml.core import Run
run = Run.get_context()
print("first line")
step = 0
while not os.path.exists(gate):
    run.log("loss", 1 / (1 + step))
    step += 1
    time.sleep(0.05)
print("last line")
"""


class Gate:
    """A file that a run waits for, so that a test decides when the run goes on."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "gate"

    def open(self) -> None:
        """Let the run go on to its end."""
        self.path.touch()


@dataclass(frozen=True, slots=True)
class Card:
    """The card of one run, wherever it is shown."""

    node: Locator

    def is_in(self, status: str) -> None:
        """Wait until the card shows this state."""
        expect(self.node).to_have_attribute("data-status", status)

    def says(self, text: str) -> None:
        """Wait until this text can be read somewhere on the card."""
        expect(self.node).to_contain_text(text)

    def chart(self, name: str) -> Locator:
        """The figure of one curve."""
        return self.node.get_by_role("figure", name=re.compile(rf"^{re.escape(name)}: "))

    def points(self, name: str) -> int:
        """How many points the curve has, once it is there."""
        chart = self.chart(name)
        expect(chart).to_be_attached()
        found = re.search(r": (\d+) points", chart.get_attribute("aria-label") or "")
        assert found is not None
        return int(found[1])

    def is_live(self, name: str = "loss") -> None:
        """Wait until the curve has grown by what can only have come just now."""
        before = self.points(name)
        _until_script(
            self.chart(name), "(node, n) => parseInt(node.ariaLabel.split(': ')[1]) > n", before + 2
        )

    def moves(self, name: str = "loss") -> None:
        """Wait until the picture of the curve is another one than now."""
        canvas = self.chart(name).locator("canvas")
        expect(canvas).to_be_visible()
        _until_script(canvas, "(node, was) => node.toDataURL() !== was", picture(canvas))

    def tab(self, name: str) -> Locator:
        """Choose a part of the run, and return its pane."""
        self.node.get_by_role("tab", name=re.compile(rf"^{name}")).click()
        return self.node.get_by_role("tabpanel")

    def cancel(self) -> None:
        """Click the button that cancels the run."""
        self.node.get_by_role("button", name="Cancel run").click()


def offences(node: Locator) -> list[str]:
    """What axe finds fault with in this part of the page: rule, and the element."""
    node.evaluate("node => node.setAttribute('data-axe', '')")
    options = {"resultTypes": ["violations"]}
    found = Axe().run(node.page, context="[data-axe]", options=options).response["violations"]
    node.evaluate("node => node.removeAttribute('data-axe')")
    return [
        f"{rule['id']}: {one['html'][:200]} {one['failureSummary']}"
        for rule in found
        for one in rule["nodes"]
    ]


def picture(canvas: Locator) -> str:
    """What is drawn on a canvas."""
    return str(canvas.evaluate("node => node.toDataURL()"))


@dataclass(slots=True)
class NotebookPage:
    """A notebook that is open in JupyterLab or Notebook 7, and the page around it."""

    page: Page
    lab: Lab
    workspace: str
    file: Path
    address: str
    watch: Watch

    def load(self) -> NotebookPage:
        """Go to the notebook's address, as far as that the application is there.

        Its notebook and the kernel may take a while longer.
        """
        self.page.goto(self.address)
        self.page.wait_for_function("() => window.jupyterapp?.serviceManager", timeout=START_LIMIT)
        return self

    def run_all(self) -> None:
        """Run all cells as soon as the kernel is there, and do not wait for them."""
        self.kernel_is("idle")
        self.command("notebook:run-all-cells")

    def command(self, name: str, arguments: dict[str, Any] | None = None) -> None:
        """Start a command of the application, and do not wait for its end."""
        # In braces: a promise that was returned would be waited for.
        script = "([name, args]) => { window.jupyterapp.commands.execute(name, args); }"
        self.page.evaluate(script, [name, arguments or {}])

    def card(self, name: str) -> Card:
        """The card of the run with this name in an output of the notebook."""
        cards = self.page.locator(".jp-Notebook").get_by_role("article", name=name, exact=True)
        expect(cards).to_be_attached()
        cards.scroll_into_view_if_needed()
        return Card(cards)

    def run_page(self, name: str) -> Card:
        """The card of the run in a page of its own."""
        return Card(self.page.locator(".jp-aml-RunPage").get_by_role("article", name=name))

    def save(self) -> dict[str, Any]:
        """Save the notebook, and return the one output with a run that the file then holds."""
        self.page.evaluate("() => window.jupyterapp.shell.currentWidget.context.save()")
        return self.stored()

    def stored(self) -> dict[str, Any]:
        """The data of the one output with a run that the file holds."""
        cells = json.loads(self.file.read_bytes())["cells"]
        outputs = [output for cell in cells for output in cell.get("outputs", [])]
        [data] = [out["data"] for out in outputs if RUN_MIME in out.get("data", {})]
        return {**data, "text/html": "".join(data["text/html"])}

    def is_dirty(self) -> bool:
        """Whether there is something to save."""
        script = "() => window.jupyterapp.shell.currentWidget.context.model.dirty"
        return bool(self.page.evaluate(script))

    def html(self) -> str:
        """The static form of the one run that the page holds, as the kernel made it."""
        script = """mime => [...window.jupyterapp.shell.currentWidget.content.model.cells]
            .flatMap(cell => cell.outputs?.toJSON() ?? [])
            .find(output => output.data?.[mime]).data['text/html']"""
        return "".join(self.page.evaluate(script, RUN_MIME))

    def kernel_is(self, status: str) -> None:
        """Wait until the kernel is idle, busy, ..."""
        self.page.wait_for_function(
            f"status => {_KERNEL}?.status === status", arg=status, timeout=START_LIMIT
        )

    def restart_kernel(self) -> None:
        """Restart the kernel, and wait until it is back."""
        self.kernel_is("idle")
        self.page.evaluate(f"() => {_KERNEL}.restart()")
        self.kernel_is("idle")

    def end_kernel(self) -> None:
        """End the kernel, so that the notebook has none."""
        self.page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.shutdown()")
        self.page.wait_for_function(f"() => !{_KERNEL}")

    def layout_is_kept(self, *words: str) -> None:
        """Wait until the server has the layout of the page, with these words in it."""

        def is_kept() -> bool:
            layout = json.dumps(self.lab.server.get(f"lab/api/workspaces/{self.workspace}"))
            return all(word in layout for word in words)

        until(is_kept, seconds=LIMIT / 1000, what=f"a layout with {words}")


@dataclass(frozen=True, slots=True)
class Sidebar:
    """The sidebar, and in it the runs of the workspace."""

    page: Page

    @property
    def node(self) -> Locator:
        """The panel itself."""
        return self.page.get_by_role("region", name="AML", exact=True)

    @property
    def list(self) -> Locator:
        """The list of runs, which takes the keys."""
        return self.node.get_by_role("tree", name="Runs")

    @property
    def filter(self) -> Locator:
        """The box for words that runs must have."""
        return self.node.get_by_role("searchbox", name="Filter the runs")

    @property
    def rows(self) -> Locator:
        """The rows of runs, without the heads of their groups."""
        return self.node.locator(".jp-aml-RunItem")

    def show(self) -> Sidebar:
        """Click the panel's icon."""
        self.page.locator(".jp-SideBar").get_by_role("tab", name="AML", exact=True).click()
        expect(self.node).to_be_visible()
        return self

    def tab(self, noun: str) -> Locator:
        """The tab of a noun, whatever goes on of it."""
        return self.node.get_by_role("tab", name=re.compile(rf"^{noun}(:|$)"))

    def turn(self, noun: str) -> Locator:
        """Choose the tab of a noun, and return what fills the panel then."""
        self.tab(noun).click()
        pane = self.node.get_by_role("tabpanel", name=re.compile(rf"^{noun}(:|$)"))
        expect(pane).to_be_visible()
        return pane

    def row(self, name: str) -> Locator:
        """The row of the run with this name."""
        return self.rows.filter(has=self.page.get_by_text(name, exact=True))

    def choose(self, name: str, item: str) -> None:
        """Choose an item of the context menu of a run."""
        self.row(name).click(button="right")
        self.page.get_by_role("menuitem", name=item).click()


def drag_to_the_notebook(notebook: NotebookPage, row: Locator) -> Locator:
    """Drag a row below the last cell, and return the cell that comes of it."""
    cells = notebook.page.locator(".jp-Notebook .jp-Cell")
    before = cells.count()
    start = row.bounding_box()
    end = cells.last.bounding_box()
    assert start is not None
    assert end is not None
    mouse = notebook.page.mouse
    mouse.move(start["x"] + 60, start["y"] + 8)
    mouse.down()
    mouse.move(start["x"] + 90, start["y"] + 30, steps=4)
    mouse.move(end["x"] + 80, end["y"] + 10, steps=8)
    mouse.up()
    expect(cells).to_have_count(before + 1)
    return cells.filter(has_text="Workspace.get").first


@dataclass(frozen=True, slots=True)
class Environments:
    """The environments and the kernels in the sidebar, and what they open."""

    page: Page

    @property
    def section(self) -> Locator:
        """The environments of the sidebar."""
        return self.page.locator("#jupyter-aml-sidebar-environments")

    @property
    def kernels(self) -> Locator:
        """The kernels below the compute targets."""
        return self.page.get_by_role("region", name="Kernels", exact=True)

    @property
    def dialog(self) -> Locator:
        """The dialog that asks something."""
        return self.page.locator(".jp-Dialog")

    @property
    def list(self) -> Locator:
        """The list of one's own environments, which takes the keys."""
        return self.section.get_by_role("listbox", name="Environments", exact=True)

    @property
    def curated(self) -> Locator:
        """The list of the environments that come with the server."""
        return self.section.get_by_role("listbox", name="Curated environments")

    def show(self) -> Environments:
        """Show the environments in the sidebar, and wait until they are there."""
        Sidebar(self.page).show().turn("Environments")
        expect(self.section.get_by_role("region", name="Curated")).to_be_visible()
        return self

    def show_kernels(self) -> Environments:
        """Show the kernels in the sidebar."""
        Sidebar(self.page).turn("Compute")
        return self

    def show_curated(self) -> Environments:
        """Unfold the environments that come with the server."""
        self.section.get_by_role("button", name="Curated").click()
        return self

    def row(self, name: str) -> Locator:
        """The row of an environment."""
        return self.section.locator(f'[data-id="{name}"]')

    def kernel(self, name: str) -> Locator:
        """The row of a kernel with this notebook, or of a kernelspec with this name."""
        return self.kernels.get_by_role("option").filter(
            has=self.page.get_by_text(name, exact=True)
        )

    def choose(self, name: str, item: str) -> None:
        """Choose an item of the context menu of an environment."""
        self.row(name).click(button="right")
        self.page.get_by_role("menuitem", name=item).click()

    def new(self) -> Writer:
        """Begin a new environment."""
        self.section.get_by_role("button", name="New environment").first.click()
        return Writer(self.page.get_by_role("article", name="New environment"))

    def details(self, name: str) -> Locator:
        """The page of an environment."""
        return self.page.get_by_role("article", name=f"Environment {name}", exact=True)


@dataclass(frozen=True, slots=True)
class Writer:
    """The page on which an environment is written."""

    node: Locator

    @property
    def name(self) -> Locator:
        """The field for its name."""
        return self.node.get_by_role("textbox", name="Name", exact=True)

    @property
    def yaml(self) -> Locator:
        """The editor of the YAML, which is in a tab of its own."""
        return self.node.locator(".cm-content")

    @property
    def mistakes(self) -> Locator:
        """What the check has found."""
        return self.node.get_by_role("alert")

    def tab(self, name: str) -> None:
        """Go to the form or to the YAML."""
        self.node.get_by_role("tab", name=name).click()

    def add(self, field: str, package: str) -> None:
        """Type a package into one of the fields of the form."""
        box = self.node.get_by_role("textbox", name=f"Add to {field}")
        box.fill(package)
        box.press("Enter")

    def write(self, text: str) -> None:
        """Replace the YAML by what is typed."""
        self.yaml.fill(text)

    def press(self, button: str) -> None:
        """Press a button at the bottom."""
        self.node.get_by_role("button", name=button, exact=True).click()


class Watch:
    """What a page did behind the user's back: where it sent requests, what went wrong in it."""

    def __init__(self, page: Page, own: str) -> None:
        self._own = urlsplit(own).netloc
        self.addresses: list[str] = []
        self.writes: list[str] = []
        self.errors: list[str] = []
        self.sockets: list[str] = []
        page.on("request", self._note)
        page.on("websocket", lambda socket: self.sockets.append(socket.url))
        page.on("pageerror", lambda error: self.errors.append(f"{error}\n{error.stack}"))

    def _note(self, request: Request) -> None:
        self.addresses.append(request.url)
        if "/aml/" in request.url and request.method != "GET":
            self.writes.append(f"{request.method} {request.url}")

    @property
    def strangers(self) -> set[str]:
        """What was asked of anybody but the server."""
        return {one for one in (*self.addresses, *self.sockets) if not self._is_own(one)}

    @property
    def faults(self) -> list[str]:
        """The errors of the page that nobody caught."""
        return [one for one in self.errors if not any(words in one for words in _NOT_OURS)]

    @property
    def event_sockets(self) -> list[str]:
        """The sockets to our part of the server."""
        return [one for one in self.sockets if "/aml/events" in one]

    def _is_own(self, address: str) -> bool:
        url = urlsplit(address)
        return url.scheme in ("data", "blob") or url.netloc == self._own


def _until_script(node: Locator, script: str, given: Any) -> None:
    """Wait until the script is true of the node."""
    handle = node.element_handle()
    node.page.wait_for_function(
        f"([node, given]) => ({script})(node, given)", arg=[handle, given], timeout=LIMIT
    )
