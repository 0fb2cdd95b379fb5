"""What is done with the text of a cell before it is sent."""
