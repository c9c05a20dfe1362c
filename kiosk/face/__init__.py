"""The face: camera, quality, matcher, and the studio that runs them in a process of its own."""
