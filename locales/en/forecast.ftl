# Forecast.
