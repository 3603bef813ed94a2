"""What tests of Parlour and of its plugins share; shipped, so that vendors test against the same."""
