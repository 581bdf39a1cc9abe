"""Records, and the reports made of records alone."""
