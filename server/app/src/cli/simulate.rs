//! `muster simulate`.

use clap::Args;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use muster_domain::selling::zone::Zone;

use super::Settings;
use super::say::say;
use crate::simulation::{Simulation, Span};

/// From when to when.
#[derive(Args)]
pub(crate) struct Options {
    #[command(flatten)]
    settings: Settings,
    /// The first day, as 2027-01-01 (UTC)
    #[arg(long, value_name = "DATE")]
    from: Date,
    /// The day at whose beginning it ends
    #[arg(long, value_name = "DATE")]
    to: Date,
    /// Add so many sample subscriptions to the copy, of plans and buyers of its own
    #[arg(long, value_name = "N", default_value_t = 0)]
    subscriptions: u32,
    /// How far the clock moves at once, hours
    #[arg(long, value_name = "HOURS", default_value_t = 6, value_parser = clap::value_parser!(u16).range(1..=24))]
    step: u16,
}

/// Runs it and says each month when it is over.
///
/// # Errors
/// A sentence: the dates do not fit, the data cannot be copied, or a job failed.
pub async fn run(options: Options) -> Result<(), String> {
    let config = options.settings.load()?;
    let (from, to) = (midnight(options.from)?, midnight(options.to)?);
    if to <= from {
        return Err(format!(
            "--to {} is not after --from {}. Give a later day.",
            options.to, options.from
        ));
    }
    let opened = tokio::task::spawn_blocking(move || Simulation::of(&config, from)).await;
    let simulation = opened.map_err(|error| format!("the start failed: {error}"))??;
    if options.subscriptions > 0 {
        simulation.add_samples(options.subscriptions).await?;
    }
    let span = Span {
        from,
        to,
        step: SignedDuration::from_hours(i64::from(options.step)),
    };
    simulation.run(span, |month| say!("{month}")).await?;
    say!("This was a copy. Nothing of it was written to your data, and no mail left.");
    Ok(())
}

fn midnight(date: Date) -> Result<Timestamp, String> {
    Zone::utc().start_of(date).map_err(|_| {
        format!("{date} lies outside the calendar. Choose a day between the years 1 and 9999.")
    })
}
