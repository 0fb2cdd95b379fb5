"""Machines that are attached over SSH."""
