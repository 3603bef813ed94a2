"""Work that happens after the answer: outbox, relay, runner, schedules, progress."""
