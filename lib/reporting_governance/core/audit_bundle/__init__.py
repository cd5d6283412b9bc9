"""What a bundle says about itself: its manifest, its bag, and the words for whoever opens it."""
