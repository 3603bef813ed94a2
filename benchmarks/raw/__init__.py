"""The yardstick: the same rows, order and indexes with SQLAlchemy Core alone, as a careful programmer would write it
by hand for this one record. No access rules, no hooks, no validation beyond what a value needs to be stored."""
