"""Screen, keep, read: the only room that stores pupil rows."""
