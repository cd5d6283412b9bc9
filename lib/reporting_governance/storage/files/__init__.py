"""One machine's files: a hash-chained log and the work folders that follow from it."""
