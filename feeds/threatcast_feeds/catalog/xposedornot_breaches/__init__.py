"""XposedOrNot's public index of data breaches."""
