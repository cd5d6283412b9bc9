"""Those who hold heads of our log beside us: one file for each kind."""
