"""The moving body behind a recording: constant bone lengths, one camera, no leaps."""
