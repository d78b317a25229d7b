//! What went wrong, as the edge tells it: one type inside, problem documents (RFC 9457) for programs, pages for people.

use std::fmt;

use actix_web::http::StatusCode;
use muster_domain::text::Invalid;
use muster_store::StoreError;
use serde::Serialize;

/// A request that failed. Use cases return it; only the edge turns it into an answer.
#[derive(Debug, Clone)]
pub struct Problem {
    /// What kind it is; decides the status.
    pub kind: Kind,
    /// Stable word for programs, e.g. `serial-taken`.
    pub code: &'static str,
    /// What was wrong and what to do next.
    pub detail: String,
    /// Faults of single fields.
    pub fields: Vec<Invalid>,
    /// Seconds after which trying again makes sense.
    pub retry_after: Option<u32>,
}

/// The kinds of failure the edge knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The request could not be understood, or a value does not fit.
    Invalid,
    /// Nobody is signed in, or the credential is not valid.
    SignedOut,
    /// A page wants its reader to sign in first, and to come back.
    SignInFirst,
    /// Something destructive wants the password typed again.
    ConfirmFirst,
    /// Signed in, and not allowed.
    Forbidden,
    /// There is no such thing, or not for this reader.
    NotFound,
    /// It contradicts what is there.
    Conflict,
    /// Too large.
    TooLarge,
    /// Of another media type than the route takes.
    WrongType,
    /// For another host than those that are here.
    Misdirected,
    /// Too many tries.
    TooMany,
    /// The server cannot at the moment; nothing was changed.
    Unavailable,
    /// A fault of ours.
    Internal,
}

impl Kind {
    /// The HTTP status.
    #[must_use]
    pub fn status(self) -> StatusCode {
        match self {
            Self::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
            Self::SignedOut | Self::SignInFirst => StatusCode::UNAUTHORIZED,
            Self::Forbidden | Self::ConfirmFirst => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Conflict => StatusCode::CONFLICT,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::WrongType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Misdirected => StatusCode::MISDIRECTED_REQUEST,
            Self::TooMany => StatusCode::TOO_MANY_REQUESTS,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The title of the problem document.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Invalid => "The request does not fit",
            Self::SignedOut | Self::SignInFirst => "Not signed in",
            Self::ConfirmFirst => "Confirm that it is you",
            Self::Forbidden => "Not allowed",
            Self::NotFound => "Not found",
            Self::Conflict => "It contradicts what is there",
            Self::TooLarge => "Too large",
            Self::WrongType => "Wrong media type",
            Self::Misdirected => "Nothing is here under this name",
            Self::TooMany => "Too many tries",
            Self::Unavailable => "Not saved: try again",
            Self::Internal => "A fault of ours",
        }
    }
}

impl Problem {
    /// A problem of `kind`, named by `code` and told by `detail`.
    pub fn new(kind: Kind, code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            kind,
            code,
            detail: detail.into(),
            fields: Vec::new(),
            retry_after: None,
        }
    }

    /// There is no such thing for this reader. The same words whether it exists elsewhere or nowhere.
    #[must_use]
    pub fn not_found(what: &str) -> Self {
        Self::new(
            Kind::NotFound,
            "not-found",
            format!("There is no such {what}, or it is not yours to see."),
        )
    }

    /// It contradicts what is there.
    pub fn conflict(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(Kind::Conflict, code, detail)
    }

    /// A value does not fit.
    pub fn invalid(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(Kind::Invalid, code, detail)
    }

    /// Several fields do not fit.
    #[must_use]
    pub fn fields(fields: Vec<Invalid>) -> Self {
        let detail = fields
            .first()
            .map_or_else(String::new, |first| first.message.clone());
        Self {
            fields,
            ..Self::new(Kind::Invalid, "fields", detail)
        }
    }

    /// Too many tries; the next one makes sense after `seconds`.
    #[must_use]
    pub fn too_many(seconds: u32) -> Self {
        let detail = format!(
            "There were too many tries. Wait {} and try again.",
            wait(seconds)
        );
        Self {
            retry_after: Some(seconds),
            ..Self::new(Kind::TooMany, "too-many", detail)
        }
    }

    /// The document as RFC 9457 §3 has it.
    #[must_use]
    pub fn document(&self) -> Document<'_> {
        Document {
            r#type: format!("urn:muster:problem:{}", self.code),
            title: self.kind.title(),
            status: self.kind.status().as_u16(),
            detail: &self.detail,
            errors: self
                .fields
                .iter()
                .map(|f| FieldError {
                    field: f.field,
                    code: f.code,
                    detail: &f.message,
                })
                .collect(),
        }
    }
}

fn wait(seconds: u32) -> String {
    if seconds < 90 {
        format!("{seconds} seconds")
    } else {
        format!("{} minutes", seconds.div_ceil(60))
    }
}

/// A problem document.
#[derive(Debug, Serialize)]
pub struct Document<'a> {
    r#type: String,
    title: &'static str,
    status: u16,
    detail: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldError<'a>>,
}

/// A fault of one field.
#[derive(Debug, Serialize)]
pub struct FieldError<'a> {
    field: &'a str,
    code: &'a str,
    detail: &'a str,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

impl std::error::Error for Problem {}

impl actix_web::ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.kind.status()
    }
}

impl From<Invalid> for Problem {
    fn from(fault: Invalid) -> Self {
        Self::fields(vec![fault])
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Busy(_) => {
                tracing::warn!(%error, "the database could not answer");
                let detail = "Not saved: the database is busy. Nothing was changed. Try again.";
                Self {
                    retry_after: Some(5),
                    ..Self::new(Kind::Unavailable, "database-busy", detail)
                }
            }
            StoreError::Conflict(_) => {
                tracing::info!(%error, "a constraint refused a write");
                Self::conflict(
                    "conflict",
                    "Somebody else changed the same thing a moment ago. Look again, then retry.",
                )
            }
            StoreError::Nul => Self::invalid(
                "nul",
                "A text holds a character that no text has (U+0000). Take it out.",
            ),
            StoreError::Cursor => Self::invalid(
                "cursor",
                "This cursor is not one this list gave out. Start from the first page.",
            ),
            StoreError::Collision(_)
            | StoreError::Corrupt(_)
            | StoreError::Migration(_)
            | StoreError::Query(_) => {
                tracing::error!(%error, "the database refused");
                Self::new(
                    Kind::Internal,
                    "internal",
                    "Something is wrong on our side. Nothing was changed; it is on our log.",
                )
            }
        }
    }
}

/// What use cases answer.
pub type Answer<T> = Result<T, Problem>;
