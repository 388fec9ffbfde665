server = "https://registry01.dev.com"

[host."https://registry01.dev.com"]
  capabilities = ["pull", "resolve", "push"]
  ca = "/etc/containerd/certs.d/registry01.dev.com/ca.crt"
