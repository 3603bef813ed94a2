"""What the tests share: throw-away databases on both kinds of server, and helpers to look into them."""
