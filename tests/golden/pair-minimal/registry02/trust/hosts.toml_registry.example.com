server = "https://registry.example.com"

[host."https://registry.example.com"]
  capabilities = ["pull", "resolve", "push"]
  ca = "/etc/containerd/certs.d/registry.example.com/ca.crt"
