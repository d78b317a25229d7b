//! The pages of mail in one's own organisation's name.

use actix_web::http::header::CONTENT_SECURITY_POLICY;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use muster_store::mail_outbox::{self, Mail};

use super::attachments;
use crate::app::App;
use crate::web::actor::{Allowed, ReadBooks};
use crate::web::fields::Fields;
use crate::web::frame;
use crate::web::paging::PageRequest;
use crate::web::portal_listener;
use crate::web::problem::{Answer, Problem};
use crate::web::view::letters::{MailPage, MailRow, MailState, Mails};
use crate::web::view::{Filter, Pages, Place};

/// The mail itself, in a frame of a page of ours: its own few styles, nothing else, and nobody's rights.
const IN_A_FRAME: &str =
    "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'self'";

/// `GET /mail`
pub async fn list(
    app: Data<App>,
    allowed: Allowed<ReadBooks>,
    request: HttpRequest,
) -> Answer<HttpResponse> {
    let asked = Fields::parse(request.query_string().as_bytes());
    let page = PageRequest::read(&asked)?;
    let state =
        match asked.some("state") {
            Some(word) => Some(MailState::parse(word).ok_or_else(|| {
                Problem::invalid("state", "state must be sent, waiting or parked.")
            })?),
            None => None,
        };
    let (seller, cursor) = (allowed.actor.organisation.id.clone(), page.cursor.clone());
    let found = app.store.read(move |c| {
        let state = state.map(MailState::as_str);
        mail_outbox::of_seller(c, &seller, state, cursor.as_deref(), page.limit)
    });
    let found = found.await?;
    let frame = frame::frame(&app, &allowed.actor, &request, Place::Mail).await?;
    let address = |state: Option<MailState>, cursor: Option<&str>| {
        let mut query = form_urlencoded::Serializer::new(String::new());
        if let Some(state) = state {
            query.append_pair("state", state.as_str());
        }
        if let Some(cursor) = cursor {
            query.append_pair("cursor", cursor);
        }
        let query = query.finish();
        if query.is_empty() {
            "/mail".to_owned()
        } else {
            format!("/mail?{query}")
        }
    };
    let options = MailState::ALL
        .into_iter()
        .map(|one| {
            (
                frame.t.word(one.name()),
                address(Some(one), None),
                state == Some(one),
            )
        })
        .collect();
    let filter = Filter {
        name: frame.t.get("letters-filter-state"),
        set: state.map(|one| (frame.t.word(one.name()), address(None, None))),
        options,
    };
    frame::html(&Mails {
        filters: vec![filter],
        rows: found.items.iter().map(row).collect(),
        pages: Pages {
            previous: page.cursor.map(|_| address(state, None)),
            next: found.next.map(|cursor| address(state, Some(&cursor))),
        },
        frame,
    })
}

/// `GET /mail/{id}`
pub async fn show(
    app: Data<App>,
    allowed: Allowed<ReadBooks>,
    request: HttpRequest,
    id: Path<String>,
) -> Answer<HttpResponse> {
    let app = app.into_inner();
    let mail = one(&app, &allowed, id.into_inner()).await?;
    // What goes with it is named in the source, and not shown: it has a page of its own.
    let source = match attachments::of(&app, &mail).await {
        Ok(attached) => app.mailer.source(&mail, &attached),
        Err(_) => app.mailer.source(&mail, &[]),
    };
    let source = source.unwrap_or_else(String::into_bytes);
    let frame = frame::frame(&app, &allowed.actor, &request, Place::Mail).await?;
    let mut answer = frame::html(&MailPage {
        frame,
        sender: mail.sender_name.clone().unwrap_or_default(),
        reply_to: mail.reply_to.clone().unwrap_or_default(),
        attempts: u64::try_from(mail.attempts).unwrap_or(0),
        text: mail.body_text.clone(),
        source: String::from_utf8_lossy(&source).into_owned(),
        mail: row(&mail),
    })?;
    let policy = format!("{}; frame-src 'self'", portal_listener::policy(&app, false));
    if let Ok(policy) = policy.parse() {
        answer.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
    }
    Ok(answer)
}

/// `GET /mail/{id}/html`
pub async fn html(
    app: Data<App>,
    allowed: Allowed<ReadBooks>,
    id: Path<String>,
) -> Answer<HttpResponse> {
    let mail = one(&app, &allowed, id.into_inner()).await?;
    Ok(HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((CONTENT_SECURITY_POLICY, IN_A_FRAME))
        .body(mail.body_html))
}

async fn one(app: &App, allowed: &Allowed<ReadBooks>, id: String) -> Answer<Mail> {
    let seller = allowed.actor.organisation.id.clone();
    let found = app
        .store
        .read(move |c| mail_outbox::find_of_seller(c, &seller, &id))
        .await?;
    found.ok_or_else(|| Problem::not_found("mail"))
}

fn row(mail: &Mail) -> MailRow {
    MailRow {
        id: mail.id.clone(),
        recipient: mail.recipient.clone(),
        subject: mail.subject.clone(),
        state: MailState::parse(&mail.state).unwrap_or(MailState::Waiting),
        error: mail.last_error.clone(),
        at: jiff::Timestamp::from_microsecond(mail.created_at).unwrap_or_default(),
    }
}
