"""What a published checkpoint is, and where its figures come from."""
