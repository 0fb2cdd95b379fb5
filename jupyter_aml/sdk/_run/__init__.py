"""What `azureml.core.Run` is made of."""
