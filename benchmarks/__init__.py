"""How fast Parlour is, measured against plain SQLAlchemy Core doing the same work on the same rows."""
