# Catalogue.
