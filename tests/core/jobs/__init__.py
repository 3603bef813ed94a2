"""Tests of the outbox, the relays, the schedules and the workers."""
