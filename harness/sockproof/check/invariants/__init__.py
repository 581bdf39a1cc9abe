"""The invariants, a module for each kind; ``table`` has them all."""
