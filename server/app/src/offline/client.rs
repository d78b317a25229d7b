//! The API as programs on somebody's own machine call it. What comes back is a stranger's word until it was checked.

use reqwest::{Client, Response, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The most an answer may carry, bytes.
const MOST: usize = 4 * 1024 * 1024;

/// A server, and the token to speak to it.
pub struct Api {
    client: Client,
    base: String,
    token: String,
}

impl Api {
    /// A caller of the server at this address.
    ///
    /// # Errors
    /// The address is none, or TLS cannot be set up.
    pub fn at(server: &str, token: &str) -> Result<Self, String> {
        let base = server.trim_end_matches('/').to_owned();
        if !base.starts_with("http://") && !base.starts_with("https://") {
            return Err(format!(
                "{base:?} is no address of a server. It begins with https:// (or http:// on this machine)."
            ));
        }
        let client = Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(std::time::Duration::from_secs(30))
            .build()
            .map_err(|error| format!("The connection cannot be set up: {error}."))?;
        Ok(Self {
            client,
            base,
            token: token.to_owned(),
        })
    }

    /// The server's address, without a slash at its end.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.base
    }

    /// GET.
    ///
    /// # Errors
    /// A sentence: the server does not answer, or what its problem document says.
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, String> {
        self.answer(
            self.client
                .get(format!("{}{path}", self.base))
                .bearer_auth(&self.token)
                .send()
                .await,
        )
        .await
    }

    /// POST with a JSON body.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &(impl Serialize + Sync),
    ) -> Result<T, String> {
        self.answer(
            self.client
                .post(format!("{}{path}", self.base))
                .bearer_auth(&self.token)
                .json(body)
                .send()
                .await,
        )
        .await
    }

    /// GET of something that is no JSON, at most `most` bytes.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub async fn bytes(&self, path: &str, most: usize) -> Result<Vec<u8>, String> {
        let sent = self
            .client
            .get(format!("{}{path}", self.base))
            .bearer_auth(&self.token)
            .send()
            .await;
        self.body(sent, most).await
    }

    async fn answer<T: DeserializeOwned>(
        &self,
        sent: Result<Response, reqwest::Error>,
    ) -> Result<T, String> {
        let body = self.body(sent, MOST).await?;
        serde_json::from_slice(&body)
            .map_err(|_| format!("{} answers something else than a Muster server.", self.base))
    }

    async fn body(
        &self,
        sent: Result<Response, reqwest::Error>,
        most: usize,
    ) -> Result<Vec<u8>, String> {
        let mut response = sent.map_err(|error| {
            format!(
                "{} does not answer: {error}. Is the address right?",
                self.base
            )
        })?;
        let status = response.status();
        let mut body = Vec::new();
        while let Some(chunk) = response
            .chunk()
            .await
            .map_err(|error| format!("The answer broke off: {error}."))?
        {
            body.extend_from_slice(&chunk);
            if body.len() > most {
                return Err(
                    "The answer is larger than any this program expects. Is this a Muster server?"
                        .to_owned(),
                );
            }
        }
        if status.is_success() {
            return Ok(body);
        }
        let detail = serde_json::from_slice::<Value>(&body)
            .ok()
            .and_then(|document| Some(plain(document.get("detail")?.as_str()?)));
        Err(match (detail, status) {
            (Some(detail), _) => detail,
            (None, StatusCode::NOT_FOUND) => format!(
                "{} has no such route. Is this a Muster server of this version?",
                self.base
            ),
            (None, status) => format!("{} answers {status}.", self.base),
        })
    }
}

/// What a server says, as a terminal may show it: `muster approve` is the screen that a hacked server must not draw on, and a
/// terminal obeys control characters.
#[must_use]
pub fn plain(said: &str) -> String {
    said.chars()
        .filter(|character| !muster_protocol::text::is_forbidden(*character))
        .take(500)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn a_server_writes_no_control_characters_on_an_approvers_terminal() {
        let said = "Not found.\u{1b}[2J\u{1b}]52;c;cm0=\u{7}\u{202e}\r\n";
        assert_eq!(plain(said), "Not found.[2J]52;c;cm0=");
        assert_eq!(plain(&"x".repeat(2000)).len(), 500);
    }
}
