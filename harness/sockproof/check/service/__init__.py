"""What follows from one example of what a server is asked and answers: the area ``service``."""
