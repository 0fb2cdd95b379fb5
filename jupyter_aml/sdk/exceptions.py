"""The exceptions of SDK v1, by its names; all derive from AmlError too."""

from __future__ import annotations

from jupyter_aml.domain.errors import AmlError


class AzureMLException(AmlError):
    """Root of the exceptions of SDK v1. `message` is its text."""

    def __init__(self, exception_message: str = "", inner_exception: Exception | None = None):
        super().__init__(exception_message)
        self.message = exception_message
        self.inner_exception = inner_exception


class UserErrorException(AzureMLException):
    """The call cannot be done as it is; the text says what to do."""


class ActivityFailedException(AzureMLException):
    """A run that was waited for did not complete; `error_details` is its error."""

    def __init__(self, error_details: object = None, *, message: str | None = None):
        super().__init__(message or str(error_details))
        self.error_details = error_details


class ExperimentExecutionException(AzureMLException):
    """A run could not be sent or followed."""


class ExperimentException(AzureMLException):
    """An experiment is not there or cannot be made."""


class RunEnvironmentException(AzureMLException):
    """`Run.get_context(allow_offline=False)` was called outside of a run."""


class SnapshotException(AzureMLException):
    """The code of a run cannot be sent or read back."""


class WorkspaceException(AzureMLException):
    """A workspace is not there or cannot be made."""


class ProjectSystemException(AzureMLException):
    """A file that SDK v1 kept beside a project cannot be read."""


class ComputeTargetException(AzureMLException):
    """A compute target is not there or cannot be used."""


class AuthenticationException(AzureMLException):
    """Kept for notebooks that catch it; nothing here asks who you are."""


class ServiceException(AzureMLException):
    """The engine answered with an error that is not the caller's."""


class TrainingException(AzureMLException):
    """A training run failed."""


class WebserviceException(AzureMLException):
    """A web service is not there or failed."""


class ModelNotFoundException(AzureMLException):
    """No model of that name or version is registered."""


class ModelPathNotFoundException(AzureMLException):
    """A run has no file or folder of the name that was to be registered."""


class RunConfigurationException(AzureMLException):
    """A run configuration cannot be used as it is."""
