"""How much a stage puts into one commit."""

COMMIT = 200  #: records
