"""The verbs as they are typed, one module per thing they act on."""
