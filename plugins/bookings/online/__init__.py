"""What people without a log-in see and do: the calls behind the widget, and what they are told."""
