"""Finds the engine of a root and speaks HTTP to it. Standard library only."""

from jupyter_aml.client.client import Client
from jupyter_aml.client.door import LogPiece
from jupyter_aml.client.finding import default_root, find, running

__all__ = ["Client", "LogPiece", "default_root", "find", "running"]
