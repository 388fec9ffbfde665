"""Figures of failover, change and cost, measured on lab hosts against a control in the same run."""
