"""What can go wrong with a data set, by the names of SDK v1."""

from __future__ import annotations

from jupyter_aml.sdk.exceptions import AzureMLException, UserErrorException

__all__ = [
    "AzureMLException",
    "DatasetExecutionError",
    "DatasetValidationError",
    "UserErrorException",
]


class DatasetValidationError(UserErrorException):
    """A data set could not be made, because its data are not as it says."""

    def __init__(self, message: str, exception: Exception | None = None) -> None:
        super().__init__(message, exception)
        self.error_code = "Validation"
        self.validation_error_code = type(exception).__name__ if exception else None
        self.compliant_message = message


class DatasetExecutionError(UserErrorException):
    """A data set could not be read."""

    def __init__(self, message: str, exception: Exception | None = None) -> None:
        super().__init__(message, exception)
        self.error_code = "Execution"
        self.validation_error_code = type(exception).__name__ if exception else None
        self.compliant_message = message


class DatasetTimestampMissingError(UserErrorException):
    """A data set was asked for times, and no column of it is said to hold them."""
