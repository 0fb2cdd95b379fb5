"""Writes the tables of SDK v1's names from its surface file.

    python .ci/azureml_names.py SURFACE.json [--check]

`jupyter_aml/azureml_names.json` has the names by module, `jupyter_aml/azureml_homes.json` says of
those that can be imported from several modules which one defines them. The surface file lists
public names and signatures of SDK v1 and is not part of this repository; what is committed are
the names alone.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).parents[1] / "jupyter_aml"
LISTS = ("reexports", "functions", "module_constants", "incidental_imports")
SECOND = ("azureml.core.runconfig", "azureml.dataprep", "azureml.telemetry")
"""Where these define a name that another module defines too, others imported the other one."""

# Courses import these from where SDK v1 did not have them, or not in public.
EXTRA = {
    "azureml.core": {"Estimator": "azureml.train.estimator.Estimator"},
    "azureml.core.run": {"_OfflineRun": "azureml.core.run._OfflineRun"},
}

# What notebooks import of packages that were retired before SDK v1 was.
RETIRED = {
    "azureml._restclient.models": ["RunTypeV2"],
    "azureml._restclient.models.create_run_dto": ["CreateRunDto"],
    "azureml._restclient.run_client": ["RunClient"],
    "azureml.accel": ["AccelContainerImage", "AccelOnnxConverter", "client_from_service"],
    "azureml.accel.models": ["QuantizedResnet50"],
    "azureml.automl.core.onnx_convert": ["OnnxConvertConstants"],
    "azureml.automl.core.shared": ["logging_utilities"],
    "azureml.automl.core.shared.constants": ["MODEL_PATH"],
    "azureml.automl.core.shared.types": ["GrainType"],
    "azureml.automl.dnn.vision.common.logging_utils": ["get_logger"],
    "azureml.automl.dnn.vision.common.model_export_utils": ["load_model", "run_inference_batch"],
    "azureml.automl.dnn.vision.common.utils": ["_set_logging_parameters"],
    "azureml.automl.dnn.vision.object_detection_yolo.models.common": ["Conv", "Hardswish"],
    "azureml.automl.runtime.onnx_convert": ["OnnxConverter", "OnnxInferenceHelper"],
    "azureml.automl.runtime.shared.score": ["constants", "scoring"],
    "azureml.contrib.automl.pipeline.steps": ["AutoMLPipelineBuilder"],
    "azureml.contrib.automl.pipeline.steps.utilities": ["get_output_from_mm_pipeline"],
    "azureml.contrib.dataset": ["FileHandlingOption"],
    "azureml.contrib.explain.model.explanation.explanation_client": ["ExplanationClient"],
    "azureml.contrib.fairness": ["download_dashboard_by_upload_id", "upload_dashboard_dictionary"],
    "azureml.contrib.interpret.explanation.explanation_client": ["ExplanationClient"],
    "azureml.contrib.interpret.visualize": ["ExplanationDashboard"],
    "azureml.contrib.pipeline.steps": ["ParallelRunConfig", "ParallelRunStep"],
    "azureml.contrib.services.aml_request": ["AMLRequest", "rawhttp"],
    "azureml.contrib.services.aml_response": ["AMLResponse"],
    "azureml.core.run": ["_OfflineRun"],
    "azureml.monitoring": ["ModelDataCollector"],
    "azureml.train.automl.runtime._hts.hts_parameters": [
        "HTSInferenceParameters",
        "HTSTrainParameters",
    ],
    "azureml.train.automl.runtime._many_models.many_models_parameters": [
        "ManyModelsInferenceParameters",
        "ManyModelsTrainParameters",
    ],
    "azureml.train.automl.runtime.automl_explain_utilities": [
        "AutoMLExplainerSetupClass",
        "automl_setup_model_explanations",
    ],
}


def names(module: dict[str, Any]) -> list[str]:
    """Every name that can be imported from the module."""
    found: set[str] = set()
    for key, value in module.items():
        if key in LISTS:
            found.update(value)
        else:
            found.add(key)
    return sorted(name for name in found if name.isidentifier())


def homes(surface: dict[str, Any]) -> dict[str, str]:
    """The module that defines a name, for names that can be imported from elsewhere, too."""
    definers = _definers(surface)
    found = {
        f"{module}.{name}": home for module, more in EXTRA.items() for name, home in more.items()
    }
    for module, told in surface.items():
        found |= {f"{module}.{name}": home for name, home in told.get("reexports", {}).items()}
        for name, kind in told.items():
            if name not in LISTS and "defined_in" in kind:
                found[f"{module}.{name}"] = f"{kind['defined_in']}.{name}"
        for name in told.get("incidental_imports", ()):
            if name in definers:
                found[f"{module}.{name}"] = f"{definers[name]}.{name}"
    return {name: _last(found, home) for name, home in found.items() if name != home}


def _definers(surface: dict[str, Any]) -> dict[str, str]:
    """The module that defines each class and function."""
    found: dict[str, str] = {}
    for module in sorted(surface, key=lambda name: name not in SECOND):
        told = surface[module]
        found |= {name: module for name in told if name not in LISTS}
        found |= dict.fromkeys(told.get("functions", ()), module)
    return found


def _last(found: dict[str, str], home: str) -> str:
    """Where a chain of names that stand for others ends."""
    seen = {home}
    while (following := found.get(home)) is not None and following not in seen:
        seen.add(following)
        home = following
    return home


def tables(surface: dict[str, Any]) -> dict[Path, str]:
    """Both tables as JSON, a module or name a line."""
    lists = {
        name: sorted({*names(surface.get(name, {})), *EXTRA.get(name, ()), *RETIRED.get(name, ())})
        for name in {*surface, *RETIRED}
    }
    return {
        PACKAGE / "azureml_names.json": _text(lists),
        PACKAGE / "azureml_homes.json": _text(homes(surface)),
    }


def _text(table: dict[str, Any]) -> str:
    rows = [f"{json.dumps(name)}: {json.dumps(table[name])}" for name in sorted(table)]
    return "{\n" + ",\n".join(rows) + "\n}\n"


def main(arguments: list[str]) -> int:
    """Write the tables, or say which one is stale."""
    surface = json.loads(Path(arguments[0]).read_text(encoding="utf-8"))
    for target, fresh in tables(surface).items():
        if "--check" not in arguments:
            target.write_text(fresh, encoding="utf-8")
        elif target.read_text(encoding="utf-8") != fresh:
            print(f"{target} is stale: run {Path(__file__).name} with the surface file")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
