"""Generated clients: plans by Hypothesis and what a right server may answer, not written cases."""
