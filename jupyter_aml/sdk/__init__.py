"""The tree and the names of SDK v1: `azureml.X` is `jupyter_aml.sdk.X`."""
