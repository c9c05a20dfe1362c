"""Self-diagnosis: what is missing, said in words."""
