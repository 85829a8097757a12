"""What the resources of the pathway say, as plain facts."""
