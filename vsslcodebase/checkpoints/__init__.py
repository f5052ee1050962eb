"""What a checkpoint file is and says, who else's can be read, and written."""
