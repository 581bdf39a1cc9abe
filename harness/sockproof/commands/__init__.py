"""What the command does: run, list and explain, doctor."""
