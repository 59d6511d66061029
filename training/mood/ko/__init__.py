"""How `ko` was made: pieces, the network, the n-grams, the literature heads, calibration, card."""
