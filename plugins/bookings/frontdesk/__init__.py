"""What staff see and press: the calendar, booking at the desk, and the lists beside it."""
