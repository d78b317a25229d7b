//! Trade: forecast.
