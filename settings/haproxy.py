"""How the fronts of the topology `fronted` serve: haproxy before the registries."""

from __future__ import annotations

from typing import Literal

from settings.network import Port
from settings.quantity import Duration
from settings.section import Section
from settings.value import UserName
from settings.web import StatsPath, Times

Balance = Literal["leastconn", "roundrobin", "source"]


class Check(Section):
    """How a front finds out that a registry is in trouble; a connection that fails under load counts at once, beside this."""

    interval: Duration = Duration("500ms")
    """Time between two checks of a registry, 100ms to 1m."""
    fall: Times = 2
    """Checks that fail in a row before a registry gets no more requests."""
    rise: Times = 2
    """Checks that succeed in a row before it gets requests again."""


class Stats(Section):
    """The statistics page, on each front's own address, never on the VIP; its password is generated, or the secret `statsPassword`."""

    port: Port = 1158
    """Where the page is, by TLS."""
    path: StatsPath = "/haproxy"
    """Path of the page."""
    user: UserName = "admin"
    """Who may see it, and the metrics."""
    refresh: Duration = Duration("10s")
    """How often the page reloads itself in a browser, 1s to 1h."""


class Haproxy(Section):
    """How the fronts pass requests on."""

    mode: Literal["http", "tcp"] = "http"
    """`http`: TLS ends here and starts anew to the registry, whose certificate is verified. `tcp`: bytes are passed on as they come."""
    balance: Balance | None = None
    """How a registry is chosen; left out: `leastconn`, but `source` on `nfs` and `mounted`, where an upload must stay on one registry."""
    check: Check = Check()
    """How a front finds out that a registry is in trouble."""
    stats: Stats = Stats()
    """The statistics page."""
    health_port: Port = 8480
    """Where /health and /_ping answer in mode `tcp`; in mode `http` they are on `ports`."""
    metrics_port: Port = 8405
    """Prometheus metrics, on each front's own address, with the user and password of the statistics page."""
