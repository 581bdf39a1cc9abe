"""What is promised: requirements, their levels, and the Python levels they hold for."""
