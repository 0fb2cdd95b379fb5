"""What listeners hear: changes of runs, pieces of logs, new points."""
