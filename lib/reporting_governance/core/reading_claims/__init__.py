"""The parts of the reader of free-text reports: see `reporting_governance.core.claim_reading`."""
