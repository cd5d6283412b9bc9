"""Whether a plugin has the settings without which OpenClaw refuses the whole configuration once the plugin is on."""

from collections.abc import Iterator, Mapping

_DEEPEST = 32  #: levels of a schema that are looked at


def missing_settings(schema: object, settings: object, where: str, *, depth: int = _DEEPEST) -> Iterator[str]:
    """Yield the path of every setting that a plugin's `configSchema` requires, that has no default and is not there.

    Only what is plainly required is looked at: `required` beside `properties`, at every level that has settings.
    Anything else that a schema may ask for is left to OpenClaw, so as never to refuse what it takes.

    Args:
        schema: of the settings, as the manifest has it.
        settings: as the configuration has them; nothing counts as an empty object, as it does there.
        where: path of the settings, for a person.
    """
    if not isinstance(schema, Mapping) or not isinstance(settings, Mapping) or depth == 0:
        return
    parts = schema.get("properties")
    properties = parts if isinstance(parts, Mapping) else {}
    required = schema.get("required")
    for name in required if isinstance(required, list) else ():
        part = properties.get(name) if isinstance(name, str) else None
        has_default = isinstance(part, Mapping) and "default" in part
        if isinstance(name, str) and name not in settings and not has_default:
            yield f"{where}.{name}"
    for name, part in properties.items():
        if name in settings:
            yield from missing_settings(part, settings[name], f"{where}.{name}", depth=depth - 1)
