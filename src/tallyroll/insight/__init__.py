"""What a school may know about its own pupils: named, local, never leaves. Rooms of a later issue."""
