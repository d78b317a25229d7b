//! A browser's requests written by hand: every header and cookie is the test's own, nothing is added and nothing followed.

use reqwest::{Client, Method};

use crate::api::{Answered, client};
use crate::app::TestApp;
use crate::page;

/// A client without a cookie jar.
#[derive(Debug, Clone)]
pub struct Tab {
    client: Client,
    base: String,
}

/// What a sign-in set, and the secret of its forms.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// The header `Cookie` of every request of this session.
    pub cookie: String,
    /// `Set-Cookie` as it came.
    pub set_cookie: String,
    /// What its forms carry.
    pub csrf: String,
}

impl Tab {
    /// One that asks this node's portal.
    #[must_use]
    pub fn new(t: &TestApp) -> Self {
        Self::at(&t.app().portal_url)
    }

    /// One that asks whoever listens at `base`.
    ///
    /// # Panics
    /// The client cannot be built.
    #[must_use]
    pub fn at(base: &str) -> Self {
        Self {
            client: client().build().expect("a client"),
            base: base.to_owned(),
        }
    }

    /// GET with exactly these headers.
    ///
    /// # Panics
    /// No answer comes.
    pub async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answered {
        self.send(Method::GET, path, headers, None).await
    }

    /// POST of a form that is encoded already, with exactly these headers beside its type.
    ///
    /// # Panics
    /// No answer comes.
    pub async fn post(&self, path: &str, form: &str, headers: &[(&str, &str)]) -> Answered {
        self.send(Method::POST, path, headers, Some(form)).await
    }

    /// Signs in with an address and a password that need no encoding but for spaces.
    ///
    /// # Panics
    /// This person is not let in.
    pub async fn sign_in(&self, email: &str, password: &str) -> SignedIn {
        let form = format!(
            "email={}&password={}",
            email.replace('@', "%40"),
            password.replace(' ', "+")
        );
        let answer = self
            .post("/sign-in", &form, &[("sec-fetch-site", "same-origin")])
            .await;
        assert_eq!(answer.status, 303, "{email} is not let in: {}", answer.text);
        self.enter(&answer).await
    }

    /// The session that an answer begins.
    ///
    /// # Panics
    /// It begins none.
    pub async fn enter(&self, answer: &Answered) -> SignedIn {
        let set_cookie = answer.header("set-cookie").to_owned();
        let cookie = set_cookie
            .split(';')
            .next()
            .expect("split answers one at least")
            .to_owned();
        assert!(
            cookie.contains('='),
            "no session begins: {} {}",
            answer.status,
            answer.text
        );
        let shown = self.get("/account", &[("cookie", &cookie)]).await;
        assert_eq!(shown.status, 200, "{}", shown.text);
        let csrf = page::input(&shown.text, "csrf")
            .expect("a page of somebody who is signed in holds a form");
        SignedIn {
            cookie,
            set_cookie,
            csrf,
        }
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        form: Option<&str>,
    ) -> Answered {
        let mut request = self.client.request(method, format!("{}{path}", self.base));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(form) = form {
            request = request
                .header("content-type", "application/x-www-form-urlencoded")
                .body(form.to_owned());
        }
        Answered::read(request.send().await.expect("the portal answers")).await
    }
}
