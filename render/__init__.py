"""Settings in, text out: no Pulumi, no I/O, no clock, no randomness; same input, same bytes."""
