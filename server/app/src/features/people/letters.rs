//! The letters that people get from this feature. Their words stand in `locales/en/mail.ftl`, their shape in
//! `templates/mail/`.

use askama::Template;
use muster_store::members::Member;
use muster_store::organisations::Organisation;

use super::links::Link;
use crate::app::App;
use crate::mail::Letter;
use crate::web::problem::{Answer, Kind, Problem};
use crate::web::text::Texts;
use crate::web::time_words;

/// What a letter with a link says.
struct Facts<'a> {
    t: Texts,
    name: &'a str,
    email: &'a str,
    organisation: &'a str,
    actor: &'a str,
    url: &'a str,
    expires: String,
}

impl<'a> Facts<'a> {
    fn new(
        app: &App,
        actor: &'a str,
        member: &'a Member,
        organisation: &'a Organisation,
        link: &'a Link,
    ) -> Self {
        let t = app.texts.texts("");
        Self {
            name: &member.name,
            email: &member.email,
            organisation: &organisation.name,
            actor,
            url: &link.url,
            expires: time_words::exact(&t, link.expires_at),
            t,
        }
    }

    fn invited(&self) -> String {
        self.t.with(
            "mail-invitation-words",
            &[
                ("actor", self.actor.into()),
                ("organisation", self.organisation.into()),
            ],
        )
    }

    fn reset(&self) -> String {
        self.t.with(
            "mail-reset-words",
            &[("actor", self.actor.into()), ("email", self.email.into())],
        )
    }
}

macro_rules! parts {
    ($($name:ident = $path:literal;)*) => {$(
        #[derive(Template)]
        #[template(path = $path)]
        struct $name<'a> {
            letter: &'a Facts<'a>,
        }
    )*};
}

parts! {
    InvitationSubject = "mail/invitation/subject.txt";
    InvitationText = "mail/invitation/body.txt";
    InvitationHtml = "mail/invitation/body.html";
    ResetSubject = "mail/reset/subject.txt";
    ResetText = "mail/reset/body.txt";
    ResetHtml = "mail/reset/body.html";
}

/// To a new member: where to set the first password.
///
/// # Errors
/// A template does not render: a fault of ours.
pub fn invitation(
    app: &App,
    actor: &str,
    member: &Member,
    organisation: &Organisation,
    link: &Link,
) -> Answer<Letter> {
    let letter = &Facts::new(app, actor, member, organisation, link);
    put_together(
        letter,
        &InvitationSubject { letter },
        &InvitationText { letter },
        &InvitationHtml { letter },
    )
}

/// To a member: where to set a new password.
///
/// # Errors
/// A template does not render: a fault of ours.
pub fn reset(
    app: &App,
    actor: &str,
    member: &Member,
    organisation: &Organisation,
    link: &Link,
) -> Answer<Letter> {
    let letter = &Facts::new(app, actor, member, organisation, link);
    put_together(
        letter,
        &ResetSubject { letter },
        &ResetText { letter },
        &ResetHtml { letter },
    )
}

fn put_together(
    letter: &Facts<'_>,
    subject: &impl Template,
    text: &impl Template,
    html: &impl Template,
) -> Answer<Letter> {
    let render = |rendered: askama::Result<String>| {
        rendered.map_err(|error| {
            tracing::error!(%error, "a letter does not render");
            Problem::new(
                Kind::Internal,
                "internal",
                "The mail could not be written. Nothing was changed.",
            )
        })
    };
    Ok(Letter {
        to: letter.email.to_owned(),
        subject: render(subject.render())?.trim().to_owned(),
        text: render(text.render())?,
        html: render(html.render())?,
    })
}
