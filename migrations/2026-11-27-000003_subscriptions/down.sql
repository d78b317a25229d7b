DROP INDEX subscriptions_running;
DROP TABLE subscription_pauses;
DROP TABLE subscription_trials;
