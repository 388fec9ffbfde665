"""base: what every other concern needs on a host."""

from __future__ import annotations

from render.layout import RUN
from render.script import Script, library
from settings import Host, Pair


def script(system: Pair, host: Host, image_ca: str) -> Script:
    """Library, account, packages; Docker, and the CA of the registry that serves the image, only where a registry runs."""
    serves = host in system.registries
    source = system.registry.source
    trusts = serves and bool(image_ca)
    return Script(
        host=host.name,
        concern="base",
        facts={
            "SERVES": "yes" if serves else "no",
            "SKOPEO": "yes" if serves and source.proxy else "no",
            "IMAGE_HOST": system.registry.image.split("/", 1)[0] if trusts else "",
        },
        files={
            "tmpfiles.conf": f"d {RUN} 0755 root root -\n",
            **({"image-ca.crt": image_ca.rstrip("\n") + "\n"} if trusts else {}),
            "host.sh": library(),
        },
        carries_library=True,
    )
