"""Pure decisions of the media wall: what a page shows, and what changed since it was last shown."""
