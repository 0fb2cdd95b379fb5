"""What SDK v1 said of a workspace that means nothing here: kept as labels, shown in its details."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from jupyter_aml.sdk._core import given
from jupyter_aml.sdk.exceptions import UserErrorException

if TYPE_CHECKING:
    from jupyter_aml.wire.runs import WireWorkspace

_LABELS = {
    "adb_workspace": "adbWorkspace", "app_insights": "applicationInsights",
    "container_registry": "containerRegistry", "friendly_name": "friendlyName",
    "key_vault": "keyVault", "sku": "sku", "storage_account": "storageAccount",
}  # fmt: skip
"""Names of what SDK v1 made beside a workspace are kept."""
_AS_IT_IS = {
    "hbi_workspace": False, "private_endpoint_auto_approval": True, "soft_delete_enabled": False,
    "system_datastores_auth_mode": "accessKey", "v1_legacy_mode": True,
}  # fmt: skip
"""What may be said, as it is so here; anything else would be a promise that nobody keeps."""
_REFUSED = (
    "cmk_keyvault", "primary_user_assigned_identity", "private_endpoint_config",
    "resource_cmk_uri", "user_assigned_identity_for_cmk_encryption",
)  # fmt: skip
OF_THE_CLOUD = (*_LABELS, *_AS_IT_IS, *_REFUSED)
"""All that `Workspace.create` takes beside names, tags and location."""


def labels_of(options: Mapping[str, Any]) -> dict[str, str]:
    """The labels that these options of `Workspace.create` are.

    Raises UserErrorException for one that would be a promise that nobody keeps here (keys of
    one's own, private endpoints, ...), and TypeError for one that SDK v1 never took.
    """
    given.only("Workspace.create", options, OF_THE_CLOUD)
    given.refuse("there is no cloud here", **{k: options[k] for k in _REFUSED if k in options})
    for name in _AS_IT_IS.keys() & options.keys():
        if options[name] not in (None, False, _AS_IT_IS[name]):
            raise UserErrorException(
                f"{name}={options[name]!r}: here it is {_AS_IT_IS[name]!r} and nothing else"
            )
    return {
        label: str(options[name])
        for name, label in _LABELS.items()
        if options.get(name) is not None
    }


def sku(seen: WireWorkspace) -> str:
    """The edition that it was made as, `Basic` where nothing was said."""
    return seen["labels"].get("sku", "basic").capitalize()


def details(seen: WireWorkspace, address: str, root: str) -> dict[str, Any]:
    """All of a workspace with SDK v1's keys; `root` is ours."""
    labels = seen["labels"]
    group = f"/subscriptions/{seen['subscriptionId']}/resourceGroups/{seen['resourceGroup']}"
    kind = "Microsoft.MachineLearningServices/workspaces"
    # The same as long as it is the same workspace; one of its name that is made later has another.
    guid = uuid.uuid5(uuid.NAMESPACE_OID, f"{seen['name']} {seen['createdAt']}")
    return {
        "id": f"{group}/providers/{kind}/{seen['name']}",
        "name": seen["name"],
        "identity": None,
        "location": seen["location"],
        "type": kind,
        "tags": dict(seen["tags"]),
        "sku": sku(seen),
        "workspaceid": str(guid),
        "description": labels.get("description", ""),
        "friendlyName": labels.get("friendlyName", seen["name"]),
        "creationTime": seen["createdAt"],
        "keyVault": labels.get("keyVault"),
        "applicationInsights": labels.get("applicationInsights"),
        "storageAccount": labels.get("storageAccount"),
        "containerRegistry": labels.get("containerRegistry"),
        "adbWorkspace": labels.get("adbWorkspace"),
        "hbiWorkspace": False,
        "provisioningState": "Succeeded",
        "discoveryUrl": address,
        "root": root,
    }
