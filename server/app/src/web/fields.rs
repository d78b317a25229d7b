//! What a form sent: names and values as typed, kept so that a refused form comes back with everything in it.

use actix_web::{FromRequest, HttpRequest, dev::Payload, web::Bytes};
use futures_core::future::LocalBoxFuture;

use super::problem::{Kind, Problem};

/// The most a form may carry, bytes.
const MOST: usize = 64 * 1024;

/// Names and values in the order they were sent.
#[derive(Debug, Clone, Default)]
pub struct Fields(Vec<(String, String)>);

impl Fields {
    /// Parses a query string or a form body.
    #[must_use]
    pub fn parse(encoded: &[u8]) -> Self {
        Self(form_urlencoded::parse(encoded).into_owned().collect())
    }

    /// Names and values that came in another form than a form's: members of a JSON body.
    #[must_use]
    pub fn of(pairs: impl IntoIterator<Item = (&'static str, String)>) -> Self {
        let owned = |(name, value): (&'static str, String)| (name.to_owned(), value);
        Self(pairs.into_iter().map(owned).collect())
    }

    /// The first value of `name`, or nothing typed.
    #[must_use]
    pub fn one(&self, name: &str) -> &str {
        self.0
            .iter()
            .find(|(known, _)| known == name)
            .map_or("", |(_, value)| value)
    }

    /// The first value of `name` unless it is empty.
    #[must_use]
    pub fn some(&self, name: &str) -> Option<&str> {
        Some(self.one(name)).filter(|value| !value.trim().is_empty())
    }

    /// Every value of `name` that is not empty.
    #[must_use]
    pub fn many(&self, name: &str) -> Vec<&str> {
        self.0
            .iter()
            .filter(|(known, value)| known == name && !value.is_empty())
            .map(|(_, value)| value.as_str())
            .collect()
    }

    /// Every name and value.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

/// The body of a form.
impl FromRequest for Fields {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let declared = request
            .headers()
            .get("content-type")
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        let is_form = declared
            .split(';')
            .next()
            .is_some_and(|kind| kind.trim() == "application/x-www-form-urlencoded");
        let body = Bytes::from_request(request, payload);
        Box::pin(async move {
            // The body is taken before anything is refused: a body left unread costs the connection.
            let body = body.await.map_err(|_| too_large())?;
            if body.len() > MOST {
                return Err(too_large());
            }
            if !is_form && !body.is_empty() {
                return Err(Problem::new(
                    Kind::WrongType,
                    "wrong-type",
                    "Send a form: application/x-www-form-urlencoded.",
                ));
            }
            Ok(Self::parse(&body))
        })
    }
}

fn too_large() -> Problem {
    Problem::new(
        Kind::TooLarge,
        "too-large",
        "This form is too large. At most 64 KiB fit.",
    )
}

#[cfg(test)]
mod tests {
    use super::Fields;

    #[test]
    fn repeated_and_missing_names() {
        let fields = Fields::parse(b"device=a&device=b&reason=left+in+a+taxi&empty=");
        assert_eq!(fields.many("device"), ["a", "b"]);
        assert_eq!(fields.one("reason"), "left in a taxi");
        assert_eq!(fields.some("empty"), None);
        assert_eq!(fields.one("nothing"), "");
    }
}
