"""The doctor examined: every entry of the failure catalogue is set up against the simulator, and what it names is counted."""
