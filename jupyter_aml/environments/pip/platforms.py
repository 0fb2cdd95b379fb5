"""Platforms as uv names them, of machines and images that packages are resolved for from here."""

from __future__ import annotations

from jupyter_aml.domain.errors import Invalid

_GLIBC = (17, 28, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40)
_OF_APPLE = {"arm64": "aarch64"}


def platform(machine: str, glibc: str, system: str = "Linux") -> str:
    """The name of a platform; `glibc` is a version, or empty where there is another C library."""
    if system == "Darwin":
        return f"{_OF_APPLE.get(machine, machine)}-apple-darwin"
    if system != "Linux":
        raise Invalid(f"environments of packages are built on Linux and macOS, not on {system}")
    if not glibc:
        return f"{machine}-unknown-linux-musl"
    minor = int(glibc.split(".")[1])
    newest = max((one for one in _GLIBC if one <= minor), default=_GLIBC[0])
    return f"{machine}-manylinux_2_{newest}"
