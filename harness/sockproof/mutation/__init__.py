"""The proof that the suite bites: socketservers broken on purpose, no cases of its own."""
