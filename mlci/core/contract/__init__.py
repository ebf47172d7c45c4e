"""What a data set must satisfy: the contract as a person writes it, its atomic constraints, and changes between two.

Nothing is imported here: the configuration needs the words of a share, and every verb reads the configuration.
"""
