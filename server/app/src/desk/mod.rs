//! The approver's desk, `muster approve --serve`: pages on the approver's own machine, drawn by the approver's own program, because
//! what cannot be undone needs a screen that the server does not draw (PROTOCOL §1.4). It asks the portal over its API, checks what
//! comes with [`crate::offline`], and believes its own pin alone.
//!
//! Nothing here touches [`crate::app::App`]; nothing here decides what a signature is worth: phones do.

mod ceremony;
mod gate;
mod inbox;
mod item;
mod keys;
mod listener;
mod look;
pub mod profile;
mod sign;
mod sockets;
mod tally;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use actix_web::dev::ServerHandle;
use muster_protocol::digest::Digest;
use muster_protocol::keyring::HeldKeyring;
use muster_protocol::time::UnixTime;
use muster_protocol::words;
use tokio::task::JoinHandle;

use crate::clock::Clock;
use crate::offline::client::Api;
use crate::random::Random;
use crate::web::text::{Catalogue, Key, Texts};
use crate::web::view::desk::{DeskFrame, FleetMark, Here};
use crate::web::view::{Frame, Place, Theme};
use ceremony::Ceremonies;
use gate::Gate;
use profile::Profile;

/// The port of every desk, unless its owner says otherwise: a passkey signs on the origin where it was made, port included.
pub const PORT: u16 = 7443;
/// Words of a fleet's fingerprint that the pages show for comparison.
const FLEET_WORDS: usize = 5;

/// How a desk is opened. Not to be printed: it holds a token.
#[derive(Clone)]
pub struct Settings {
    /// Address of the portal.
    pub server: String,
    /// An API token.
    pub token: String,
    /// The owner's key files.
    pub keys: Vec<PathBuf>,
    /// The fleet to pin, where no key file does.
    pub fleet: Option<Digest>,
    /// What the owner is called, where no key file says.
    pub name: Option<String>,
    /// The desk's folder.
    pub dir: PathBuf,
    /// The port; 0 takes a free one.
    pub port: u16,
}

/// What the pages of a desk share.
struct Desk {
    api: Api,
    profile: Profile,
    gate: Gate,
    ceremonies: Ceremonies,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    texts: Catalogue,
    /// The newest keyring of each fleet that was checked since the start.
    known: Mutex<BTreeMap<Digest, HeldKeyring>>,
}

/// A desk that is open.
pub struct Running {
    /// The address to open, once.
    pub link: String,
    /// Where its pages are: what a passkey made here signs on.
    pub origin: String,
    handle: ServerHandle,
    task: JoinHandle<std::io::Result<()>>,
}

impl Running {
    /// Opens a desk.
    ///
    /// # Errors
    /// A sentence: a key file or the folder cannot be used, no fleet is pinned, or the port is taken.
    pub fn start(
        settings: &Settings,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Result<Self, String> {
        let api = Api::at(&settings.server, &settings.token)?;
        let profile = Profile::open(settings, &*random)?;
        let sockets = sockets::bind(settings.port)?;
        let gate = Gate::new(sockets::port(&sockets)?, &*random);
        let (link, origin) = (gate.link(), gate.origin.clone());
        let desk = Desk {
            api,
            profile,
            gate,
            ceremonies: Ceremonies::default(),
            clock,
            random,
            texts: Catalogue::load().map_err(|error| error.to_string())?,
            known: Mutex::default(),
        };
        let server = listener::start(Arc::new(desk), sockets)
            .map_err(|error| format!("The desk cannot be opened: {error}."))?;
        Ok(Self {
            link,
            origin,
            handle: server.handle(),
            task: tokio::spawn(server),
        })
    }

    /// Closes the desk: what is under way ends, nothing new begins.
    pub async fn stop(self) {
        self.handle.stop(true).await;
        drop(self.task.await);
    }
}

impl Desk {
    /// The time as signed documents have it.
    fn now(&self) -> UnixTime {
        UnixTime(u64::try_from(self.clock.now().as_second()).unwrap_or(0))
    }

    fn words(&self) -> Texts {
        self.texts.texts("")
    }

    /// A sentence.
    fn say(&self, key: Key) -> String {
        self.words().word(key)
    }

    /// Words and marks of a page.
    fn frame(&self) -> Frame {
        Frame {
            t: self.words(),
            now: self.clock.now(),
            here: Place::Nowhere,
            theme: Theme::System,
            csrf: self.gate.csrf.clone(),
            toast: None,
            viewer: None,
        }
    }

    /// What stands around a page of the desk.
    fn around(&self, here: Here) -> DeskFrame {
        DeskFrame {
            base: self.gate.base.clone(),
            owner: self.profile.owner.clone(),
            server: self.api.base().to_owned(),
            fleets: self.profile.pins().iter().map(mark).collect(),
            here,
        }
    }

    /// Keeps the newest keyring that was checked.
    fn learn(&self, pin: Digest, held: &HeldKeyring) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let is_newer = known
            .get(&pin)
            .is_none_or(|before| before.keyring.version < held.keyring.version);
        if is_newer {
            known.insert(pin, held.clone());
        }
    }

    /// The newest keyring of each fleet that was checked since the start.
    fn learned(&self) -> Vec<HeldKeyring> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.values().cloned().collect()
    }
}

/// A fleet as pages show it.
fn mark(pin: &Digest) -> FleetMark {
    FleetMark {
        fingerprint: pin.to_hex(),
        words: words::words(&pin.as_bytes()[..FLEET_WORDS]).join(" "),
    }
}
