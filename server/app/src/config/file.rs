//! Reads the TOML file and the environment into a [`Config`], and explains what does not fit.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use toml::Value;

use super::{Config, MailTransport};

/// Every key of the file and its variable. A key that is not here is a mistake.
const KEYS: &[(&str, &str)] = &[
    ("data_dir", "MUSTER_DATA_DIR"),
    ("database_url", "MUSTER_DATABASE_URL"),
    ("key_file", "MUSTER_KEY_FILE"),
    ("portal.listen", "MUSTER_PORTAL_LISTEN"),
    ("portal.url", "MUSTER_PORTAL_URL"),
    ("portal.approvals_url", "MUSTER_APPROVALS_URL"),
    ("device.listen", "MUSTER_DEVICE_LISTEN"),
    ("device.url", "MUSTER_DEVICE_URL"),
    ("device.names", "MUSTER_DEVICE_NAMES"),
    ("mail.from", "MUSTER_MAIL_FROM"),
    ("mail.smtp_url", "MUSTER_MAIL_SMTP_URL"),
    ("mail.dir", "MUSTER_MAIL_DIR"),
    ("mail.ca_file", "MUSTER_MAIL_CA_FILE"),
    ("witnesses", "MUSTER_WITNESSES"),
    ("crash_at", "MUSTER_CRASH_AT"),
];

/// Loads the settings: defaults, then `file`, then `variable` (usually the environment).
///
/// # Errors
/// A sentence: the file cannot be read or is no TOML, a key is unknown, a value does not fit.
pub fn load(
    file: Option<&Path>,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<Config, String> {
    let mut values = match file {
        Some(path) => read(path)?,
        None => Vec::new(),
    };
    for (key, name) in KEYS {
        if let Some(value) = variable(name).filter(|value| !value.is_empty()) {
            values.retain(|(known, ..)| known != key);
            values.push(((*key).to_owned(), value, format!("the variable {name}")));
        }
    }
    let of = |key: &str| values.iter().find(|(known, ..)| known == key);
    let text = |key: &str| of(key).map(|(_, value, _)| value.clone());
    let address = |key: &str| -> Result<Option<SocketAddr>, String> {
        let Some((_, value, origin)) = of(key) else {
            return Ok(None);
        };
        value.parse().map(Some).map_err(|_| {
            format!("{origin}: {value:?} is no address to listen on. Write an IP address and a port, such as 127.0.0.1:8080.")
        })
    };

    let mut config = Config::in_dir(
        &text("data_dir").map_or_else(|| PathBuf::from("muster-data"), PathBuf::from),
    );
    if let Some(url) = text("database_url") {
        config.database_url = url;
    }
    if let Some(path) = text("key_file") {
        config.key_file = PathBuf::from(path);
    }
    if let Some(listen) = address("portal.listen")? {
        config.portal.listen = listen;
    }
    if let Some(listen) = address("device.listen")? {
        config.device.listen = listen;
    }
    config.portal.url = text("portal.url").map(|url| url.trim_end_matches('/').to_owned());
    config.portal.approvals_url = text("portal.approvals_url");
    config.device.url = text("device.url").map(|url| url.trim_end_matches('/').to_owned());
    for (key, url) in [
        ("portal.url", &config.portal.url),
        ("device.url", &config.device.url),
    ] {
        let Some(url) = url else { continue };
        let fits =
            url.starts_with("https://") || (key == "portal.url" && url.starts_with("http://"));
        if !fits {
            return Err(format!(
                "{key}: {url:?} is no address a browser or phone can use. It begins with https://."
            ));
        }
    }
    config.device.names = list(text("device.names"));
    config.witnesses = list(text("witnesses"))
        .iter()
        .map(|url| url.trim_end_matches('/').to_owned())
        .collect();
    if let Some(url) = config
        .witnesses
        .iter()
        .find(|url| !url.starts_with("https://") && !url.starts_with("http://"))
    {
        return Err(format!(
            "witnesses: {url:?} is no address of a witness. It begins with https://, or http:// inside a network of yours."
        ));
    }
    if let Some(from) = text("mail.from") {
        config.mail.from = from;
    }
    if let Some(dir) = text("mail.dir") {
        config.mail.transport = MailTransport::Directory(PathBuf::from(dir));
    }
    if let Some(url) = text("mail.smtp_url") {
        config.mail.transport = MailTransport::Smtp(url);
    }
    config.mail.ca_file = text("mail.ca_file").map(PathBuf::from);
    config.crash_at = text("crash_at");
    Ok(config)
}

fn list(text: Option<String>) -> Vec<String> {
    let text = text.unwrap_or_default();
    let parts = text.split(',').map(str::trim);
    parts
        .filter(|part| !part.is_empty())
        .map(str::to_owned)
        .collect()
}

/// The environment of this process.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place that reads the environment"
)]
pub fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

type Found = (String, String, String);

fn read(path: &Path) -> Result<Vec<Found>, String> {
    let shown = path.display();
    let text = std::fs::read_to_string(path)
        .map_err(|error| format!("{shown} cannot be read: {error}."))?;
    let table: toml::Table = text
        .parse()
        .map_err(|error| format!("{shown} is no TOML: {error}"))?;
    let mut found = Vec::new();
    flatten(&table, "", &mut |key, value| {
        if !KEYS.iter().any(|(known, _)| *known == key) {
            let near = KEYS
                .iter()
                .map(|(known, _)| *known)
                .min_by_key(|known| distance(known, &key))
                .unwrap_or_default();
            return Err(format!(
                "{shown}: there is no setting {key}. Did you mean {near}?"
            ));
        }
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Array(items) => items
                .iter()
                .filter_map(Value::as_str)
                .collect::<Vec<_>>()
                .join(","),
            Value::Integer(_)
            | Value::Float(_)
            | Value::Boolean(_)
            | Value::Datetime(_)
            | Value::Table(_) => value.to_string(),
        };
        found.push((key, text, shown.to_string()));
        Ok(())
    })?;
    Ok(found)
}

fn flatten(
    table: &toml::Table,
    prefix: &str,
    each: &mut impl FnMut(String, &Value) -> Result<(), String>,
) -> Result<(), String> {
    for (name, value) in table {
        let key = if prefix.is_empty() {
            name.clone()
        } else {
            format!("{prefix}.{name}")
        };
        match value {
            Value::Table(inner) => flatten(inner, &key, each)?,
            Value::String(_)
            | Value::Integer(_)
            | Value::Float(_)
            | Value::Boolean(_)
            | Value::Datetime(_)
            | Value::Array(_) => each(key, value)?,
        }
    }
    Ok(())
}

/// Levenshtein's distance: how many letters must change to make one word the other.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut corner = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let change = corner + usize::from(x != *y);
            corner = row[j + 1];
            row[j + 1] = change.min(corner + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::load;

    #[test]
    fn defaults_then_file_then_variables() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("muster.toml");
        std::fs::write(
            &path,
            "data_dir = \"/srv/m\"\n[portal]\nlisten = \"127.0.0.1:9000\"\n",
        )
        .unwrap();
        let config = load(Some(&path), |name| {
            (name == "MUSTER_PORTAL_LISTEN").then(|| "127.0.0.1:9001".into())
        })
        .unwrap();
        assert_eq!(config.portal.listen.port(), 9001);
        assert_eq!(config.database_url, "sqlite:/srv/m/muster.db");
    }

    #[test]
    fn mistakes_are_explained() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("muster.toml");
        std::fs::write(&path, "[portal]\nlisen = \"x\"\n").unwrap();
        assert!(
            load(Some(&path), |_| None)
                .unwrap_err()
                .contains("Did you mean portal.listen?")
        );
        assert!(
            load(None, |n| (n == "MUSTER_DEVICE_LISTEN")
                .then(|| "8443".into()))
            .unwrap_err()
            .contains("IP address")
        );
        assert!(
            load(None, |n| (n == "MUSTER_DEVICE_URL")
                .then(|| "http://x".into()))
            .unwrap_err()
            .contains("https://")
        );
    }
}
