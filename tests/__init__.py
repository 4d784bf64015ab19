"""The tests: mirror of the packages, with oracles, agreement and properties beside."""
