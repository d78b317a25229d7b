//! Pages on their way out: the frame every view stands in, answers made from views, and failures as pages.
//!
//! A handler asks for its [`frame`], fills its view, and answers [`html`]; a form that was taken answers [`done`], one
//! that was refused comes back with [`refused`].

use actix_web::cookie::{Cookie, SameSite, time::Duration};
use actix_web::http::{StatusCode, header};
use actix_web::web::Data;
use actix_web::{FromRequest, HttpMessage, HttpRequest, HttpResponse};
use askama::Template;
use muster_domain::permission::Permission;
use muster_store::commands;
use sha2::{Digest, Sha256};

use super::actor::{Actor, Who};
use super::fields::Fields;
use super::problem::{Answer, Kind, Problem};
use super::text::{Html, Key, Texts};
use super::view::{self, Frame, Input, May, OrganisationKind, Place, Role, Theme, Toast, Viewer};
use crate::app::App;

/// The longest path that [`local_path`] leads back to, bytes.
const LONGEST_PATH: usize = 2048;
/// The cookie that holds the theme.
const THEME: &str = "muster-theme";
/// How long a browser keeps its theme.
const THEME_LASTS: Duration = Duration::days(365);

/// What just happened, for the toast of the page that follows. It travels in the address as a word of this table, so
/// that nobody can put words of their own on our pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each says itself")]
pub enum Done {
    PasswordChanged,
    ThemeChosen,
    SessionEnded,
    MemberDisabled,
    TokenRevoked,
    OrganisationAdded,
    CommandSent,
    CommandCancelled,
    CertificateRevoked,
    DeviceChanged,
}

impl Done {
    const ALL: [(Self, &'static str, Key); 10] = [
        (Self::PasswordChanged, "password-changed", Key("done-password-changed")),
        (Self::ThemeChosen, "theme-chosen", Key("done-theme-chosen")),
        (Self::SessionEnded, "session-ended", Key("done-session-ended")),
        (Self::MemberDisabled, "member-disabled", Key("done-member-disabled")),
        (Self::TokenRevoked, "token-revoked", Key("done-token-revoked")),
        (Self::OrganisationAdded, "organisation-added", Key("done-organisation-added")),
        (Self::CommandSent, "command-sent", Key("done-command-sent")),
        (Self::CommandCancelled, "command-cancelled", Key("done-command-cancelled")),
        (Self::CertificateRevoked, "certificate-revoked", Key("done-certificate-revoked")),
        (Self::DeviceChanged, "device-changed", Key("done-device-changed")),
    ];

    fn word(self) -> &'static str {
        Self::ALL.iter().find(|(done, _, _)| *done == self).map_or("", |(_, word, _)| word)
    }

    fn of(request: &HttpRequest) -> Option<Key> {
        let query = Fields::parse(request.query_string().as_bytes());
        let said = query.some("done")?;
        Self::ALL.iter().find(|(_, word, _)| *word == said).map(|(_, _, key)| *key)
    }
}

/// The frame of a page for whoever is signed in. `here` is its entry of the navigation.
///
/// # Errors
/// The database does not answer.
pub async fn frame(app: &App, actor: &Actor, request: &HttpRequest, here: Place) -> Answer<Frame> {
    let approvals = if actor.role.may(Permission::DeliverApprovals) {
        let scope = actor.scope.clone();
        app.store.read(move |c| commands::count_awaiting_approval(c, &scope)).await?
    } else {
        0
    };
    Ok(shell(app, actor, request, here, u64::try_from(approvals).unwrap_or(0)))
}

/// The frame of a page before anybody signed in.
#[must_use]
pub fn signed_out(app: &App, request: &HttpRequest) -> Frame {
    Frame {
        t: texts(app, request),
        now: app.now(),
        here: Place::Nowhere,
        theme: theme(request),
        csrf: String::new(),
        toast: None,
        viewer: None,
    }
}

fn shell(app: &App, actor: &Actor, request: &HttpRequest, here: Place, approvals: u64) -> Frame {
    let csrf = match &actor.who {
        Who::Member { csrf, .. } => csrf.clone(),
        Who::Token { .. } => String::new(),
    };
    let mut frame = Frame { here, csrf, ..signed_out(app, request) };
    frame.toast = Done::of(request).map(|key| Toast { words: Html::escape(&frame.t.word(key)), undo: None });
    frame.viewer = Some(Viewer {
        name: actor.name.clone(),
        organisation: actor.organisation.name.clone(),
        organisation_kind: organisation_kind(&actor.organisation.kind),
        role: role(actor.role),
        may: may(actor),
        approvals,
    });
    frame
}

fn may(actor: &Actor) -> May {
    let may = |permission| actor.role.may(permission);
    May {
        add_devices: may(Permission::ManageDevices),
        send_commands: may(Permission::SendCommands),
        see_approvals: may(Permission::DeliverApprovals),
        // A customer has nobody beneath it.
        see_organisations: may(Permission::ReadOrganisations) && actor.organisation.kind != "customer",
        see_people: may(Permission::ReadPeople),
        manage_tokens: may(Permission::ManageTokens),
    }
}

/// The role as pages show it.
#[must_use]
pub fn role(role: muster_domain::permission::Role) -> Role {
    use muster_domain::permission::Role as Ours;
    match role {
        Ours::Owner => Role::Owner,
        Ours::Admin => Role::Admin,
        Ours::Agent => Role::Agent,
        Ours::Support => Role::Support,
        Ours::Auditor => Role::Auditor,
    }
}

/// The kind of an organisation as pages show it, from the store's word.
#[must_use]
pub fn organisation_kind(word: &str) -> OrganisationKind {
    match word {
        "operator" => OrganisationKind::Operator,
        "reseller" => OrganisationKind::Reseller,
        _ => OrganisationKind::Customer,
    }
}

fn texts(app: &App, request: &HttpRequest) -> Texts {
    app.texts.texts(header_text(request, header::ACCEPT_LANGUAGE))
}

fn header_text(request: &HttpRequest, name: header::HeaderName) -> &str {
    request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

fn theme(request: &HttpRequest) -> Theme {
    request.cookie(THEME).map_or(Theme::System, |cookie| Theme::parse(cookie.value()))
}

/// The cookie that keeps a theme; the system's takes it away.
#[must_use]
pub fn theme_cookie(theme: Theme) -> Cookie<'static> {
    let mut cookie = Cookie::build(THEME, theme.as_str())
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .max_age(THEME_LASTS)
        .finish();
    if theme == Theme::System {
        cookie.make_removal();
    }
    cookie
}

/// 200 with a page.
///
/// # Errors
/// The template does not render: a fault of ours.
pub fn html(page: &impl Template) -> Answer<HttpResponse> {
    html_as(StatusCode::OK, page)
}

/// A form that was refused, with what was typed and what to do about it: 422, or the problem's own status.
///
/// # Errors
/// The template does not render: a fault of ours.
pub fn refused(problem: &Problem, page: &impl Template) -> Answer<HttpResponse> {
    let mut answer = html_as(problem.kind.status(), page)?;
    add_retry_after(&mut answer, problem);
    Ok(answer)
}

fn html_as(status: StatusCode, page: &impl Template) -> Answer<HttpResponse> {
    Ok(HttpResponse::build(status).content_type("text/html; charset=utf-8").body(render(page)?))
}

/// A part of a page that a script asks for again and again: 304 while it is what the asker has already.
///
/// # Errors
/// The template does not render: a fault of ours.
pub fn fragment(request: &HttpRequest, part: &impl Template) -> Answer<HttpResponse> {
    let body = render(part)?;
    let digest = Sha256::digest(body.as_bytes());
    let tag = format!("\"{}\"", hex::encode(&digest[..16]));
    if header_text(request, header::IF_NONE_MATCH) == tag {
        return Ok(HttpResponse::NotModified().insert_header((header::ETAG, tag)).finish());
    }
    Ok(HttpResponse::Ok().content_type("text/html; charset=utf-8").insert_header((header::ETAG, tag)).body(body))
}

fn render(template: &impl Template) -> Answer<String> {
    template.render().map_err(|error| {
        tracing::error!(%error, "a page does not render");
        Problem::new(Kind::Internal, "internal", "Something is wrong on our side. It is on our log.")
    })
}

/// 303 to another page of ours.
#[must_use]
pub fn see_other(to: &str) -> HttpResponse {
    HttpResponse::SeeOther().insert_header((header::LOCATION, to)).finish()
}

/// 303 to another page of ours, which says in passing what was done.
#[must_use]
pub fn done(to: &str, done: Done) -> HttpResponse {
    let joint = if to.contains('?') { '&' } else { '?' };
    see_other(&format!("{to}{joint}done={}", done.word()))
}

/// A field as it goes back to the reader: what was typed, and what `problem` says is wrong with it.
#[must_use]
pub fn input(t: &Texts, problem: &Problem, name: &str, typed: &str) -> Input {
    let fault = problem.fields.iter().find(|fault| fault.field == name);
    Input { value: typed.to_owned(), error: fault.map(|fault| words(t, fault.code, &fault.message)) }
}

/// The reader's words for a fault: those of the catalogue for its code, or else the fault's own.
#[must_use]
pub fn words(t: &Texts, code: &str, message: &str) -> String {
    let key = format!("error-{code}");
    let found = t.has(&key).then(|| t.get(&key));
    // A sentence that asks for a number which is not at hand says less than the fault's own.
    found.filter(|words| !words.contains("{$")).unwrap_or_else(|| message.to_owned())
}

/// `path` if it is one of this portal, else `/`: nobody is sent elsewhere by what stands in an address.
#[must_use]
pub fn local_path(path: &str) -> &str {
    let safe = path.starts_with('/')
        && !path.starts_with("//")
        && path.len() <= LONGEST_PATH
        && path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    if safe { path } else { "/" }
}

/// The page for a refused or failed request; or the way to the page that must come first.
pub async fn problem_page(request: &HttpRequest, problem: &Problem) -> HttpResponse {
    match problem.kind {
        Kind::SignInFirst | Kind::SignedOut => return see_other(&with_return("/sign-in", request)),
        Kind::ConfirmFirst => return see_other(&with_return("/confirm", request)),
        Kind::Invalid
        | Kind::Forbidden
        | Kind::NotFound
        | Kind::Conflict
        | Kind::TooLarge
        | Kind::WrongType
        | Kind::TooMany
        | Kind::Unavailable
        | Kind::Internal => {}
    }
    let Some(app) = request.app_data::<Data<App>>().cloned() else {
        return HttpResponse::build(problem.kind.status()).body(problem.detail.clone());
    };
    let page = explain(&reader(&app, request, problem.kind).await, &app, problem);
    let status = StatusCode::from_u16(page.status).unwrap_or(problem.kind.status());
    let mut answer = html_as(status, &page).unwrap_or_else(|_| HttpResponse::build(status).body(problem.detail.clone()));
    add_retry_after(&mut answer, problem);
    answer
}

/// The frame of a problem page. Where the database may be what is wrong, it is not asked.
async fn reader(app: &App, request: &HttpRequest, kind: Kind) -> Frame {
    let known = request.extensions().get::<Actor>().cloned();
    if matches!(kind, Kind::Unavailable | Kind::Internal) {
        return known.map_or_else(|| signed_out(app, request), |actor| shell(app, &actor, request, Place::Nowhere, 0));
    }
    let actor = match known {
        Some(actor) => Some(actor),
        None => Actor::extract(request).await.ok(),
    };
    let Some(actor) = actor else { return signed_out(app, request) };
    frame(app, &actor, request, Place::Nowhere).await.unwrap_or_else(|_| signed_out(app, request))
}

fn explain(frame: &Frame, app: &App, problem: &Problem) -> view::problem::Problem {
    use view::problem::Problem as Page;
    let told = || words(&frame.t, problem.code, &problem.detail);
    let mut page = match (problem.kind, problem.code) {
        (Kind::NotFound, "link-ended") => return Page::link_ended(frame),
        (Kind::NotFound, _) => Page::not_found(frame),
        (Kind::Forbidden, "form-old" | "other-site") => Page::stale_form(frame),
        (Kind::Forbidden | Kind::ConfirmFirst | Kind::SignInFirst | Kind::SignedOut, _) => Page::forbidden(frame),
        (Kind::Conflict, _) => Page::conflict(frame, &told()),
        (Kind::Invalid | Kind::TooLarge | Kind::WrongType, _) => Page::unreadable(frame, &told()),
        (Kind::TooMany, _) => Page::too_many(frame, problem.retry_after.unwrap_or(60).into()),
        (Kind::Unavailable, _) => Page::unavailable(frame),
        (Kind::Internal, _) => {
            let reference = app.new_id();
            tracing::error!(reference, code = problem.code, detail = problem.detail, "a page could not be made");
            Page::internal(frame, &reference)
        }
    };
    page.status = problem.kind.status().as_u16();
    page
}

fn add_retry_after(answer: &mut HttpResponse, problem: &Problem) {
    if let Some(seconds) = problem.retry_after {
        answer.headers_mut().insert(header::RETRY_AFTER, header::HeaderValue::from(seconds));
    }
}

/// `page?next=` with the way back to what was asked for; after a form, to the page the form stood on.
fn with_return(page: &str, request: &HttpRequest) -> String {
    let asked = request.uri().path_and_query().map_or("/", |path| path.as_str());
    let next = if request.method().is_safe() { asked } else { page_of_form(request) };
    let next: String = form_urlencoded::byte_serialize(local_path(next).as_bytes()).collect();
    format!("{page}?next={next}")
}

/// The path of the page a form was sent from, as the browser names it.
fn page_of_form(request: &HttpRequest) -> &str {
    let referer = header_text(request, header::REFERER);
    let after_scheme = referer.split_once("://").map_or("", |(_, rest)| rest);
    after_scheme.find('/').and_then(|start| after_scheme.get(start..)).unwrap_or("/")
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::{local_path, with_return};

    #[test]
    fn the_way_back_stays_on_this_portal() {
        for good in ["/", "/devices?q=HX7&sort=model", "/commands/new?kind=wipe"] {
            assert_eq!(local_path(good), good);
        }
        for bad in ["", "devices", "//evil.example.org", "/\\evil.example.org", "https://evil.example.org", "/a\r\nb", "/a b"] {
            assert_eq!(local_path(bad), "/");
        }
        assert_eq!(local_path(&format!("/{}", "a".repeat(3000))), "/");
    }

    #[test]
    fn a_page_is_returned_to_and_a_form_to_the_page_it_stood_on() {
        let get = TestRequest::get().uri("/devices?q=a&sort=b").to_http_request();
        assert_eq!(with_return("/sign-in", &get), "/sign-in?next=%2Fdevices%3Fq%3Da%26sort%3Db");
        let post = TestRequest::post().uri("/commands/1/cancel").insert_header(("referer", "https://m.example.org/commands/1"));
        assert_eq!(with_return("/confirm", &post.to_http_request()), "/confirm?next=%2Fcommands%2F1");
        let bare = TestRequest::post().uri("/commands/1/cancel").to_http_request();
        assert_eq!(with_return("/confirm", &bare), "/confirm?next=%2F");
    }
}
