//! One running node: two listeners and the schedule, started and stopped together.

use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use actix_web::dev::ServerHandle;
use tokio::task::JoinHandle;

use crate::app::{App, Surroundings};
use crate::clock::{Clock, SystemClock};
use crate::config::{self, Config};
use crate::features;
use crate::features::operations::schedule::{self, Schedule};
use crate::random::{Random, SystemRandom};
use crate::web::{device_listener, portal_listener, tls};

/// A running node.
pub struct Server {
    /// What it runs on.
    pub app: Arc<App>,
    handles: [ServerHandle; 2],
    tasks: [JoinHandle<std::io::Result<()>>; 2],
    schedule: Schedule,
}

/// The two sockets of a node, bound before anything is opened, so that a port that is taken is told at once.
pub struct Sockets {
    portal: TcpListener,
    device: TcpListener,
}

impl Sockets {
    /// Binds both.
    ///
    /// # Errors
    /// A sentence that names the address, why it cannot be used, and what to do.
    pub fn bind(config: &Config) -> Result<Self, String> {
        Ok(Self {
            portal: bind(
                config.portal.listen,
                "portal",
                "--portal or MUSTER_PORTAL_LISTEN",
            )?,
            device: bind(
                config.device.listen,
                "device listener",
                "--device or MUSTER_DEVICE_LISTEN",
            )?,
        })
    }
}

fn bind(address: SocketAddr, what: &str, how: &str) -> Result<TcpListener, String> {
    TcpListener::bind(address).map_err(|error| {
        let known = [
            (ErrorKind::AddrInUse, "another program uses it"),
            (ErrorKind::PermissionDenied, "this user may not use it (ports below 1024 need rights)"),
            (ErrorKind::AddrNotAvailable, "this machine has no such address"),
        ];
        let why = known.iter().find(|(kind, _)| *kind == error.kind());
        let why = why.map_or_else(|| error.to_string(), |(_, why)| (*why).to_owned());
        format!("The {what} cannot listen on {address}: {why}. Stop the other program, or give another address with {how}.")
    })
}

impl Server {
    /// Starts a node with the machine's clock and generator. A portal that listens on this machine alone, and was given no
    /// address, is reached by the machine's name for itself: browsers keep passkeys for names, never for IP addresses.
    ///
    /// # Errors
    /// A sentence that says what is wrong and what to do.
    pub async fn start(mut config: Config) -> Result<Self, String> {
        let sockets = Sockets::bind(&config)?;
        if config.portal.url.is_none() {
            let address = sockets.portal.local_addr().ok();
            config.portal.url = address.and_then(config::by_name);
        }
        Self::start_with(
            config,
            sockets,
            Arc::new(SystemClock),
            Arc::new(SystemRandom),
            &features::jobs(),
        )
        .await
    }

    /// Starts a node with a clock and a generator of the caller's, on which these jobs run by themselves.
    ///
    /// # Errors
    /// A sentence that says what is wrong and what to do.
    pub async fn start_with(
        config: Config,
        sockets: Sockets,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
        jobs: &[schedule::Job],
    ) -> Result<Self, String> {
        let surroundings = Surroundings {
            clock,
            random,
            portal_url: config
                .portal
                .url
                .clone()
                .unwrap_or_else(|| own_url("http", &sockets.portal)),
            device_url: config
                .device
                .url
                .clone()
                .unwrap_or_else(|| own_url("https", &sockets.device)),
        };
        let app = tokio::task::spawn_blocking(move || App::open(config, surroundings))
            .await
            .map_err(|error| format!("the start failed: {error}"))??;
        let app = Arc::new(app);
        let certificate = app.authority.take_server_certificate(
            &app.config,
            &app.device_url,
            &*app.random,
            app.now(),
        )?;
        let tls = tls::device_listener(
            certificate,
            app.authority.device_issuers()?,
            app.clock.clone(),
        )
        .map_err(|error| format!("TLS cannot be set up: {error}"))?;
        let trouble = |error: std::io::Error| format!("a listener cannot start: {error}");
        let routes = portal_listener::Routes {
            portal: features::portal_routes(),
            approvals: features::approvals_routes(),
        };
        let portal =
            portal_listener::start(app.clone(), routes, sockets.portal).map_err(trouble)?;
        let device =
            device_listener::start(app.clone(), features::device_routes(), tls, sockets.device)
                .map_err(trouble)?;
        let handles = [portal.handle(), device.handle()];
        let tasks = [tokio::spawn(portal), tokio::spawn(device)];
        schedule::take_over(&app).await?;
        let schedule = schedule::start(&app, jobs).await?;
        Ok(Self {
            app,
            handles,
            tasks,
            schedule,
        })
    }

    /// Stops: no new request is taken, those under way finish, parked phones are sent home, the running job ends.
    pub async fn stop(self) {
        self.app.wakeups.wake_all();
        let [portal, device] = self.handles;
        tokio::join!(portal.stop(true), device.stop(true), self.schedule.stop());
        for task in self.tasks {
            drop(task.await);
        }
    }
}

/// The address of a socket as something on this machine would type it.
fn own_url(scheme: &str, socket: &TcpListener) -> String {
    match socket.local_addr() {
        Ok(address) if address.ip().is_unspecified() => {
            format!("{scheme}://127.0.0.1:{}", address.port())
        }
        Ok(address) => format!("{scheme}://{address}"),
        Err(_) => format!("{scheme}://127.0.0.1"),
    }
}
