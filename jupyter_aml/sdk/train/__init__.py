"""`azureml.train`: estimators, which SDK v1 had before ScriptRunConfig."""
