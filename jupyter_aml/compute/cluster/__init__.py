"""A cluster of nodes on this machine: started on demand, stopped when they idle."""
