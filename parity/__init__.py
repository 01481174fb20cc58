"""Which layer of a ported model leaves the reference first, and by how much more than rounding.

Importing this package costs NumPy and nothing heavier.
"""
