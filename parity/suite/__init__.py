"""The layer parity suite: pytest --pyargs parity.suite -k layer_parity."""
