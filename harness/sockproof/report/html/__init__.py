"""Pages in HTML: each one file that works offline; what they tell is found out outside of it."""
