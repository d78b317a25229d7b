//! What each kind of certificate says. The profile decides; a request only proves that somebody holds a key.

use std::net::IpAddr;

/// The kinds of certificate this CA makes, each with everything that tells one apart from the next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Profile {
    /// The root: signs intermediates and nothing else.
    Root {
        /// Its common name.
        name: CaName,
    },
    /// An intermediate that may issue for one usage only, so that one that leaks cannot play the other's part.
    Intermediate {
        /// Its common name.
        name: CaName,
        /// What its certificates are for.
        usage: Usage,
    },
    /// A phone's TLS key.
    Device {
        /// Which phone, in which enrolment.
        subject: DeviceSubject,
        /// Where its revocation is published.
        crl_url: Option<CrlUrl>,
    },
    /// A listener of this server.
    Server {
        /// The names clients may call it by.
        names: ServerNames,
    },
}

/// Extended key usage; each certificate has exactly one, but for the root, which has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Usage {
    /// id-kp-clientAuth: phones.
    ClientAuth,
    /// id-kp-serverAuth: listeners.
    ServerAuth,
}

/// Whether a certificate may sign others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Constraint {
    /// An end entity.
    EndEntity,
    /// A CA with this many CAs below it at most.
    Ca {
        /// pathLenConstraint.
        path_length: u8,
    },
}

/// One subject alternative name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AlternativeName {
    /// uniformResourceIdentifier.
    Uri(String),
    /// dNSName.
    Dns(String),
    /// iPAddress.
    Ip(IpAddr),
}

/// Why a profile cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProfileError {
    /// A CA's name is empty, too long or holds control characters.
    #[error("a CA's name has 1 to 64 characters, none of them a control character")]
    CaName,
    /// Not a lower-case UUID.
    #[error("a device id is a lower-case UUID")]
    DeviceId,
    /// Not 64 lower-case hex digits.
    #[error("an enrolment id has 64 lower-case hex digits")]
    EnrolmentId,
    /// No names, or too many.
    #[error("a server certificate needs between 1 and 32 names")]
    ServerNames,
    /// Not a DNS name and not an IP address.
    #[error("{0:?} is neither a DNS name nor an IP address")]
    ServerName(String),
    /// Not a short ASCII http(s) URL.
    #[error(
        "a CRL's address begins with http:// or https:// and has at most 200 plain ASCII characters"
    )]
    CrlUrl,
}

impl Profile {
    /// The subject's common name.
    pub fn common_name(&self) -> &str {
        match self {
            Self::Root { name } | Self::Intermediate { name, .. } => &name.0,
            Self::Device { subject, .. } => &subject.device_id,
            Self::Server { names } => names.common_name(),
        }
    }

    /// The subject alternative names, in the order in which they are written.
    pub fn alternative_names(&self) -> Vec<AlternativeName> {
        match self {
            Self::Root { .. } | Self::Intermediate { .. } => Vec::new(),
            Self::Device { subject, .. } => subject
                .uris()
                .into_iter()
                .map(AlternativeName::Uri)
                .collect(),
            Self::Server { names } => names.0.clone(),
        }
    }

    /// The extended key usage, if there is one.
    pub fn usage(&self) -> Option<Usage> {
        match self {
            Self::Root { .. } => None,
            Self::Intermediate { usage, .. } => Some(*usage),
            Self::Device { .. } => Some(Usage::ClientAuth),
            Self::Server { .. } => Some(Usage::ServerAuth),
        }
    }

    /// basicConstraints.
    pub fn constraint(&self) -> Constraint {
        match self {
            Self::Root { .. } => Constraint::Ca { path_length: 1 },
            Self::Intermediate { .. } => Constraint::Ca { path_length: 0 },
            Self::Device { .. } | Self::Server { .. } => Constraint::EndEntity,
        }
    }

    /// Where the CRL is.
    pub fn crl_url(&self) -> Option<&str> {
        match self {
            Self::Device { crl_url, .. } => crl_url.as_ref().map(|url| url.0.as_str()),
            Self::Root { .. } | Self::Intermediate { .. } | Self::Server { .. } => None,
        }
    }
}

/// A CA's common name (RFC 5280's upper bound: 64 characters).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaName(String);

impl CaName {
    /// Checks a name.
    ///
    /// # Errors
    /// [`ProfileError::CaName`].
    pub fn parse(name: &str) -> Result<Self, ProfileError> {
        let length = name.chars().count();
        if (1..=64).contains(&length) && name.trim() == name && !name.chars().any(char::is_control)
        {
            Ok(Self(name.to_owned()))
        } else {
            Err(ProfileError::CaName)
        }
    }
}

/// Which phone a certificate is for, and in which enrolment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceSubject {
    device_id: String,
    enrolment_id: Option<String>,
}

const DEVICE_URI: &str = "urn:uuid:";
const ENROLMENT_URI: &str = "urn:muster:enrolment:";

impl DeviceSubject {
    /// Checks both ids. A plain EST client has no enrolment id of its own choosing: it can check in and can be sent
    /// no command (PROTOCOL §13).
    ///
    /// # Errors
    /// [`ProfileError::DeviceId`] or [`ProfileError::EnrolmentId`].
    pub fn parse(device_id: &str, enrolment_id: Option<&str>) -> Result<Self, ProfileError> {
        if !is_uuid(device_id) {
            return Err(ProfileError::DeviceId);
        }
        if enrolment_id.is_some_and(|id| !is_enrolment_id(id)) {
            return Err(ProfileError::EnrolmentId);
        }
        Ok(Self {
            device_id: device_id.to_owned(),
            enrolment_id: enrolment_id.map(str::to_owned),
        })
    }

    /// The device id: a lower-case UUID.
    pub fn device_id(&self) -> &str {
        &self.device_id
    }

    /// The enrolment id: 64 lower-case hex digits.
    pub fn enrolment_id(&self) -> Option<&str> {
        self.enrolment_id.as_deref()
    }

    /// The two URIs of the subject alternative name (DESIGN §5), device first.
    pub fn uris(&self) -> Vec<String> {
        let enrolment = self
            .enrolment_id
            .as_ref()
            .map(|id| format!("{ENROLMENT_URI}{id}"));
        std::iter::once(format!("{DEVICE_URI}{}", self.device_id))
            .chain(enrolment)
            .collect()
    }

    /// Reads the two URIs back. Anything else in the list, or one of them twice, is an error.
    pub(crate) fn from_uris(uris: &[&str]) -> Option<Self> {
        let (device, enrolment) = match uris {
            [device] => (device, None),
            [device, enrolment] => (device, Some(enrolment_id_in(enrolment)?)),
            _ => return None,
        };
        Self::parse(device.strip_prefix(DEVICE_URI)?, enrolment).ok()
    }
}

/// The enrolment id that a URI names, if it is such a URI and the id is well-formed.
pub(crate) fn enrolment_id_in(uri: &str) -> Option<&str> {
    uri.strip_prefix(ENROLMENT_URI)
        .filter(|id| is_enrolment_id(id))
}

/// Whether a URI claims to name an enrolment, well or badly.
pub(crate) fn claims_enrolment(uri: &str) -> bool {
    uri.len() >= ENROLMENT_URI.len()
        && uri.as_bytes()[..ENROLMENT_URI.len()].eq_ignore_ascii_case(ENROLMENT_URI.as_bytes())
}

fn is_lower_hex(byte: u8) -> bool {
    byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte)
}

fn is_enrolment_id(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(is_lower_hex)
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text
            .bytes()
            .enumerate()
            .all(|(position, byte)| match position {
                8 | 13 | 18 | 23 => byte == b'-',
                _ => is_lower_hex(byte),
            })
}

/// The names a listener answers to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerNames(Vec<AlternativeName>);

impl ServerNames {
    /// Checks names as they stand in a configuration: DNS names, `localhost`, IPv4 and IPv6 addresses. A name that
    /// is given twice counts once.
    ///
    /// # Errors
    /// [`ProfileError::ServerNames`] or [`ProfileError::ServerName`].
    pub fn parse<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Self, ProfileError> {
        let mut parsed = Vec::new();
        for name in names {
            let name =
                server_name(name).ok_or_else(|| ProfileError::ServerName(name.to_owned()))?;
            if !parsed.contains(&name) {
                parsed.push(name);
            }
        }
        if (1..=32).contains(&parsed.len()) {
            Ok(Self(parsed))
        } else {
            Err(ProfileError::ServerNames)
        }
    }

    /// The names in their checked form.
    pub fn iter(&self) -> impl Iterator<Item = &AlternativeName> {
        self.0.iter()
    }

    /// The first DNS name that fits; clients go by the alternative names and never by this.
    fn common_name(&self) -> &str {
        let mut names = self.0.iter();
        names
            .find_map(|name| match name {
                AlternativeName::Dns(name) if name.len() <= 64 => Some(name.as_str()),
                AlternativeName::Dns(_) | AlternativeName::Uri(_) | AlternativeName::Ip(_) => None,
            })
            .unwrap_or("Muster server")
    }
}

fn server_name(text: &str) -> Option<AlternativeName> {
    let bare = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(text);
    if let Ok(address) = bare.parse::<IpAddr>() {
        return Some(AlternativeName::Ip(address));
    }
    let name = text.to_ascii_lowercase();
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    // All digits in the last label is a misspelt address, not a name.
    let last_is_number = name
        .rsplit('.')
        .next()
        .is_some_and(|last| last.bytes().all(|byte| byte.is_ascii_digit()));
    (name.len() <= 253 && !last_is_number && name.split('.').all(label))
        .then_some(AlternativeName::Dns(name))
}

/// Where a CRL can be fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CrlUrl(String);

impl CrlUrl {
    /// Checks an address.
    ///
    /// # Errors
    /// [`ProfileError::CrlUrl`].
    pub fn parse(url: &str) -> Result<Self, ProfileError> {
        let rest = url
            .strip_prefix("http://")
            .or_else(|| url.strip_prefix("https://"));
        let plain = url.bytes().all(|byte| byte.is_ascii_graphic());
        match rest {
            Some(rest) if !rest.is_empty() && plain && url.len() <= 200 => Ok(Self(url.to_owned())),
            Some(_) | None => Err(ProfileError::CrlUrl),
        }
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests;
