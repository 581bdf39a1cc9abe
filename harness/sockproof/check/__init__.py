"""Any server at an address, judged from outside: invariants that need no protocol."""
