"""Playing one case again: differences of transcripts, stand-alone scripts, packet captures."""
