# Sellers.
