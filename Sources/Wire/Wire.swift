// This room's first files come with the next commits.
