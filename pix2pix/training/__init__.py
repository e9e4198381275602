"""Training: the settings, the step, and a run that can be stopped at any moment."""
