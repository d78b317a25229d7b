# Subscriptions.
