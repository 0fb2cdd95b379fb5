"""What can be said of a cell by reading it: is it Python, and does it define what it uses?"""
