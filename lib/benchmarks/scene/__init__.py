"""What the renderers share: rays and shapes, cameras, rooms, an arm and what it holds."""
