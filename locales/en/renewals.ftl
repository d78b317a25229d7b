# Renewals.
