"""The sizes of Azure's machines that notebooks name: what a node of such a size has.

Facts from Azure's public tables of sizes; names are matched in any case of letters.
"""

from __future__ import annotations

from dataclasses import dataclass

from jupyter_aml.domain.errors import Invalid
from jupyter_aml.domain.near import near

GIB = 1024**3


@dataclass(frozen=True, slots=True)
class VmSize:
    """What a machine of a size has; memory in bytes."""

    name: str
    cores: int
    memory: int
    gpus: int = 0

    @property
    def gibibytes(self) -> float:
        """The memory in GiB."""
        return self.memory / GIB


_TABLE = """
Standard_A1_v2 1 2, Standard_A2_v2 2 4, Standard_A4_v2 4 8, Standard_A8_v2 8 16
Standard_D1 1 3.5, Standard_D2 2 7, Standard_D3 4 14, Standard_D4 8 28
Standard_D11 2 14, Standard_D12 4 28, Standard_D13 8 56, Standard_D14 16 112
Standard_D1_v2 1 3.5, Standard_D2_v2 2 7, Standard_D3_v2 4 14, Standard_D4_v2 8 28
Standard_D5_v2 16 56, Standard_D11_v2 2 14, Standard_D12_v2 4 28, Standard_D13_v2 8 56
Standard_D14_v2 16 112, Standard_D15_v2 20 140
Standard_DS1_v2 1 3.5, Standard_DS2_v2 2 7, Standard_DS3_v2 4 14, Standard_DS4_v2 8 28
Standard_DS5_v2 16 56, Standard_DS11_v2 2 14, Standard_DS12_v2 4 28, Standard_DS13_v2 8 56
Standard_DS14_v2 16 112, Standard_DS15_v2 20 140
Standard_D2_v3 2 8, Standard_D4_v3 4 16, Standard_D8_v3 8 32, Standard_D16_v3 16 64
Standard_D32_v3 32 128, Standard_D64_v3 64 256
Standard_D2s_v3 2 8, Standard_D4s_v3 4 16, Standard_D8s_v3 8 32, Standard_D16s_v3 16 64
Standard_D32s_v3 32 128, Standard_D64s_v3 64 256
Standard_D2s_v4 2 8, Standard_D4s_v4 4 16, Standard_D8s_v4 8 32, Standard_D16s_v4 16 64
Standard_D2s_v5 2 8, Standard_D4s_v5 4 16, Standard_D8s_v5 8 32, Standard_D16s_v5 16 64
Standard_E2s_v3 2 16, Standard_E4s_v3 4 32, Standard_E8s_v3 8 64, Standard_E16s_v3 16 128
Standard_E32s_v3 32 256, Standard_E64s_v3 64 432
Standard_F1 1 2, Standard_F2 2 4, Standard_F4 4 8, Standard_F8 8 16, Standard_F16 16 32
Standard_F2s_v2 2 4, Standard_F4s_v2 4 8, Standard_F8s_v2 8 16, Standard_F16s_v2 16 32
Standard_F32s_v2 32 64, Standard_F64s_v2 64 128, Standard_F72s_v2 72 144
Standard_G1 2 28, Standard_G2 4 56, Standard_G3 8 112, Standard_G4 16 224, Standard_G5 32 448
Standard_H8 8 56, Standard_H16 16 112, Standard_HC44rs 44 352, Standard_HB60rs 60 228
Standard_L4s 4 32, Standard_L8s 8 64, Standard_L16s 16 128, Standard_L32s 32 256
Standard_M64s 64 1024, Standard_M128s 128 2048
Standard_NC6 6 56 1, Standard_NC12 12 112 2, Standard_NC24 24 224 4, Standard_NC24r 24 224 4
Standard_NC6s_v2 6 112 1, Standard_NC12s_v2 12 224 2, Standard_NC24s_v2 24 448 4
Standard_NC6s_v3 6 112 1, Standard_NC12s_v3 12 224 2, Standard_NC24s_v3 24 448 4
Standard_NC24rs_v3 24 448 4
Standard_NC4as_T4_v3 4 28 1, Standard_NC8as_T4_v3 8 56 1, Standard_NC16as_T4_v3 16 110 1
Standard_NC64as_T4_v3 64 440 4, Standard_NC24ads_A100_v4 24 220 1
Standard_ND6s 6 112 1, Standard_ND12s 12 224 2, Standard_ND24s 24 448 4, Standard_ND24rs 24 448 4
Standard_ND40rs_v2 40 672 8, Standard_ND96asr_v4 96 900 8
Standard_NV6 6 56 1, Standard_NV12 12 112 2, Standard_NV24 24 224 4
Standard_NV12s_v3 12 112 1, Standard_NV24s_v3 24 224 2, Standard_NV48s_v3 48 448 4
"""


def _read() -> dict[str, VmSize]:
    rows = (row.split() for row in _TABLE.replace("\n", ",").split(",") if row.strip())
    sizes = (VmSize(name, int(cores), int(float(gib) * GIB), sum(map(int, gpus)))
             for name, cores, gib, *gpus in rows)  # fmt: skip
    return {size.name.lower(): size for size in sizes}


SIZES = _read()
"""All sizes that are known, by their names in small letters."""


def vm_size(name: str) -> VmSize:
    """The size of that name, in any case of letters; Invalid names the nearest."""
    found = SIZES.get(name.strip().lower())
    if found is not None:
        return found
    close = [SIZES[each].name for each in near(name.strip().lower(), SIZES, 3)]
    cure = f"did you mean {', '.join(close)}?" if close else "see AmlCompute.supported_vmsizes"
    raise Invalid(f"vm_size: {name!r} is no size that is known; {cure}")
