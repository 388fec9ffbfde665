"""One resource of each plugin; what the command does is written down in `journal` on the host."""

import pulumi
import pulumi_random
import pulumi_tls
from pulumi_command import local, remote

config = pulumi.Config()
journal = config.require("journal")

password = pulumi_random.RandomPassword("password", length=20)
key = pulumi_tls.PrivateKey("key", algorithm="ECDSA", ecdsa_curve="P256")
run = remote.Command(
    "run",
    connection=remote.ConnectionArgs(
        host="127.0.0.1",
        port=config.require_float("port"),
        user=config.require("user"),
        private_key=config.require_secret("key"),
        host_key=config.require("hostKey"),
        dial_error_limit=0,
        per_dial_timeout=10,
    ),
    create=config.get("create") or f"echo apply >>{journal}; cat >{journal}.stdin; echo done",
    delete=f"echo remove >>{journal}",
    stdin=config.require("stdin"),
    triggers=[config.require("trigger")],
    add_previous_output_in_env=False,
    opts=pulumi.ResourceOptions(
        delete_before_replace=True, additional_secret_outputs=["stdout"] if config.get_bool("secretOutput") else None
    ),
)
if config.get_bool("local"):
    local.Command("local", create="true")
pulumi.export("password", password.result)
pulumi.export("privateKey", key.private_key_pem)
pulumi.export("stdout", run.stdout)
