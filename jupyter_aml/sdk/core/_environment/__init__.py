"""What `azureml.core.Environment` is made of."""
