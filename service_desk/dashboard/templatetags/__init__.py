"""Tags and filters of the frame's templates."""
