// This room's tests come with its code.
