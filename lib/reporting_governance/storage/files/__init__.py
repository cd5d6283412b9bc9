"""The files back end: one hash-chained journal and the views made from it."""
