"""What a host looks like: everything that the program could leave behind there."""

from __future__ import annotations

import re
from collections.abc import Mapping

from lab.host import Host

OUTSIDE = ("/proc", "/sys", "/dev", "/tmp", "/run", "/var/lib/docker")
HASHED = ("/etc", "/usr/local", "/root", "/home", "/opt", "/srv", "/data", "/usr/lib/systemd")
"""Folders whose files are compared by content, everything else by size."""
SCRIPT = r"""
set -u
say() { while IFS= read -r line; do printf '%s\t%s\n' "$1" "$line"; done; }
prune=$(printf -- '-path %s -prune -o ' $OUTSIDE)
find / $prune -type f -printf '%p\t%y %m %u:%g %s\n' -o $prune -not -type f -printf '%p\t%y %m %u:%g %l\n' 2>/dev/null | say path
find /run /var/lib/docker /tmp -maxdepth 1 -printf '%p\t%y %m %u:%g\n' 2>/dev/null | say path
find $HASHED -type f -exec sha256sum {} + 2>/dev/null | sed -E 's/^([0-9a-f]+)  (.*)/\2\t\1/' | say content
dpkg-query -W -f '${Package}\t${db:Status-Abbrev} ${Version}\n' | say package
getent passwd | sed 's/:/\t/' | say account
getent group | sed 's/:/\t/' | say group
systemctl list-unit-files --no-legend --no-pager | awk '{print $1 "\t" $2}' | say unit-file
systemctl list-units --all --no-legend --no-pager --plain --type=service,socket,timer,mount,path | awk '{print $1 "\t" $3}' | say unit
nft -s list ruleset | awk '{print NR "\t" $0}' | say nft
ip -o link | sed -E 's/^[0-9]+: ([^:@]+)[^ ]*: <([^>]*)>.*/\1\t\2/' | say link
ip -o address | awk '{print $2 " " $4 "\t" $3}' | say address
ip route | sed -E 's/ +$//; s/$/\t-/' | say route
ss -Hltun | awk '{print $1 " " $5 "\t-"}' | say listening
sysctl -a 2>/dev/null | grep -E '^net\.ipv[46]\.(ip_|conf\.all\.|neigh\.default|vs\.)' | sed 's/ = /\t/' | say sysctl
findmnt -rno TARGET,FSTYPE | sed 's/ /\t/' | say mount
"""
TRANSIENT = re.compile(
    r"unit\t(user@|user-runtime-dir@|session-|run-|systemd-(tmpfiles|journal-flush|update-utmp)|apt-daily|dpkg-|e2scrub|man-db|logrotate)"
    r"|path\t/run/(user|systemd|log|utmp|lock|initctl|adduser|motd\.dynamic)"
    r"|path\t(/var)?/tmp/systemd-private-"
    r"|mount\t/run/user"
    # the resolver that Docker gives to a lab host
    r"|listening\t\w+ 127\.0\.0\.11:"
)
"""Comes and goes on every host, with logins and timers of the distribution."""


def taken(host: Host) -> Mapping[str, str]:
    """Key (kind and name) to what is there."""
    facts = f"OUTSIDE='{' '.join(OUTSIDE)}' HASHED='{' '.join(HASHED)}'"
    seen: dict[str, str] = {}
    for line in host.output(["bash", "-s"], facts + SCRIPT, timeout_s=300).splitlines():
        kind, _, rest = line.partition("\t")
        name, _, value = rest.partition("\t")
        key = f"{kind}\t{name}"
        if not TRANSIENT.match(key):
            seen[key] = value
    return seen


def difference(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """One line per fact that is not the same: `kind name: was -> is`."""
    keys = sorted({*before, *after})
    changed = [key for key in keys if before.get(key) != after.get(key)]
    return [f"{key.replace(chr(9), ' ')}: {before.get(key, 'absent')} -> {after.get(key, 'absent')}" for key in changed]
