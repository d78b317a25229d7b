//! `muster serve`.

use super::say::say;
use crate::config::Config;
use crate::features::people::set_up;
use crate::server::Server;

/// Runs the server until it is told to stop.
///
/// # Errors
/// A sentence that says why it cannot start.
pub async fn run(config: Config) -> Result<(), String> {
    let server = Server::start(config).await?;
    say!("Portal           {}", server.app.portal_url);
    say!("Phones           {}", server.app.device_url);
    say!("CA fingerprint   {}", server.app.authority.ca_fingerprint());
    if let Some(link) = set_up::link(&server.app)
        .await
        .map_err(|problem| problem.detail)?
    {
        say!(
            "\nNobody owns this installation yet. Open this link once, within three days, to become its first owner:\n\n  {link}\n"
        );
    }
    super::stop_signal().await;
    eprintln!("Stopping.");
    server.stop().await;
    Ok(())
}
