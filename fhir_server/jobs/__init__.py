"""Work that goes on beside the requests, held by one process at a time and resumed by another."""
