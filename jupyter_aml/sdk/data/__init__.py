"""`azureml.data`: datastores, and what lies on them."""
