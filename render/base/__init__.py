"""base: what every other concern needs on a host."""

from __future__ import annotations

from render.layout import ACCOUNT_ID, RUN
from render.script import LIBRARY, Script, client, library
from settings import Host, Vms


def script(system: Vms, host: Host, image_ca: str) -> Script:
    """Library, account, packages; Docker, and the CA of the registry that serves the image, only where a registry runs.

    nftables on every host but a client, which has no firewall of ours.
    """
    serves = host in system.registries
    source = system.registry.source
    trusts = serves and bool(image_ca)
    return Script(
        host=host.name,
        concern="base",
        facts={
            "SERVES": "yes" if serves else "no",
            "WALLED": "no" if host in system.clients else "yes",
            "ACCOUNT_ID": str(ACCOUNT_ID) if serves and system.storage.mount else "",
            "SKOPEO": "yes" if serves and source.proxy else "no",
            "IMAGE_HOST": system.registry.image.split("/", 1)[0] if trusts else "",
        },
        files={
            "tmpfiles.conf": f"d {RUN} 0755 root root -\n",
            **({"image-ca.crt": image_ca.rstrip("\n") + "\n"} if trusts else {}),
            "host.sh": library(),
            **client(),
        },
        carries=LIBRARY,
    )
