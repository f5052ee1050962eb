"""What is wrong with a data set, what it costs to read, what would help."""
