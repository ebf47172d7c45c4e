"""The verbs: each file tells the story of one, top to bottom, and names the outside by its ports."""
