//! Settings: the one place that reads files of settings and the environment.
//!
//! Every value has a default, stands in the TOML file under the name of its field, and can be given as a variable named
//! in the field's documentation. A variable wins over the file. Unknown keys are refused with the nearest known name.

mod approvals;
mod file;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};

pub use approvals::{ApprovalsHost, origin_of};
pub use file::{environment, load};

/// All settings of one node.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where the database (when embedded), the CA and the key file live. `MUSTER_DATA_DIR`, default `muster-data`.
    pub data_dir: PathBuf,
    /// `sqlite:PATH` or `postgres://…`. `MUSTER_DATABASE_URL`, default SQLite in the data folder.
    pub database_url: String,
    /// 32 random bytes that seal every private key at rest. `MUSTER_KEY_FILE`, default `secret.key` in the data folder,
    /// made at the first start, readable by its owner only.
    pub key_file: PathBuf,
    /// The portal and its API.
    pub portal: Portal,
    /// The listener of the phones.
    pub device: Device,
    /// Outgoing mail.
    pub mail: Mail,
    /// Addresses of the witnesses that are asked for cosignatures and clearances, `http://` or `https://`. `MUSTER_WITNESSES`,
    /// separated by commas, default none. Which of them count, the fleets' keyrings say.
    pub witnesses: Vec<String>,
    /// How costly a password hash is.
    pub password_cost: PasswordCost,
    /// The crash point to die at; tests only, and only in a build with the feature `crash-points`. `MUSTER_CRASH_AT`.
    pub crash_at: Option<String>,
}

/// The portal and its API.
#[derive(Debug, Clone)]
pub struct Portal {
    /// Address to listen on. `MUSTER_PORTAL_LISTEN`, default `127.0.0.1:8080`.
    pub listen: SocketAddr,
    /// What people type, and what links in mail begin with. `MUSTER_PORTAL_URL`, default `http://` and the address, or
    /// `http://localhost` and the port where that leads to it. With `https://` cookies are bound to TLS. Passkeys are bound
    /// to its host, which must be a name: another one later makes them worthless.
    pub url: Option<String>,
    /// Where members approve with passkeys: another host that leads to the same listener. `MUSTER_APPROVALS_URL`, default none;
    /// for a portal at `localhost`, `http://approvals.localhost` and the port.
    pub approvals_url: Option<String>,
}

/// The listener of the phones.
#[derive(Debug, Clone)]
pub struct Device {
    /// Address to listen on. `MUSTER_DEVICE_LISTEN`, default `0.0.0.0:8443`.
    pub listen: SocketAddr,
    /// The `https://` address that phones are given. `MUSTER_DEVICE_URL`, default `https://127.0.0.1` and the port. Its
    /// host is a name of the server's certificate.
    pub url: Option<String>,
    /// More DNS names and addresses for the server's certificate. `MUSTER_DEVICE_NAMES`, separated by commas.
    pub names: Vec<String>,
}

/// Outgoing mail.
#[derive(Debug, Clone)]
pub struct Mail {
    /// Sender of every mail. `MUSTER_MAIL_FROM`, default `Muster <muster@localhost>`.
    pub from: String,
    /// How mail leaves. `MUSTER_MAIL_SMTP_URL`, or `MUSTER_MAIL_DIR`; default: files in `mail/` in the data folder.
    pub transport: MailTransport,
    /// The certificate (PEM) of a CA of one's own that the mail server's is from. `MUSTER_MAIL_CA_FILE`, default none: the public
    /// authorities alone.
    pub ca_file: Option<PathBuf>,
}

/// How mail leaves.
#[derive(Debug, Clone)]
pub enum MailTransport {
    /// `smtps://`, or `smtp://` with `?tls=required` for STARTTLS; user and password where the server wants them.
    Smtp(String),
    /// One `.eml` file each in a folder.
    Directory(PathBuf),
    /// Kept in memory, for tests.
    Memory,
}

/// How costly a password hash is (Argon2id, RFC 9106).
#[derive(Debug, Clone, Copy)]
pub struct PasswordCost {
    /// KiB of memory.
    pub memory_kib: u32,
    /// Passes over it.
    pub passes: u32,
}

impl PasswordCost {
    /// OWASP ASVS 5.0 asks for 19 MiB and two passes at least.
    pub const STRONG: Self = Self {
        memory_kib: 19 * 1024,
        passes: 2,
    };
    /// The cheapest Argon2 there is: for tests.
    pub const CHEAP: Self = Self {
        memory_kib: 8,
        passes: 1,
    };
}

/// `http://localhost` and the port, where that leads to a listener at `address`.
#[must_use]
pub fn by_name(address: SocketAddr) -> Option<String> {
    let here = [
        IpAddr::from(Ipv4Addr::LOCALHOST),
        IpAddr::from(Ipv6Addr::LOCALHOST),
    ];
    here.contains(&address.ip())
        .then(|| format!("http://localhost:{}", address.port()))
}

impl Config {
    /// The settings of a node whose data lies in `data_dir` and for which nothing else was said.
    #[must_use]
    pub fn in_dir(data_dir: &Path) -> Self {
        Self {
            data_dir: data_dir.to_owned(),
            database_url: format!("sqlite:{}", data_dir.join("muster.db").display()),
            key_file: data_dir.join("secret.key"),
            portal: Portal {
                listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
                url: None,
                approvals_url: None,
            },
            device: Device {
                listen: SocketAddr::from(([0, 0, 0, 0], 8443)),
                url: None,
                names: Vec::new(),
            },
            mail: Mail {
                from: "Muster <muster@localhost>".to_owned(),
                transport: MailTransport::Directory(data_dir.join("mail")),
                ca_file: None,
            },
            witnesses: Vec::new(),
            password_cost: PasswordCost::STRONG,
            crash_at: None,
        }
    }
}
