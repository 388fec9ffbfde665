"""Real hosts, thrown away afterwards: the machines that a stack file names, as containers with systemd and sshd."""
