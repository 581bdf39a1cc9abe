"""What a check has found, as scripts that show it by themselves: written, and confirmed."""
