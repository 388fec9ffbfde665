"""The Pulumi CLI and plugins, built from pinned Go modules where they cannot be downloaded."""
