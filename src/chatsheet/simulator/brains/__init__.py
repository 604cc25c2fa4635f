"""Who answers behind the simulator's wire: replies scripted beside a test, or a real small model on this machine."""
