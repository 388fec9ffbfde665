"""Pulumi components: settings and rendered text become resources."""
