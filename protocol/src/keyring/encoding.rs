//! A keyring's members, read and written.

use super::{
    Display, GRANTS_MAX, Grant, GrantKind, KEYS_MAX, KeyEntry, Keyring, KeyringError, Log,
    Organisations, Root, SIGNERS_MAX, ServerEntry, WholeKey, Witness, Witnesses,
};
use crate::base64;
use crate::command::Kind;
use crate::envelope::ENVELOPE_MAX;
use crate::field::{FieldError, Members};
use crate::ids::{FleetId, KeyId, OrganisationId, Person};
use crate::json::{self, Builder, MAX_INT, Value};
use crate::keys::{Algorithm, Ed25519Key, PublicKey};
use crate::target::TARGETS_MAX;
use crate::webauthn::Passkey;

const ORGANISATIONS_MAX: usize = 512;

impl Keyring {
    /// Decodes a payload and checks every rule that one keyring keeps by itself (§2, §5).
    ///
    /// # Errors
    /// What is wrong with it. A phone says `keyring_invalid` to all of them.
    pub fn decode(payload: &[u8]) -> Result<Self, KeyringError> {
        let value = json::parse_canonical(payload, ENVELOPE_MAX).map_err(KeyringError::Encoding)?;
        let mut members = Members::of("keyring", value)?;
        members.int_within("v", 1, 1)?;
        let keyring = Self {
            fleet: members.parsed("fleet", FleetId::parse)?,
            version: members.int_within("version", 1, MAX_INT)?,
            issued_at: members.time("issued_at")?,
            expires_at: members.time("expires_at")?,
            min_protocol: members.int_within("min_protocol", 1, MAX_INT)?,
            root: Root::read(members.object("root")?)?,
            online: objects(&mut members, "online", 2, WholeKey::read)?,
            keys: objects(&mut members, "keys", KEYS_MAX, KeyEntry::read)?,
            grants: objects(&mut members, "grants", GRANTS_MAX, Grant::read)?,
            log: Log::read(members.object("log")?)?,
            witness: Witnesses::read(members.object("witness")?)?,
            servers: objects(&mut members, "servers", 4, ServerEntry::read)?,
            portals: members.list("portals", 4, |host| Ok(host.to_owned()))?,
        };
        members.finish()?;
        keyring.check()?;
        Ok(keyring)
    }

    /// The payload's canonical bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        Builder::new()
            .with("v", 1_u64)
            .text("fleet", &self.fleet)
            .with("version", self.version)
            .with("issued_at", self.issued_at.0)
            .with("expires_at", self.expires_at.0)
            .with("min_protocol", self.min_protocol)
            .with("root", self.root.value())
            .with("online", array(&self.online, WholeKey::value))
            .with("keys", array(&self.keys, KeyEntry::value))
            .with("grants", array(&self.grants, Grant::value))
            .with(
                "log",
                Builder::new()
                    .with("key", base64::encode(self.log.key.raw()))
                    .text("origin", &self.log.origin)
                    .build(),
            )
            .with(
                "witness",
                Builder::new()
                    .with("keys", array(&self.witness.keys, Witness::value))
                    .with("threshold", self.witness.threshold)
                    .build(),
            )
            .with("servers", array(&self.servers, ServerEntry::value))
            .with("portals", Value::texts(&self.portals))
            .build()
            .encode()
    }
}

impl Root {
    pub(crate) fn read(mut members: Members) -> Result<Self, FieldError> {
        let root = Self {
            keys: objects(&mut members, "keys", SIGNERS_MAX, WholeKey::read)?,
            threshold: members.count("threshold", 0, u32::MAX)?,
        };
        members.finish()?;
        Ok(root)
    }

    pub(crate) fn value(&self) -> Value {
        Builder::new()
            .with("keys", array(&self.keys, WholeKey::value))
            .with("threshold", self.threshold)
            .build()
    }
}

impl WholeKey {
    fn read(mut members: Members) -> Result<Self, FieldError> {
        let key = Self {
            key: Ed25519Key::from_raw(read_key(&mut members, Algorithm::Ed25519)?.raw())?,
            person: members.parsed("person", Person::parse)?,
        };
        members.finish()?;
        Ok(key)
    }

    fn value(&self) -> Value {
        write_key(&PublicKey::Ed25519(self.key))
            .text("person", &self.person)
            .build()
    }
}

impl KeyEntry {
    fn read(mut members: Members) -> Result<Self, FieldError> {
        let is_passkey = members.has("rp_id");
        let algorithm = if is_passkey {
            Algorithm::WebauthnEs256
        } else {
            Algorithm::Ed25519
        };
        let key = read_key(&mut members, algorithm)?;
        let passkey = if is_passkey {
            Some(Passkey {
                origin: members.text("origin")?,
                rp_id: members.text("rp_id")?,
                synced: members.boolean("synced")?,
            })
        } else {
            None
        };
        let entry = Self {
            key,
            person: members.parsed("person", Person::parse)?,
            display: members.parsed("display", str::parse::<Display>)?,
            passkey,
        };
        members.finish()?;
        Ok(entry)
    }

    fn value(&self) -> Value {
        let entry = write_key(&self.key)
            .text("person", &self.person)
            .text("display", self.display);
        match &self.passkey {
            Some(passkey) => entry
                .text("origin", &passkey.origin)
                .text("rp_id", &passkey.rp_id)
                .with("synced", passkey.synced),
            None => entry,
        }
        .build()
    }
}

impl Grant {
    fn read(mut members: Members) -> Result<Self, FieldError> {
        let organisations = members.list("organisations", ORGANISATIONS_MAX, |text| {
            if text == "*" {
                Ok(None)
            } else {
                OrganisationId::parse(text).map(Some)
            }
        })?;
        let organisations = match organisations.as_slice() {
            [None] => Organisations::Every,
            _ => Organisations::Listed(
                organisations
                    .into_iter()
                    .collect::<Option<Vec<_>>>()
                    .ok_or(FieldError::Invalid("organisations"))?,
            ),
        };
        let most = u32::try_from(TARGETS_MAX).unwrap_or(u32::MAX);
        let grant = Self {
            kinds: members.list("kinds", SIGNERS_MAX, GrantKind::parse)?,
            organisations,
            keys: members.list("keys", KEYS_MAX, KeyId::parse)?,
            threshold: members.count("threshold", 0, u32::MAX)?,
            independent: members.count("independent", 0, u32::MAX)?,
            clearances: members.count("clearances", 0, u32::MAX)?,
            max_targets: members.count("max_targets", 1, most)?,
        };
        members.finish()?;
        Ok(grant)
    }

    fn value(&self) -> Value {
        let organisations = match &self.organisations {
            Organisations::Every => Value::texts(["*"]),
            Organisations::Listed(listed) => Value::texts(listed),
        };
        Builder::new()
            .with(
                "kinds",
                Value::texts(self.kinds.iter().map(|kind| kind.as_str())),
            )
            .with("organisations", organisations)
            .with("keys", Value::texts(&self.keys))
            .with("threshold", self.threshold)
            .with("independent", self.independent)
            .with("clearances", self.clearances)
            .with("max_targets", self.max_targets)
            .build()
    }
}

impl GrantKind {
    /// The name on the wire: a command's kind, or `policy`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Command(kind) => kind.as_str(),
            Self::Policy => "policy",
        }
    }

    /// Reads the name.
    ///
    /// # Errors
    /// [`FieldError::Invalid`] for any other.
    pub fn parse(text: &str) -> Result<Self, FieldError> {
        if text == Self::Policy.as_str() {
            Ok(Self::Policy)
        } else {
            text.parse::<Kind>().map(Self::Command)
        }
    }
}

impl Log {
    fn read(mut members: Members) -> Result<Self, FieldError> {
        let log = Self {
            origin: members.text("origin")?,
            key: Ed25519Key::from_raw(&members.bytes("key")?)?,
        };
        members.finish()?;
        Ok(log)
    }
}

impl Witnesses {
    fn read(mut members: Members) -> Result<Self, FieldError> {
        let witnesses = Self {
            keys: objects(&mut members, "keys", SIGNERS_MAX, Witness::read)?,
            threshold: members.count("threshold", 0, u32::MAX)?,
        };
        members.finish()?;
        Ok(witnesses)
    }
}

impl Witness {
    fn read(mut members: Members) -> Result<Self, FieldError> {
        let witness = Self {
            name: members.text("name")?,
            key: Ed25519Key::from_raw(&members.bytes("key")?)?,
        };
        members.finish()?;
        Ok(witness)
    }

    fn value(&self) -> Value {
        Builder::new()
            .with("key", base64::encode(self.key.raw()))
            .text("name", &self.name)
            .build()
    }
}

impl ServerEntry {
    fn read(mut members: Members) -> Result<Self, FieldError> {
        let server = Self {
            url: members.text("url")?,
            ca: members.digest("ca")?,
        };
        members.finish()?;
        Ok(server)
    }

    fn value(&self) -> Value {
        Builder::new()
            .text("ca", self.ca)
            .text("url", &self.url)
            .build()
    }
}

/// The members `alg`, `id` and `key`: of this algorithm, and the id the one that the key has.
fn read_key(members: &mut Members, algorithm: Algorithm) -> Result<PublicKey, FieldError> {
    if members.parsed("alg", str::parse::<Algorithm>)? != algorithm {
        return Err(FieldError::Invalid("alg"));
    }
    let key = PublicKey::from_raw(algorithm, &members.bytes("key")?)?;
    if members.parsed("id", KeyId::parse)? == key.key_id() {
        Ok(key)
    } else {
        Err(FieldError::Invalid("id"))
    }
}

fn write_key(key: &PublicKey) -> Builder {
    Builder::new()
        .text("alg", key.algorithm())
        .text("id", key.key_id())
        .with("key", base64::encode(key.raw()))
}

fn objects<T>(
    members: &mut Members,
    name: &'static str,
    most: usize,
    read: impl Fn(Members) -> Result<T, FieldError>,
) -> Result<Vec<T>, FieldError> {
    members
        .array(name, most)?
        .into_iter()
        .map(|item| Members::of(name, item).and_then(&read))
        .collect()
}

fn array<T>(items: &[T], value: impl Fn(&T) -> Value) -> Vec<Value> {
    items.iter().map(value).collect()
}
