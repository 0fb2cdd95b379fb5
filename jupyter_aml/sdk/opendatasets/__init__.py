"""`azureml.opendatasets`: what scikit-learn has of it, and of the rest where it can be had."""

from __future__ import annotations

from typing import Any

from jupyter_aml.sdk.exceptions import UserErrorException
from jupyter_aml.sdk.opendatasets._diabetes import Diabetes

__all__ = ["Diabetes"]

_TAXI = "www.nyc.gov/site/tlc has the same files as Parquet"
_LABOR = "download.bls.gov has its tables"
_SAFETY = "the open-data site of the city has it"
_ELSEWHERE = {
    "BingCOVID19Data": "github.com/microsoft/Bing-COVID-19-Data has it",
    "BostonSafety": _SAFETY,
    "COVID19OpenResearch": "allenai.org/data/cord-19 has it",
    "COVIDTrackingProject": "covidtracking.com/data has it",
    "ChicagoSafety": _SAFETY,
    "CitySafety": _SAFETY,
    "EcdcCOVIDCases": "www.ecdc.europa.eu has it",
    "MNIST": "sklearn.datasets.fetch_openml('mnist_784') fetches it, and "
    "sklearn.datasets.load_digits() has smaller digits without a network",
    "NoaaGfsWeather": "www.ncei.noaa.gov has it",
    "NoaaIsdWeather": "www.ncei.noaa.gov/data/global-hourly has it",
    "NoParameterOpenDatasetBase": "it has no data of its own",
    "NycSafety": _SAFETY,
    "NycTaxiBase": _TAXI,
    "NycTlcFhv": _TAXI,
    "NycTlcGreen": _TAXI,
    "NycTlcYellow": _TAXI,
    "OjSalesSimulated": "github.com/microsoft/forecasting has the sales of orange juice that it "
    "was made of",
    "PublicHolidays": "the package holidays knows the public holidays of most countries",
    "PublicHolidaysOffline": "the package holidays knows the public holidays of most countries",
    "SampleDatasetBase": "it has no data of its own",
    "SanFranciscoSafety": _SAFETY,
    "SeattleSafety": _SAFETY,
    "UsLaborCPI": _LABOR,
    "UsLaborEHENational": _LABOR,
    "UsLaborEHEState": _LABOR,
    "UsLaborLAUS": _LABOR,
    "UsLaborLFS": _LABOR,
    "UsLaborPPICommodity": _LABOR,
    "UsLaborPPIIndustry": _LABOR,
    "UsPopulationCounty": "data.census.gov has it",
    "UsPopulationZip": "data.census.gov has it",
}
"""Where the data are that Azure served; nothing is fetched from there by itself."""


class _Elsewhere(type):
    """The type of data that are not here: named and compared, and nothing else."""

    __aml_missing__ = True

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        raise _told(cls.__name__)

    def __getattr__(cls, name: str) -> Any:
        if name.startswith(("__", "_ipython", "_repr")):
            raise AttributeError(name)
        raise _told(cls.__name__)


def _told(name: str) -> UserErrorException:
    return UserErrorException(
        f"azureml.opendatasets.{name} was served by Azure and is not here: {_ELSEWHERE[name]}; "
        "Dataset.Tabular.from_delimited_files and from_parquet_files take the address of a file"
    )


def __getattr__(name: str) -> Any:
    if name not in _ELSEWHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = _Elsewhere(name, (), {"__module__": __name__, "__aml_missing__": True})
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *_ELSEWHERE})
