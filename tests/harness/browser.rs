//! A person in a browser: a cookie jar that reads pages and sends their forms with what stands hidden in them.

use reqwest::Client;
use serde_json::Value;

use crate::api::{Answered, client};
use crate::page;

/// A browser without script.
#[derive(Debug, Clone)]
pub struct Browser {
    client: Client,
    base: String,
    /// The page it shows.
    pub page: Option<Answered>,
}

impl Browser {
    /// One that nobody signed in with.
    ///
    /// # Panics
    /// The client cannot be built.
    #[must_use]
    pub fn new(base: &str) -> Self {
        Self {
            client: client().cookie_store(true).build().expect("a client"),
            base: base.to_owned(),
            page: None,
        }
    }

    /// Opens an address; redirects are followed as browsers do.
    pub async fn get(&mut self, path: &str) -> Answered {
        let answer = self.get_once(path).await;
        self.follow(answer).await
    }

    /// Opens an address and follows nothing.
    ///
    /// # Panics
    /// No answer comes.
    pub async fn get_once(&self, path: &str) -> Answered {
        let response = self.client.get(self.absolute(path)).send().await;
        Answered::read(response.expect("the portal answers")).await
    }

    /// Sends a form of the page that is shown, with its hidden secret, and follows the redirect.
    pub async fn submit(&mut self, path: &str, fields: &[(&str, &str)]) -> Answered {
        let answer = self.submit_once(path, fields).await;
        self.follow(answer).await
    }

    /// The same, following nothing.
    pub async fn submit_once(&self, path: &str, fields: &[(&str, &str)]) -> Answered {
        let csrf = self
            .page
            .as_ref()
            .and_then(|page| page::input(&page.text, "csrf"));
        let mut all: Vec<(&str, &str)> = fields.to_vec();
        if let Some(csrf) = &csrf {
            all.push(("csrf", csrf));
        }
        self.post_raw(path, &all, &[("sec-fetch-site", "same-origin")])
            .await
    }

    /// Sends a form as [`Browser::submit_once`] does to a server that may die of it; whether an answer came does not matter.
    pub async fn send_into_the_dark(&self, path: &str, fields: &[(&str, &str)]) {
        let csrf = self
            .page
            .as_ref()
            .and_then(|page| page::input(&page.text, "csrf"));
        let mut all = fields.to_vec();
        all.extend(csrf.iter().map(|csrf| ("csrf", csrf.as_str())));
        let request = self
            .client
            .post(self.absolute(path))
            .header("content-type", "application/x-www-form-urlencoded");
        drop(
            request
                .header("sec-fetch-site", "same-origin")
                .body(encode(&all))
                .send()
                .await,
        );
    }

    /// Sends exactly these fields and headers.
    ///
    /// # Panics
    /// No answer comes.
    pub async fn post_raw(
        &self,
        path: &str,
        fields: &[(&str, &str)],
        headers: &[(&str, &str)],
    ) -> Answered {
        let mut request = self
            .client
            .post(self.absolute(path))
            .header("content-type", "application/x-www-form-urlencoded");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request.body(encode(fields)).send().await;
        Answered::read(response.expect("the portal answers")).await
    }

    /// Sends a body of any media type, as a form with a file does.
    ///
    /// # Panics
    /// No answer comes.
    pub async fn post_body(&self, path: &str, media_type: &str, body: String) -> Answered {
        let request = self
            .client
            .post(self.absolute(path))
            .header("content-type", media_type)
            .header("sec-fetch-site", "same-origin");
        let response = request.body(body).send().await;
        Answered::read(response.expect("the portal answers")).await
    }

    /// Signs in and comes to the overview.
    ///
    /// # Panics
    /// The portal does not let this person in.
    pub async fn sign_in(&mut self, email: &str, password: &str) {
        self.get("/sign-in").await;
        let answer = self
            .submit_once("/sign-in", &[("email", email), ("password", password)])
            .await;
        assert_eq!(answer.status, 303, "{email} is not let in: {}", answer.text);
        let page = self.follow(answer).await;
        assert_eq!(page.status, 200, "{}", page.text);
    }

    async fn follow(&mut self, mut answer: Answered) -> Answered {
        for _ in 0..5 {
            let to = answer.header("location").to_owned();
            if !(300..400).contains(&answer.status) || to.is_empty() {
                break;
            }
            answer = self.get_once(&to).await;
        }
        self.page = Some(answer.clone());
        answer
    }

    fn absolute(&self, path: &str) -> String {
        if path.starts_with("http") {
            path.to_owned()
        } else {
            format!("{}{path}", self.base)
        }
    }
}

fn encode(fields: &[(&str, &str)]) -> String {
    let escape = |text: &str| -> String {
        text.bytes()
            .map(|byte| match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' => {
                    char::from(byte).to_string()
                }
                _ => format!("%{byte:02X}"),
            })
            .collect()
    };
    let pairs: Vec<String> = fields
        .iter()
        .map(|(name, value)| format!("{}={}", escape(name), escape(value)))
        .collect();
    pairs.join("&")
}

/// Whether a JSON list names this id.
#[must_use]
pub fn lists(items: &Value, id: &str) -> bool {
    items["items"]
        .as_array()
        .is_some_and(|items| items.iter().any(|item| item["id"] == id))
}
