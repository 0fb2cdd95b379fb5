"""The Jupyter server extension: it turns HTTP into calls of the engine and back, no more."""
