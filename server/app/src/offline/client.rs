//! The API as programs on somebody's own machine call it. What comes back is a stranger's word until it was checked.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use reqwest::{Client, Response, StatusCode, Url};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::config::{host_of, is_loopback};

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
    /// A sentence: the address is none, would have the token travel in the clear, or TLS cannot be set up.
    pub fn at(server: &str, token: &str) -> Result<Self, String> {
        let url = address(server)?;
        let mut client = Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(std::time::Duration::from_secs(30));
        if is_here(&url) {
            // What goes to this machine goes past every proxy, and no name server is asked where this machine is.
            let both = [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
            let both = both.map(|ip| SocketAddr::new(ip, 0));
            let name = url.host_str().unwrap_or_default();
            client = client.no_proxy().resolve_to_addrs(name, &both);
        }
        let client = client
            .build()
            .map_err(|error| format!("The connection cannot be set up: {error}."))?;
        Ok(Self {
            client,
            base: url.as_str().trim_end_matches('/').to_owned(),
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
            // A stranger's words say whose they are: nobody shall take them for those of this program.
            (Some(detail), _) => format!("{} says: {detail}", self.base),
            (None, StatusCode::NOT_FOUND) => format!(
                "{} has no such route. Is this a Muster server of this version?",
                self.base
            ),
            (None, status) => format!("{} answers {status}.", self.base),
        })
    }
}

fn is_here(url: &Url) -> bool {
    host_of(url.as_str()).is_some_and(|host| is_loopback(&host))
}

/// A server's address that a token may be sent to.
fn address(server: &str) -> Result<Url, String> {
    let is_plain = |url: &Url| {
        matches!(url.scheme(), "http" | "https")
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none()
    };
    let url = Url::parse(server).ok().filter(is_plain).ok_or_else(|| {
        format!(
            "{server:?} is no address of a server. It begins with https:// (or http:// on this machine), and nothing follows but a name and perhaps a port."
        )
    })?;
    if url.scheme() == "http" && !is_here(&url) {
        return Err(format!(
            "{server:?} would carry your token, and what is answered, over the network for everybody to read and to change. Write https://; http:// is for this machine alone, such as http://localhost:8080."
        ));
    }
    Ok(url)
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
    use super::{Api, address, plain};

    #[test]
    fn a_token_goes_in_the_clear_to_this_machine_alone() {
        for good in [
            "https://portal.example.org",
            "https://portal.example.org:8443/",
            "https://192.0.2.7",
            "http://localhost:8080",
            "http://LocalHost.",
            "http://approve.localhost:7443/",
            "http://127.0.0.1:8080",
            "http://127.9.8.7",
            "http://[::1]:8080",
        ] {
            assert!(address(good).is_ok(), "{good}");
        }
        for bad in [
            "http://portal.example.org",
            "http://192.0.2.7:8080",
            "http://localhost.example.org",
            "http://127.0.0.1.example.org",
            "http://notlocalhost",
            "http://[::ffff:192.0.2.7]",
            "http://[::2]",
            "http://0.0.0.0",
        ] {
            let refused = address(bad).unwrap_err();
            assert!(refused.contains("Write https://"), "{bad}: {refused}");
        }
        for none in [
            "portal.example.org",
            "localhost:8080",
            "ftp://localhost",
            "http://localhost@portal.example.org",
            "https://ada:secret@portal.example.org",
            "https://portal.example.org?to=elsewhere",
            "https://portal.example.org/#",
            "https://",
            "",
        ] {
            let refused = address(none).unwrap_err();
            assert!(
                refused.contains("no address of a server"),
                "{none}: {refused}"
            );
        }
    }

    #[test]
    fn an_address_is_shown_as_it_is_asked() {
        drop(crate::web::tls::provider().install_default());
        let base = |server| Api::at(server, "t").unwrap().base().to_owned();
        assert_eq!(
            base("HTTPS://Portal.Example.org:443/"),
            "https://portal.example.org"
        );
        assert_eq!(base("http://localhost:8080"), "http://localhost:8080");
        assert_eq!(
            base("https://example.org/portal/"),
            "https://example.org/portal"
        );
    }

    #[test]
    fn a_server_writes_no_control_characters_on_an_approvers_terminal() {
        let said = "Not found.\u{1b}[2J\u{1b}]52;c;cm0=\u{7}\u{202e}\r\n";
        assert_eq!(plain(said), "Not found.[2J]52;c;cm0=");
        assert_eq!(plain(&"x".repeat(2000)).len(), 500);
    }
}
