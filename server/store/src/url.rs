//! Which database: chosen by the scheme alone. A typo is an error, never a new SQLite file with an odd name.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// Where the data is kept.
#[derive(Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// A file of this machine.
    Sqlite(PathBuf),
    /// A PostgreSQL server, as libpq reads it.
    Postgres(String),
}

/// Why a text is no database URL: a sentence for whoever wrote it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadDatabaseUrl(String);

impl DatabaseUrl {
    /// The SQLite file at a path.
    #[must_use]
    pub fn sqlite(path: impl AsRef<Path>) -> Self {
        Self::Sqlite(path.as_ref().to_path_buf())
    }
}

impl FromStr for DatabaseUrl {
    type Err = BadDatabaseUrl;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bad = |sentence: &str| Err(BadDatabaseUrl(sentence.to_owned()));
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(Self::Postgres(text.to_owned()));
        }
        if let Some(rest) = text.strip_prefix("sqlite:") {
            let path = rest.strip_prefix("//").unwrap_or(rest);
            if path.is_empty() {
                return bad(
                    "The database URL names no file. Write sqlite:PATH, as in sqlite:/var/lib/muster/muster.db.",
                );
            }
            if path == ":memory:" || path.starts_with("file:") || path.contains('?') {
                return bad(
                    "The database must be a plain file. Write sqlite:PATH without options; a database in memory is not supported.",
                );
            }
            return Ok(Self::Sqlite(PathBuf::from(path)));
        }
        // Only the scheme is repeated: what follows may hold a password.
        let scheme = text.split([':', '/']).next().unwrap_or_default();
        let known = scheme.len() <= 20
            && !scheme.is_empty()
            && scheme.bytes().all(|b| b.is_ascii_alphanumeric());
        let met = if known {
            format!("“{scheme}”")
        } else {
            "something else".to_owned()
        };
        Err(BadDatabaseUrl(format!(
            "A database URL begins with sqlite: or postgres://, this one with {met}. \
             Write sqlite:/var/lib/muster/muster.db or postgres://muster@localhost/muster."
        )))
    }
}

impl fmt::Display for DatabaseUrl {
    /// Without user and password, so that it can be logged.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(out, "sqlite:{}", path.display()),
            Self::Postgres(url) => {
                let rest = url.split_once("://").map_or("", |(_, rest)| rest);
                let place = rest.split('?').next().unwrap_or_default();
                write!(
                    out,
                    "postgres://{}",
                    place.rsplit_once('@').map_or(place, |(_, host)| host)
                )
            }
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

#[cfg(test)]
mod tests {
    use super::DatabaseUrl;

    #[test]
    fn the_scheme_alone_chooses_the_back_end() {
        assert_eq!(
            "sqlite:muster.db".parse(),
            Ok(DatabaseUrl::sqlite("muster.db"))
        );
        assert_eq!(
            "sqlite:///var/lib/muster.db".parse(),
            Ok(DatabaseUrl::sqlite("/var/lib/muster.db"))
        );
        for url in [
            "postgres://localhost/muster",
            "postgresql://localhost/muster",
        ] {
            assert!(matches!(url.parse(), Ok(DatabaseUrl::Postgres(_))));
        }
    }

    #[test]
    fn a_typo_is_refused_with_a_sentence_and_without_the_password() {
        for url in [
            "postgress://u:secret@h/db",
            "muster.db",
            "",
            "Postgres://h",
            "sqlite:",
            "sqlite::memory:",
            "u:secret@h",
        ] {
            let refused = url.parse::<DatabaseUrl>().unwrap_err().to_string();
            assert!(refused.contains("sqlite:"), "{refused}");
            assert!(!refused.contains("secret"), "{refused}");
        }
    }

    #[test]
    fn a_password_is_never_shown() {
        let url: DatabaseUrl =
            "postgres://muster:secret@db.example.org:5432/muster?password=secret"
                .parse()
                .unwrap();
        assert_eq!(
            format!("{url} {url:?}"),
            "postgres://db.example.org:5432/muster postgres://db.example.org:5432/muster"
        );
    }
}
