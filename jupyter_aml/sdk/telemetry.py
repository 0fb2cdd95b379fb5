"""`azureml.telemetry`: nothing is collected here, so there is nothing to switch on or off."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from jupyter_aml.sdk.exceptions import UserErrorException

__all__ = [
    "AML_INTERNAL_LOGGER_NAMESPACE",
    "INSTRUMENTATION_KEY",
    "UserErrorException",
    "add_diagnostics_properties",
    "get_diagnostics_collection_info",
    "get_event_logger",
    "get_telemetry_log_handler",
    "is_diagnostics_collection_info_available",
    "set_diagnostics_collection",
    "set_diagnostics_properties",
]

AML_INTERNAL_LOGGER_NAMESPACE = "azureml.telemetry"
INSTRUMENTATION_KEY = ""


def set_diagnostics_collection(
    send_diagnostics: bool = True,
    verbosity: int = logging.INFO,
    reason: str = "",
    path: str | None = None,
) -> None:
    """Do nothing: nothing is sent anywhere, whatever is wished."""


def get_diagnostics_collection_info(
    component_name: str | None = None,
    path: str | None = None,
    proceed_in_hbi_mode: bool = False,
) -> tuple[None, None]:
    """No key and no verbosity: nothing is collected."""
    return None, None


def is_diagnostics_collection_info_available() -> bool:
    """Whether something is said about collecting: no."""
    return False


def add_diagnostics_properties(properties: Mapping[str, Any]) -> None:
    """Do nothing: there is no record that could have them."""


set_diagnostics_properties = add_diagnostics_properties


def get_telemetry_log_handler(
    instrumentation_key: str | None = None,
    component_name: str | None = None,
    path: str | None = None,
    proceed_in_hbi_mode: bool = False,
) -> logging.Handler:
    """A handler that drops what it is given."""
    return logging.NullHandler()


def get_event_logger(*args: Any, **kwargs: Any) -> logging.Logger:
    """A logger that goes nowhere but where the caller's settings send it."""
    return logging.getLogger(AML_INTERNAL_LOGGER_NAMESPACE)
