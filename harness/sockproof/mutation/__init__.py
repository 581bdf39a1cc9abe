"""The proof that the suite bites: socketservers broken on purpose, and which cases tell."""
