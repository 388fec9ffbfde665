"""The engine: its builder, and real stacks on what it built."""
