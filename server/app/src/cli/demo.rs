//! `muster demo`.

use super::DemoOptions;
use super::say::say;
use crate::features::demo;

/// Runs the demo until it is told to stop.
///
/// # Errors
/// A sentence that says why it cannot start.
pub async fn run(options: DemoOptions) -> Result<(), String> {
    let demo = demo::start(demo::Wanted {
        dir: options.dir,
        fresh: options.fresh,
        portal: options.portal,
        device: options.device,
    })
    .await?;
    say!("{}", demo.words());
    super::stop_signal().await;
    eprintln!("\nStopping.");
    demo.stop().await;
    Ok(())
}
