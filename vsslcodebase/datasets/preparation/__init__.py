"""Re-encoding a data set once, so that training decodes it faster."""
