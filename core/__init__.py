"""The core of Parlour: plugins, records, access. It imports no plugin."""
