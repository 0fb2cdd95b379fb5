"""Compute targets in the sidebar, on their pages, and the form that makes them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Photograph, Visit
from tests.browser.pages import Gate, NotebookPage, Sidebar, drag_to_the_notebook, offences
from tests.conftest import Lab, a_lab
from tests.integration.test_target_plugins import plug_in

SHELF = '''
"""A kind of targets whose nodes stand on a shelf, to try the forms with."""

from jupyter_aml.compute.kinds import Kind, Setting
from jupyter_aml.compute.local import LocalBackend
from jupyter_aml.compute.target import Node, NodeState, Target, TargetState
from jupyter_aml.domain.errors import Invalid, Unreachable


class Shelf(Target):
    kind = "Shelf"

    def __init__(self, definition):
        self.name, self._definition, self._backend = definition.name, definition, LocalBackend()

    @property
    def slots(self):
        return self._definition.scale.max_nodes

    def backend_for(self, job):
        return self._backend

    def backend_of(self, handle):
        return self._backend

    def state(self):
        is_stopped = self._definition.is_stopped
        return TargetState(state="Stopped") if is_stopped else TargetState()

    def nodes(self):
        most = 0 if self._definition.is_stopped else self._definition.scale.max_nodes
        states = [*NodeState][:most]
        return [Node(id=f"{self.name}-{n}", state=state, address=f"10.0.0.{n}")
                for n, state in enumerate(states, 1)]

    async def change(self, definition):
        self._definition = definition

    async def end(self):
        pass


class ShelfKind(Kind):
    name, type, label = "shelf", "AmlCompute", "Shelf of nodes"
    help = "Nodes that stand on a shelf and start when runs come."
    has_nodes, is_attached = True, False

    def open(self, definition, place):
        return Shelf(definition)

    async def probe(self, definition, place):
        return f"room for {definition.scale.max_nodes} nodes"


class Hall(ShelfKind):
    name, type, label = "hall", "VirtualMachine", "Machine in the hall"
    help = "A machine that is there already and is reached by its address."
    has_nodes, is_attached = False, True
    settings = (
        Setting(name="address", label="Address", is_required=True, help="its name or number"),
        Setting(name="port", label="Port", type="number", default=22),
        Setting(name="password", label="Password", type="secret"),
        Setting(name="shell", label="Shell", type="choice", choices=("bash", "zsh")),
        Setting(name="quiet", label="Quiet", type="flag", default=True),
        Setting(name="setup", label="Setup", type="lines", help="commands, one a line"),
    )

    async def probe(self, definition, place):
        if definition.settings["address"] == "nowhere":
            raise Invalid("address: there is no machine 'nowhere'")
        if definition.settings["address"] == "asleep":
            raise Unreachable("the machine 'asleep' does not answer on port 22; is it switched on?")
        return f"a machine with {definition.settings['shell']}"


def targets(settings):
    return [ShelfKind(), Hall()]
'''


@pytest.fixture(scope="module")
def shelf_lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A JupyterLab where a package brings the kinds `shelf` and `hall`."""
    packages = tmp_path_factory.mktemp("packages")
    plug_in(packages, "shelf_of_nodes", SHELF)
    path = os.pathsep.join([str(packages), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)
    with a_lab(tmp_path_factory.mktemp("shelf"), env={"PYTHONPATH": path}) as lab:
        yield lab


@dataclass(frozen=True, slots=True)
class Compute:
    """The targets in the sidebar, and what they open."""

    page: Page

    @property
    def tree(self) -> Locator:
        """The targets with what is on them."""
        return self.page.get_by_role("tree", name="Compute targets")

    @property
    def dialog(self) -> Locator:
        """The dialog that asks something."""
        return self.page.locator(".jp-Dialog")

    @property
    def form(self) -> Locator:
        """The page on which a target is written."""
        return self.page.get_by_role("article", name="New compute target")

    def show(self) -> Compute:
        """Show the targets in the sidebar, and wait until they are there."""
        Sidebar(self.page).show().turn("Compute")
        expect(self.row("local")).to_be_visible()
        return self

    def row(self, name: str) -> Locator:
        """The row of a target."""
        return self.tree.locator(f'[data-id="target-{name}"]')

    def below(self, kind: str, name: str) -> Locator:
        """A row below a target: its nodes, why it is not well, ..."""
        return self.tree.locator(f'[data-id="{kind}-{name}"]')

    def choose(self, name: str, item: str) -> None:
        """Choose an item of the context menu of a target."""
        self.row(name).click(button="right")
        self.page.get_by_role("menuitem", name=item).click()

    def write(self, kind: str) -> Locator:
        """Open the form of a new target of that kind."""
        section = self.page.locator("#jupyter-aml-sidebar-compute")
        section.get_by_role("button", name="New compute target", exact=True).first.click()
        self.form.get_by_role("radio", name=re.compile(f"^{kind}")).check()
        return self.form

    def open(self, name: str) -> Locator:
        """Open the page of a target."""
        self.row(name).dblclick()
        return self.details(name)

    def details(self, name: str) -> Locator:
        """The page of a target, once it is there."""
        details = self.page.get_by_role("article", name=f"Compute target {name}", exact=True)
        expect(details.get_by_role("tab", name="Overview")).to_be_visible()
        return details


def computing(visit: Visit, lab: Lab, *cells: str) -> tuple[NotebookPage, Compute]:
    """A notebook with the compute targets beside it."""
    notebook = visit(*cells, lab=lab)
    notebook.kernel_is("idle")
    return notebook, Compute(notebook.page).show()


def a_target(lab: Lab, name: str, **different: object) -> None:
    """Create a target of the kind `shelf`."""
    lab.server.post("aml/compute", {"name": name, "kind": "shelf", "maxNodes": 3, **different})


def test_a_target_is_created_by_the_form_and_opens_its_page(
    visit: Visit, shelf_lab: Lab, photograph: Photograph
) -> None:
    notebook, compute = computing(visit, shelf_lab)
    form = compute.write("Shelf of nodes")
    photograph(notebook.page, "compute-new")
    form.get_by_label("Nodes, at most").fill("2")
    form.get_by_label("Size of a node").fill("standard_ds3_v2")
    expect(form).to_contain_text("4 cores, 14 GiB")

    form.get_by_role("button", name="Check").click()
    expect(form.get_by_role("status")).to_have_text("✓ room for 2 nodes")
    form.get_by_role("button", name="Create", exact=True).click()
    name = form.get_by_label("Name", exact=True)
    expect(name).to_be_focused()
    expect(name).to_have_accessible_description("A name is missing.")
    assert offences(form) == []
    name.fill("made-by-form")
    notebook.page.keyboard.press("Enter")

    details = compute.details("made-by-form")
    expect(details).to_contain_text("Standard_DS3_v2 · 4 cores, 14 GiB")
    expect(compute.form).to_have_count(0)
    expect(compute.row("made-by-form")).to_contain_text("0 of 2")
    assert offences(details) == []
    photograph(notebook.page, "compute-page")


def test_what_is_wrong_is_said_at_its_field(
    visit: Visit, shelf_lab: Lab, photograph: Photograph
) -> None:
    notebook, compute = computing(visit, shelf_lab)
    a_target(shelf_lab, "taken")
    form = compute.write("Shelf of nodes")
    form.get_by_label("Name", exact=True).fill("taken")

    form.get_by_role("button", name="Create", exact=True).click()
    name = form.get_by_label("Name", exact=True)
    expect(name).to_have_accessible_description(re.compile("There is another compute target"))
    name.fill("not taken")
    form.get_by_role("button", name="Create", exact=True).click()
    expect(name).to_have_accessible_description(re.compile("'not taken' cannot be the name"))
    name.fill("fresh")
    form.get_by_label("Nodes, at least").fill("9")
    form.get_by_role("button", name="Create", exact=True).click()
    expect(form.get_by_label("Nodes, at least")).to_have_accessible_description(
        re.compile("there cannot be more at least")
    )
    form.get_by_label("Nodes, at least").fill("0")
    form.get_by_label("Size of a node").fill("Standard_DS3_v3")
    form.get_by_role("button", name="Create", exact=True).click()
    expect(form.get_by_label("Size of a node")).to_have_accessible_description(
        re.compile("did you mean Standard_D")
    )
    photograph(notebook.page, "compute-wrong")


def test_a_machine_is_checked_before_it_is_attached(
    visit: Visit, shelf_lab: Lab, photograph: Photograph
) -> None:
    notebook, compute = computing(visit, shelf_lab)
    form = compute.write("Machine in the hall")
    address = form.get_by_role("textbox", name="Address")
    form.get_by_label("Password").fill("geheim")
    form.get_by_label("Setup").fill("module load gcc\n\nulimit -n 100")

    form.get_by_role("button", name="Check").click()
    expect(address).to_have_accessible_description(re.compile("This is needed"))
    address.fill("nowhere")
    form.get_by_role("button", name="Check").click()
    expect(address).to_have_accessible_description(re.compile("There is no machine 'nowhere'"))
    address.fill("asleep")
    form.get_by_role("button", name="Check").click()
    expect(form.get_by_role("alert")).to_contain_text("'asleep' does not answer on port 22")
    address.fill("here")
    form.get_by_role("button", name="Check").click()
    expect(form.get_by_role("status")).to_have_text("✓ a machine with bash")
    photograph(notebook.page, "compute-attach")
    form.get_by_label("Name", exact=True).fill("hall-1")
    form.get_by_role("button", name="Attach").click()

    details = compute.details("hall-1")
    settings = details.get_by_role("region", name="Settings")
    expect(settings).to_contain_text("module load gcc")
    expect(settings).to_contain_text("in the vault")
    expect(settings).not_to_contain_text("geheim")
    expect(details.get_by_role("button", name="Detach…")).to_be_visible()
    expect(details.get_by_role("button", name="Stop")).to_have_count(0)


def test_a_target_is_resized_stopped_started_and_deleted(
    visit: Visit, shelf_lab: Lab, photograph: Photograph
) -> None:
    a_target(shelf_lab, "changing")
    notebook, compute = computing(visit, shelf_lab)
    compute.row("changing").click()
    notebook.page.keyboard.press("ArrowRight")
    expect(compute.below("nodes", "changing")).to_contain_text("1 busy, 1 idle, 1 starting")
    details = compute.open("changing")

    details.get_by_label("Nodes, at most").fill("5")
    details.get_by_role("button", name="Resize").click()
    expect(compute.row("changing")).to_contain_text("0 of 5")
    expect(compute.below("nodes", "changing")).to_contain_text("1 leaving, 1 lost")
    details.get_by_role("tab", name="Nodes").click()
    expect(details.get_by_role("row", name=re.compile("changing-2 Idle"))).to_contain_text(
        "10.0.0.2"
    )
    photograph(notebook.page, "compute-nodes")
    details.get_by_role("tab", name="Overview").click()
    details.get_by_label("Nodes, at least").fill("7")
    details.get_by_role("button", name="Resize").click()
    expect(details.get_by_role("alert")).to_contain_text("min_nodes is 7 and max_nodes 5")

    compute.choose("changing", "Stop compute target")
    expect(compute.row("changing")).to_contain_text("Stopped")
    expect(details).to_have_attribute("data-state", "stopped")
    details.get_by_role("button", name="Start").click()
    expect(compute.row("changing")).not_to_contain_text("Stopped")

    compute.choose("changing", "Resize compute target")
    compute.dialog.get_by_label("Nodes, at most").fill("many")
    compute.dialog.get_by_role("button", name="Resize").click()
    expect(compute.dialog).to_contain_text("Nodes, at most: many is no number.")
    compute.dialog.get_by_label("Nodes, at most").fill("1")
    compute.dialog.get_by_role("button", name="Resize").click()
    expect(compute.row("changing")).to_contain_text("0 of 1")

    compute.row("changing").click()
    notebook.page.keyboard.press("Delete")
    compute.dialog.get_by_role("button", name="Delete").click()
    expect(compute.row("changing")).to_have_count(0)
    expect(details).to_contain_text("This target was deleted.")


def test_runs_are_seen_on_their_target_and_keep_it_from_being_deleted(
    visit: Visit, shelf_lab: Lab, gate: Gate, photograph: Photograph
) -> None:
    a_target(shelf_lab, "occupied", maxNodes=1)
    waits = f"import os, time\nwhile not os.path.exists({str(gate.path)!r}): time.sleep(0.05)"
    first, second = (
        f"%%aml submit computing -n {name} -c occupied\n{waits}" for name in ("holds", "queues")
    )
    notebook, compute = computing(visit, shelf_lab, first, second)
    details = compute.open("occupied")
    notebook.page.get_by_role("tab", name=re.compile("ipynb")).first.click()
    notebook.run_all()

    expect(compute.row("occupied")).to_contain_text("1 of 1")
    expect(compute.row("occupied")).to_contain_text("Busy · 1 waiting")
    compute.row("occupied").click()
    notebook.page.keyboard.press("ArrowRight")
    run = compute.tree.locator("[data-id^=run-]")
    expect(run).to_contain_text("holds")
    expect(compute.below("waiting", "occupied")).to_have_text(re.compile("1 run waits"))
    compute.open("occupied")
    expect(details.get_by_role("region", name="Use")).to_contain_text("1")
    photograph(notebook.page, "compute-busy")
    details.get_by_role("tab", name=re.compile("^Runs")).click()
    expect(details.get_by_role("table", name="Running")).to_contain_text("holds")
    waiting = details.get_by_role("table", name="Waiting")
    expect(waiting).to_contain_text("next on 'occupied' (1 of 1 slot busy)")
    photograph(notebook.page, "compute-runs")

    details.get_by_role("button", name="Delete…").click()
    compute.dialog.get_by_role("button", name="Delete").click()
    expect(compute.dialog).to_contain_text("compute target 'occupied' cannot be deleted")
    notebook.page.keyboard.press("Escape")
    run.click()
    expect(notebook.run_page("holds").node).to_have_attribute("data-status", "Running")
    gate.open()
    notebook.run_page("holds").node.get_by_role("button", name="occupied").click()
    expect(details).to_contain_text("Nothing runs here.")
    expect(compute.row("occupied")).to_contain_text("Idle")


def test_a_target_that_is_dragged_into_a_notebook_is_the_code_that_gets_it(
    visit: Visit, shelf_lab: Lab
) -> None:
    a_target(shelf_lab, "dragged")
    notebook, compute = computing(visit, shelf_lab)

    cell = drag_to_the_notebook(notebook, compute.row("dragged"))

    expect(cell).to_contain_text('target = ComputeTarget(ws, "dragged")')


def test_an_address_opens_the_page_of_a_target(visit: Visit, shelf_lab: Lab) -> None:
    a_target(shelf_lab, "linked")
    notebook, _ = computing(visit, shelf_lab)
    page = notebook.page.context.new_page()

    page.goto(f"{shelf_lab.url}lab?aml=compute:linked&token={shelf_lab.token}")

    Compute(page).details("linked")


def test_nodes_of_a_cluster_come_and_go_with_its_runs(
    visit: Visit, gate: Gate, photograph: Photograph
) -> None:
    waits = f"import os, time\nwhile not os.path.exists({str(gate.path)!r}): time.sleep(0.05)"
    notebook = visit(f"%%aml submit clustering -n guest -c from-zero\n{waits}")
    notebook.kernel_is("idle")
    compute = Compute(notebook.page).show()
    form = compute.write("Cluster of local nodes")
    photograph(notebook.page, "compute-cluster-new")
    form.get_by_label("Name", exact=True).fill("from-zero")
    form.get_by_label("Nodes, at most").fill("2")
    form.get_by_label("Idle seconds").fill("1")
    form.get_by_role("button", name="Create", exact=True).click()
    details = compute.details("from-zero")
    details.get_by_role("tab", name="Nodes").click()
    expect(details).to_contain_text("No nodes now. They start when a run is sent to the target.")

    notebook.page.get_by_role("tab", name=re.compile("ipynb")).first.click()
    notebook.run_all()
    compute.row("from-zero").click()
    notebook.page.keyboard.press("ArrowRight")
    expect(compute.below("nodes", "from-zero")).to_contain_text("1 busy")
    compute.open("from-zero")
    node = details.get_by_role("table", name="Nodes").locator('[data-state="busy"]')
    expect(node.get_by_role("button")).to_have_text(re.compile("^clustering_"))
    expect(details.get_by_role("tab", name="Runs")).to_contain_text("1")
    assert offences(details) == []
    photograph(notebook.page, "compute-cluster-busy")
    gate.open()

    expect(compute.below("nodes", "from-zero")).to_have_count(0)
    expect(details).to_contain_text("No nodes now. They start when a run is sent to the target.")
    details.get_by_role("tab", name="Overview").click()
    expect(details.get_by_role("region", name="Use")).to_contain_text("at most 1 at once")
    expect(details.get_by_role("region", name="Facts")).to_contain_text("on up to 2 nodes at once")
    photograph(notebook.page, "compute-cluster-after")


def test_a_run_waits_for_an_instance_that_is_stopped(visit: Visit, photograph: Photograph) -> None:
    notebook = visit("%%aml submit clustering -n patient -c on-off\nprint('here')")
    notebook.kernel_is("idle")
    compute = Compute(notebook.page).show()
    form = compute.write("Instance on this machine")
    expect(form.get_by_label("Nodes, at most")).to_have_count(0)
    form.get_by_label("Name", exact=True).fill("on-off")
    form.get_by_role("button", name="Create", exact=True).click()
    details = compute.details("on-off")
    details.get_by_role("tab", name="Nodes").click()
    expect(details.get_by_role("table", name="Nodes").locator('[data-state="idle"]')).to_have_count(
        1
    )

    details.get_by_role("button", name="Stop").click()
    expect(compute.row("on-off")).to_contain_text("Stopped")
    expect(details).to_contain_text("No nodes: the target is stopped.")
    notebook.page.get_by_role("tab", name=re.compile("ipynb")).first.click()
    notebook.run_all()
    expect(compute.row("on-off")).to_contain_text("1 waiting")
    compute.open("on-off")
    details.get_by_role("tab", name="Runs").click()
    expect(details.get_by_role("table", name="Waiting")).to_contain_text("patient")
    photograph(notebook.page, "compute-instance-stopped")
    compute.choose("on-off", "Start compute target")

    expect(details).to_contain_text("Nothing runs here.")
    notebook.page.get_by_role("tab", name=re.compile("ipynb")).first.click()
    notebook.card("patient").is_in("Completed")


@pytest.mark.parametrize("width", [280, 420, 640, 1280])
def test_the_form_and_the_page_have_room_at_every_width(
    visit: Visit, shelf_lab: Lab, photograph: Photograph, width: int
) -> None:
    a_target(shelf_lab, f"wide-{width}", maxNodes=5, description="For the nightly trainings")
    notebook, compute = computing(visit, shelf_lab)
    page = notebook.page
    compute.write("Machine in the hall")
    _narrow(page, width)
    photograph(page, f"compute-form-{width}")
    assert _overflows(compute.form) == []

    notebook.command("jupyter-aml:open-compute", {"name": f"wide-{width}"})
    details = compute.details(f"wide-{width}")
    photograph(page, f"compute-page-{width}")
    assert _overflows(details) == []


def _narrow(page: Page, width: int) -> None:
    """Give the main area this width, as a split does."""
    page.add_style_tag(content=f".jp-aml-RunPage {{ max-width: {width}px; }}")


def _overflows(node: Locator) -> list[str]:
    """The parts that stick out at the right."""
    found: list[str] = node.evaluate(
        """node => {
          const edge = node.getBoundingClientRect().right + 1;
          const hidden = el => el.closest('.jp-aml-Hidden, .jp-aml-Code, [role=tablist], table');
          return [...node.querySelectorAll('*')]
            .filter(el => el.getBoundingClientRect().right > edge && !hidden(el))
            .map(el => el.outerHTML.slice(0, 120));
        }"""
    )
    return found
