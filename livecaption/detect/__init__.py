"""Speech detectors: a quick one for every frame, a careful one for a second opinion."""
