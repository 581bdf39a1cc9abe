"""Stands between clients and a server, and makes examples of what they say to each other."""
