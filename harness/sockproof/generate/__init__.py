"""Generated clients: plans that Hypothesis makes, and what a right server may answer to them."""
