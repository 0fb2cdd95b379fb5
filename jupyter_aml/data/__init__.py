"""Opens stores and reads data sets; it imports pandas, pyarrow and fsspec only when called."""
