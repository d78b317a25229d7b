//! The command line: one file a group of commands. Here are its words; what they do stands in the features.

mod admin;
mod approve;
mod audit;
mod bundle;
mod ca;
mod client;
mod demo;
mod keyring;
mod policy;
mod root;
mod say;
mod serve;
mod simulate;
mod witness;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use tracing_subscriber::EnvFilter;

use crate::config::{self, Config};
use say::say;

/// Fleets of hardened phones that obey their fleet's keys, not their server.
#[derive(Parser)]
#[command(name = "muster", version, about, long_about = None, max_term_width = 100)]
struct Program {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the server: portal, API, device listener and scheduled jobs
    Serve(Settings),
    /// Try everything at once: a server with sample data and five sandbox phones
    Demo(DemoOptions),
    /// The certificate authority
    #[command(subcommand)]
    Ca(CaCommand),
    /// A fleet's keys and keyrings: for the fleet's own, offline machine
    #[command(subcommand)]
    Keyring(KeyringCommand),
    /// A root signer's key, and what it signs: for the signer's own, offline machine
    #[command(subcommand)]
    Root(root::RootCommand),
    /// An approver's key: for the approver's own machine
    #[command(subcommand)]
    Approver(root::ApproverCommand),
    /// What phones watch by themselves, signed by approvers
    #[command(subcommand)]
    Policy(policy::PolicyCommand),
    /// What phones fetch from any web server
    #[command(subcommand)]
    Bundle(bundle::BundleCommand),
    /// What a fleet's people hold in their hands
    #[command(subcommand)]
    Fleet(FleetCommand),
    /// Look at a command, check it against your own pin, and sign it
    Approve(ApproveOptions),
    /// Take a log home, judge it without its server, follow it from outside
    #[command(subcommand)]
    Audit(audit::AuditCommand),
    /// An outside witness of the log: its own process, key and folder
    #[command(subcommand)]
    Witness(witness::WitnessCommand),
    /// People who sign in
    #[command(subcommand)]
    Member(MemberCommand),
    /// Tokens of the API
    #[command(subcommand)]
    Token(TokenCommand),
    /// Take a copy of the data through time and tell what would be billed, mailed and suspended
    Simulate(simulate::Options),
    /// Bring the database up to date and say what was done
    Migrate(Settings),
    /// Say which version this is
    Version,
}

/// Where the settings come from.
#[derive(Args, Clone)]
pub(crate) struct Settings {
    /// A TOML file; every value can also be given as a MUSTER_… variable, which wins
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

impl Settings {
    fn load(&self) -> Result<Config, String> {
        config::load(self.config.as_deref(), config::environment)
    }
}

#[derive(Args)]
pub(crate) struct DemoOptions {
    /// Where the demo keeps its data; started again there, it goes on where it was
    #[arg(long, value_name = "DIR", default_value = "demo-data")]
    dir: PathBuf,
    /// Throw the demo's old data away first
    #[arg(long)]
    fresh: bool,
    /// Where the portal listens
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    portal: SocketAddr,
    /// Where the phones' listener listens
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8443")]
    device: SocketAddr,
}

#[derive(Subcommand)]
enum CaCommand {
    /// Make the root and the two intermediates, keys sealed under the key file
    Init {
        #[command(flatten)]
        settings: Settings,
        /// Move the root's sealed key to this file, off this machine
        #[arg(long, value_name = "FILE")]
        export_root_key: Option<PathBuf>,
    },
    /// Show the root's fingerprint and certificate
    Show {
        #[command(flatten)]
        settings: Settings,
    },
    /// Hear phones that another server enrolled, whose backup was restored here: name its ca/devices.crt
    Trust {
        #[command(flatten)]
        settings: Settings,
        /// The former server's CA of phones, PEM
        #[arg(value_name = "FILE")]
        certificate: PathBuf,
    },
    /// Issue a certificate for another listener, such as a proxy
    IssueServer {
        #[command(flatten)]
        settings: Settings,
        /// DNS name or IP address; give it once for each
        #[arg(long = "name", value_name = "NAME", required = true)]
        names: Vec<String>,
        /// Folder for server.crt and server.key
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
    },
}

#[derive(Subcommand)]
enum KeyringCommand {
    /// Fetch the public facts of the server that the ceremony needs; makes the server's two keys the first time
    Facts {
        #[command(flatten)]
        server: ServerOptions,
        /// The reseller whose phones these will be
        #[arg(long, value_name = "ID")]
        organisation: String,
        /// File to write
        #[arg(long, value_name = "FILE", default_value = "facts.json")]
        out: PathBuf,
        /// Have the server make fresh keys for the next keyring; they take the place of the old ones when it is published
        #[arg(long)]
        new_keys: bool,
    },
    /// Make keys or take those of their owners, and write the descriptor and the first keyring; no network needed
    Create(keyring::CreateOptions),
    /// Draw a challenge for the owner of an independent passkey to register it with
    Challenge,
    /// Write the next keyring, unsigned: renewed, with approvers exchanged, with other servers or witnesses
    Draft(Box<keyring::DraftOptions>),
    /// Bring the server the descriptor and every keyring that it lacks
    Publish {
        #[command(flatten)]
        server: ServerOptions,
        /// The fleet's folder
        #[arg(long, value_name = "DIR")]
        dir: PathBuf,
    },
    /// Show a keyring in plain words, checked against a descriptor
    Show {
        /// The fleet's folder
        #[arg(long, value_name = "DIR")]
        dir: PathBuf,
    },
}

#[derive(Subcommand)]
enum FleetCommand {
    /// Print the fleet's fingerprint as words and as a QR, from the offline side
    Card {
        /// The folder that `muster keyring create` made
        #[arg(long, value_name = "DIR")]
        dir: PathBuf,
    },
}

/// The server that a program on somebody's own machine talks to.
#[derive(Args, Clone)]
pub(crate) struct ServerOptions {
    /// Address of the portal
    #[arg(long, value_name = "URL", env = "MUSTER_SERVER")]
    server: String,
    /// An API token
    #[arg(
        long,
        value_name = "TOKEN",
        env = "MUSTER_TOKEN",
        hide_env_values = true
    )]
    token: String,
}

#[derive(Args)]
pub(crate) struct ApproveOptions {
    /// The command's id
    #[arg(
        value_name = "COMMAND",
        required_unless_present = "serve",
        conflicts_with = "serve"
    )]
    command: Option<String>,
    /// Your key file; it holds your key and the fleet you believe in. With --serve, once for each of your files
    #[arg(long = "key", value_name = "FILE", required_unless_present = "serve")]
    keys: Vec<PathBuf>,
    #[command(flatten)]
    server: ServerOptions,
    /// Sign without asking, for scripts that read the output themselves
    #[arg(long, conflicts_with = "serve")]
    yes: bool,
    /// Open your desk: pages in your own browser, drawn by this program, with everything that waits for you
    #[arg(long)]
    serve: bool,
    /// The desk's port on this machine. A passkey signs only on the port on which it was made
    #[arg(long, value_name = "PORT", default_value_t = crate::desk::PORT, requires = "serve")]
    listen: u16,
    /// The desk's folder, for the public parts of passkeys. Default: beside the key file, or ~/.config/muster/desk
    #[arg(long, value_name = "DIR", requires = "serve")]
    dir: Option<PathBuf>,
    /// The fleet that you believe in, when no key file says so: 64 hexadecimal characters, or the card's words
    #[arg(long, value_name = "FINGERPRINT", requires = "serve")]
    fleet: Option<String>,
    /// What you are called, when no key file says so
    #[arg(long, value_name = "NAME", requires = "serve")]
    name: Option<String>,
}

#[derive(Subcommand)]
enum MemberCommand {
    /// Make a link by which a member sets a new password
    ResetPassword {
        #[command(flatten)]
        settings: Settings,
        /// The member's e-mail address
        email: String,
    },
}

#[derive(Subcommand)]
enum TokenCommand {
    /// Make a token; it is shown once
    Create {
        #[command(flatten)]
        settings: Settings,
        /// What it is for
        #[arg(long, value_name = "NAME")]
        name: String,
        /// owner, admin, agent, support or auditor
        #[arg(long, value_name = "ROLE")]
        role: String,
        /// The organisation it acts in; the operator when left out
        #[arg(long, value_name = "ID")]
        organisation: Option<String>,
    },
}

/// Runs the program with this process's arguments.
#[must_use]
pub fn main() -> ExitCode {
    let program = Program::parse();
    // One provider for every client this program makes; the listeners are given theirs explicitly.
    drop(crate::web::tls::provider().install_default());
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return fail(&format!("The program cannot start its threads: {error}.")),
    };
    match runtime.block_on(run(program.command)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(sentence) => fail(&sentence),
    }
}

async fn run(command: Command) -> Result<(), String> {
    match command {
        Command::Serve(settings) => {
            log_to_stderr("info");
            serve::run(settings.load()?).await
        }
        Command::Demo(options) => {
            log_to_stderr("warn");
            demo::run(options).await
        }
        Command::Ca(command) => match command {
            CaCommand::Init {
                settings,
                export_root_key,
            } => ca::init(&settings.load()?, export_root_key.as_deref()),
            CaCommand::Show { settings } => ca::show(&settings.load()?),
            CaCommand::Trust {
                settings,
                certificate,
            } => admin::trust_former_ca(settings.load()?, &certificate).await,
            CaCommand::IssueServer {
                settings,
                names,
                out,
            } => ca::issue_server(&settings.load()?, &names, &out),
        },
        Command::Keyring(command) => match command {
            KeyringCommand::Facts {
                server,
                organisation,
                out,
                new_keys,
            } => keyring::facts(&server, &organisation, &out, new_keys).await,
            KeyringCommand::Create(options) => keyring::create(options),
            KeyringCommand::Challenge => {
                keyring::challenge();
                Ok(())
            }
            KeyringCommand::Draft(options) => keyring::draft(&options),
            KeyringCommand::Publish { server, dir } => keyring::publish(&server, &dir).await,
            KeyringCommand::Show { dir } => keyring::show(&dir),
        },
        Command::Root(command) => root::run(command),
        Command::Approver(command) => root::run_approver(command),
        Command::Policy(command) => policy::run(command).await,
        Command::Bundle(command) => bundle::run(command),
        Command::Fleet(FleetCommand::Card { dir }) => keyring::card(&dir),
        Command::Audit(command) => {
            log_to_stderr("warn");
            audit::run(command).await
        }
        Command::Witness(command) => {
            log_to_stderr("info");
            witness::run(command).await
        }
        Command::Approve(options) if options.serve => {
            log_to_stderr("warn");
            approve::serve(options).await
        }
        Command::Approve(options) => approve::run(options).await,
        Command::Member(MemberCommand::ResetPassword { settings, email }) => {
            admin::reset_password(settings.load()?, &email).await
        }
        Command::Token(TokenCommand::Create {
            settings,
            name,
            role,
            organisation,
        }) => admin::create_token(settings.load()?, &name, &role, organisation.as_deref()).await,
        Command::Simulate(options) => simulate::run(options).await,
        Command::Migrate(settings) => admin::migrate(&settings.load()?),
        Command::Version => {
            say!("muster {}", env!("CARGO_PKG_VERSION"));
            Ok(())
        }
    }
}

fn fail(sentence: &str) -> ExitCode {
    eprintln!("muster: {sentence}");
    ExitCode::FAILURE
}

/// Logs go to standard error, so that what a command prints can be piped. `RUST_LOG` says what is logged.
fn log_to_stderr(usual: &str) {
    let filter = config::environment("RUST_LOG")
        .unwrap_or_else(|| format!("{usual},actix_server=warn,tokio_cron_scheduler=warn"));
    let filter = EnvFilter::try_new(&filter).unwrap_or_else(|_| EnvFilter::new(usual));
    let logger = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    drop(logger.try_init());
}

/// Waits for Ctrl-C or the signal by which service managers stop a program.
pub(crate) async fn stop_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        drop(tokio::signal::ctrl_c().await);
        return;
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}
