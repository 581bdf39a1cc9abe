"""Peers: the scripted clients that stimulate a server, and the transcript of what happened."""
