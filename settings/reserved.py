"""What the program takes on registry hosts, so that settings may not take it too."""

from collections.abc import Mapping

WRITER_PORTS: Mapping[str, int] = {"a": 15443, "b": 15444}
"""Host port of the registry container, by slot: a change starts the other slot beside the running one."""
READER_PORTS: Mapping[str, int] = {"a": 15445, "b": 15446}
"""The same for the read-only registry that those get who may not push."""
CONTAINER_PORTS: Mapping[int, str] = {
    **{port: f"registry, slot {slot}" for slot, port in WRITER_PORTS.items()},
    **{port: f"read-only registry, slot {slot}" for slot, port in READER_PORTS.items()},
}
"""What listens on each of them."""
AGENT_PORT = 15447
"""Where a registry host tells the fronts whether it wants requests (haproxy's agent-check)."""
EVENTS_PORT = 15448
"""Where a registry tells its own host what was pushed (loopback)."""
EVENTS_NAME = "ha-registry"
"""Name of the endpoint in the registry's notifications."""
HISTORY_PORT = 15449
"""Where a registry host of a pair tells the other one who pushed what when."""
OWN_PORTS: Mapping[int, str] = {
    **CONTAINER_PORTS,
    AGENT_PORT: "answer to the fronts' agent-check",
    EVENTS_PORT: "what the registry tells of pushes",
    HISTORY_PORT: "what the other registry asks about pushes",
}
"""Every port of ours on a registry host."""
OWN_FOLDER = "/var/lib/ha-registry"
"""State of ours on a host; images may lie in `data` below it, a file system that we mount in `images`, and nothing else in it."""
OWN_CONFIG: dict[tuple[str, ...], str] = {
    ("version",): "the format has one version",
    ("auth",): "who may log in is the setting `users`",
    ("health",): "the switch between containers and the VIP depend on its checks",
    ("proxy",): "a pull-through cache takes no pushes",
    ("http", "addr"): "what clients connect to is the setting `ports`",
    ("http", "net"): "what clients connect to is the setting `ports`",
    ("http", "prefix"): "probes and clients expect the API at /v2/",
    ("http", "tls"): "certificates are the setting `tls`",
    ("http", "secret"): "it is generated, one for all registries, and comes from a file of mode 0600",
    ("log", "level"): "write registry.log.level",
    ("log", "formatter"): "write registry.log.format",
    ("storage", "filesystem"): "where images are kept is the setting `storage`",
    ("storage", "delete"): "write registry.delete",
    ("storage", "redirect"): "write storage.s3.redirect",
    ("storage", "cache"): "a cache in one registry's memory answers wrongly after a change through another",
    ("storage", "maintenance", "readonly"): "who may push is the setting access.push",
}
"""Keys of the registry's config.yml that carry a promise of ours, and the setting to use instead."""
POD_CONFIG: Mapping[tuple[str, ...], str] = OWN_CONFIG | {
    ("http", "debug"): "probes and metrics use it; who may read metrics is the setting `metrics`",
}
"""The same in a pod."""
