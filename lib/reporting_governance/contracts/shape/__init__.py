"""Holds a document against the JSON Schema of its kind, and says every fault with its place.

jsonschema-rs judges, or jsonschema where that is not installed; both give the same verdict, and by
our own schemas (see `house`) the same findings.
"""

from reporting_governance.contracts.shape.check import check_shape
from reporting_governance.contracts.shape.engines import Engine
from reporting_governance.contracts.shape.schemas import SchemaError, SchemaSet, Shape

__all__ = ["Engine", "SchemaError", "SchemaSet", "Shape", "check_shape"]
