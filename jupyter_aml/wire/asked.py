"""What a client asks."""

from __future__ import annotations

from typing import Any, Literal, TypedDict

from jupyter_aml.wire.models import WireDataUse, WireResources
from jupyter_aml.wire.run_data import WireInput, WireOutput
from jupyter_aml.wire.runs import Status, WireDistribution, WireOrigin


class _NewWorkspace(TypedDict):
    name: str


class WireNewWorkspace(_NewWorkspace, total=False):
    """Body of POST /aml/workspaces."""

    subscriptionId: str
    resourceGroup: str
    location: str
    tags: dict[str, str]
    labels: dict[str, str]
    existOk: bool


class WireWorkspaceChange(TypedDict, total=False):
    """Body of PATCH /aml/workspaces/<name>; a tag of None goes away, labels are set."""

    tags: dict[str, str | None]
    labels: dict[str, str]


class _NewExperiment(TypedDict):
    workspace: str
    name: str


class WireNewExperiment(_NewExperiment, total=False):
    """Body of POST /aml/experiments."""

    tags: dict[str, str]


class _ExperimentTags(TypedDict):
    tags: dict[str, str | None]


class WireExperimentTags(_ExperimentTags, total=False):
    """Body of PATCH /aml/experiments/<name>: tags to set; one of null goes away."""

    workspace: str


class WireSource(TypedDict, total=False):
    """The code of a run: a folder, and on top of it files given inline and globs below `base`."""

    directory: str
    files: dict[str, str]
    include: list[str]
    base: str
    upload: str
    """Where its files were sent from another machine; see `POST source-uploads`."""


class WireFarSource(TypedDict, total=False):
    """The files below a folder of another machine, by size, and the texts of its ignore files."""

    workspace: str
    upload: str
    part: Literal["directory", "base"]
    include: list[str]
    files: dict[str, int]
    ignores: dict[str, str]


class WireCellCheck(TypedDict, total=False):
    """Asks to look at a cell before it is a run; `cells` are the notebook's by execution count."""

    cells: dict[str, str]


class WireNewLimits(TypedDict, total=False):
    """How much of its machine a run shall have; memory in bytes, or as text such as `4g`."""

    cpus: float
    memory: int | str
    processes: int
    gpus: int


class _NewJob(TypedDict):
    command: list[str]


class WireNewJob(_NewJob, total=False):
    """What a run shall execute; what is left out is as WireJob has it by default."""

    interpreter: str
    environment: str
    environmentVariables: dict[str, str]
    secretVariables: list[str]
    target: str
    timeout: float | None
    grace: float
    lineOffset: int
    priority: int
    limits: WireNewLimits
    distribution: WireDistribution | None


class WireSubmit(TypedDict, total=False):
    """Body of POST /aml/runs. `runId` makes a repeated call the same as the first.

    A word `DatasetConsumptionConfig:NAME` or `DatasetOutputConfig:NAME` of the job's command
    becomes the place of that input or output.
    """

    runId: str
    workspace: str
    experiment: str
    type: str
    displayName: str
    description: str
    tags: dict[str, str]
    properties: dict[str, str]
    parameters: dict[str, Any]
    script: str
    arguments: list[str]
    job: WireNewJob
    source: WireSource
    origin: WireOrigin
    parentId: str
    process: dict[str, Any]
    environment: dict[str, Any]
    inputs: list[WireInput]
    outputs: list[WireOutput]
    dryRun: bool
    ifChanged: bool
    check: WireCellCheck


class WireRetry(TypedDict, total=False):
    """Body of POST /aml/runs/<id>/retry: what is to be other than it was."""

    runId: str
    displayName: str
    parameters: dict[str, Any]


class WirePruneRuns(TypedDict, total=False):
    """Body of POST /aml/prune: which ended runs to delete; `olderThan` in days, `keep` newest."""

    workspace: str
    experiment: str
    olderThan: float
    keep: int
    status: list[Status]
    dryRun: bool


class WireNewEnvironment(TypedDict, total=False):
    """Body of POST /aml/environments: a definition, or a text in its place.

    `specification` is a conda specification (YAML) or, with `format` "pip", requirements.
    """

    workspace: str
    definition: dict[str, Any]
    name: str
    specification: str
    format: Literal["conda", "pip"]


class WireBuildRequest(TypedDict, total=False):
    """Body of POST /aml/environments/<name>/build.

    `again` resolves anew instead of taking what an earlier build locked; `extras` are Python
    requirements on top, as `ipykernel` for a kernel.
    """

    workspace: str
    version: str
    again: bool
    extras: list[str]


class WireNewLabels(TypedDict, total=False):
    """Body of POST /aml/environments/<name>/labels."""

    workspace: str
    version: str
    labels: list[str]


class WirePruneEnvironments(TypedDict, total=False):
    """Body of POST /aml/environment-prune: unused for so many days, or more than so many bytes."""

    olderThanDays: float
    keepBytes: float
    dryRun: bool


class WirePruneModels(TypedDict, total=False):
    """Body of POST /aml/model-prune."""

    dryRun: bool


class WireNewKernelSpec(TypedDict, total=False):
    """Body of POST /aml/kernels: without a version the kernel follows the newest one."""

    workspace: str
    environment: str
    version: str
    compute: str
    name: str


class _NewDataset(TypedDict):
    name: str
    definition: dict[str, Any]


class WireNewDataset(_NewDataset, total=False):
    """Body of POST /aml/datasets: `definition` has `kind`, `sources` and `steps`.

    A name that another data set has is a conflict, unless it shall be a new version of it.
    """

    workspace: str
    description: str
    tags: dict[str, str]
    createNewVersion: bool


class _DatasetPatch(TypedDict):
    version: str


class WireDatasetPatch(_DatasetPatch, total=False):
    """Body of PATCH /aml/datasets/<name>: what is given changes; a tag of null goes away."""

    workspace: str
    description: str
    tags: dict[str, str | None]


class WirePatch(TypedDict, total=False):
    """Body of PATCH /aml/runs/<id>: only what is given changes; a tag of null goes away."""

    displayName: str
    description: str
    tags: dict[str, str | None]
    properties: dict[str, str]


class WireModelSource(TypedDict, total=False):
    """The files of a model: a name among the files of a run, or a path on the engine's machine.

    With `upload` it is a name among the files that were sent with that id.
    `stamp` is size and time of change in ns of what its caller sees there, as `7-1767355200000`;
    `only` names what is taken of a folder, `root` what it is called then.
    """

    runId: str
    upload: str
    path: str
    stamp: str
    only: list[str]
    root: str


class _NewModel(TypedDict):
    name: str
    source: WireModelSource


class WireNewModel(_NewModel, total=False):
    """Body of POST /aml/models: sent twice with one `key` it is one version."""

    workspace: str
    key: str
    tags: dict[str, str]
    properties: dict[str, str]
    description: str
    framework: str | None
    frameworkVersion: str | None
    runId: str | None
    datasets: list[WireDataUse]
    sampleInput: WireDataUse | None
    sampleOutput: WireDataUse | None
    resources: WireResources | None


class WireModelChange(TypedDict, total=False):
    """Body of PATCH /aml/models/<name>: tags to set, one of null goes away, or with `replaceTags`
    all that there are to be; properties and data sets that come to those that are there."""

    workspace: str
    version: str
    description: str | None
    tags: dict[str, str | None]
    replaceTags: bool
    properties: dict[str, str]
    datasets: list[WireDataUse]
    sampleInput: WireDataUse | None
    sampleOutput: WireDataUse | None
    resources: WireResources | None


class _ModelAlias(TypedDict):
    version: str
    alias: str


class WireModelAlias(_ModelAlias, total=False):
    """Body of POST /aml/models/<name>/aliases: a name for a version, which leaves the old one."""

    workspace: str


class _NewDatastore(TypedDict):
    name: str
    kind: str


class WireNewDatastore(_NewDatastore, total=False):
    """Body of POST /aml/datastores: SDK v1's type as `kind`, and its arguments as `options`.

    Options that are secrets are kept in the vault. A different one of that name is replaced only
    with `overwrite`. With `dryRun` nothing is kept: the answer says where it would be.
    """

    workspace: str
    url: str
    options: dict[str, Any]
    overwrite: bool
    dryRun: bool


class _DefaultDatastore(TypedDict):
    name: str


class WireDefaultDatastore(_DefaultDatastore, total=False):
    """Body of POST /aml/default-datastore."""

    workspace: str


class _NewSecret(TypedDict):
    name: str
    value: str


class WireNewSecret(_NewSecret, total=False):
    """One secret of POST /aml/secrets."""

    contentType: str


class _NewSecrets(TypedDict):
    secrets: list[WireNewSecret]


class WireNewSecrets(_NewSecrets, total=False):
    """Body of POST /aml/secrets: all of them are kept, or none."""

    workspace: str


class WireSecretNames(TypedDict, total=False):
    """Body of POST /aml/secret-values: which secrets are wanted, and the run that asks."""

    workspace: str
    names: list[str]
    runId: str
