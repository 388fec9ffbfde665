"""kubernetes: the registry as objects of a cluster: settings in, manifests out.

A manifest is the object as its YAML has it, without its status. Secrets appear by name alone; what is in them is made by
`render.kubernetes.secret`, inside `Output.apply`.
"""
