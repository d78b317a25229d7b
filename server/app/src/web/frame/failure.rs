//! Failures as pages, and the ways to the pages that must come first: sign in, and the password once more.

use actix_web::http::{StatusCode, header};
use actix_web::web::Data;
use actix_web::{FromRequest, HttpMessage, HttpRequest, HttpResponse};

use super::{add_retry_after, frame, header_text, html_as, see_other, shell, signed_out, words};
use crate::app::App;
use crate::web::actor::Actor;
use crate::web::problem::{Kind, Problem};
use crate::web::view::problem::Problem as Page;
use crate::web::view::{Frame, Place};

/// The longest path that [`local_path`] leads back to, bytes.
const LONGEST_PATH: usize = 2048;

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
        | Kind::Misdirected
        | Kind::TooMany
        | Kind::Unavailable
        | Kind::Internal => {}
    }
    let Some(app) = request.app_data::<Data<App>>().cloned() else {
        return HttpResponse::build(problem.kind.status()).body(problem.detail.clone());
    };
    let mut page = explain(&reader(&app, request, problem.kind).await, &app, problem);
    let on_approvals = app.approvals.as_ref();
    if on_approvals.is_some_and(|approvals| approvals.is_asked(request.head())) {
        // Nothing else is on that host: the way on is the portal's.
        page.on.0.insert_str(0, &app.portal_url);
    }
    let status = StatusCode::from_u16(page.status).unwrap_or(problem.kind.status());
    let mut answer = html_as(status, &page)
        .unwrap_or_else(|_| HttpResponse::build(status).body(problem.detail.clone()));
    add_retry_after(&mut answer, problem);
    answer
}

/// The frame of a problem page. Where the database may be what is wrong, it is not asked.
async fn reader(app: &App, request: &HttpRequest, kind: Kind) -> Frame {
    let known = request.extensions().get::<Actor>().cloned();
    if matches!(kind, Kind::Unavailable | Kind::Internal) {
        return known.map_or_else(
            || signed_out(app, request),
            |actor| shell(app, &actor, request, Place::Nowhere, 0),
        );
    }
    let actor = match known {
        Some(actor) => Some(actor),
        None => Actor::extract(request).await.ok(),
    };
    let Some(actor) = actor else {
        return signed_out(app, request);
    };
    frame(app, &actor, request, Place::Nowhere)
        .await
        .unwrap_or_else(|_| signed_out(app, request))
}

fn explain(frame: &Frame, app: &App, problem: &Problem) -> Page {
    let told = || words(&frame.t, problem.code, &problem.detail);
    let mut page = match (problem.kind, problem.code) {
        (Kind::NotFound, "link-ended") => return Page::link_ended(frame),
        (Kind::NotFound, "ceremony-ended") => return Page::ceremony_ended(frame, &told()),
        (Kind::NotFound, _) => Page::not_found(frame),
        (Kind::Forbidden, "form-old" | "other-site") => Page::stale_form(frame),
        (Kind::Forbidden | Kind::ConfirmFirst | Kind::SignInFirst | Kind::SignedOut, _) => {
            Page::forbidden(frame)
        }
        (Kind::Conflict, "not-selling") => Page::not_selling(frame, &told()),
        (Kind::Conflict, _) => Page::conflict(frame, &told()),
        (Kind::Invalid | Kind::TooLarge | Kind::WrongType | Kind::Misdirected, _) => {
            Page::unreadable(frame, &told())
        }
        (Kind::TooMany, _) => Page::too_many(frame, problem.retry_after.unwrap_or(60).into()),
        (Kind::Unavailable, _) => Page::unavailable(frame),
        (Kind::Internal, _) => {
            let reference = app.new_id();
            tracing::error!(
                reference,
                code = problem.code,
                detail = problem.detail,
                "a page could not be made"
            );
            Page::internal(frame, &reference)
        }
    };
    page.status = problem.kind.status().as_u16();
    page
}

/// `page?next=` with the way back to what was asked for; after a form, to the page the form stood on.
fn with_return(page: &str, request: &HttpRequest) -> String {
    let asked = request
        .uri()
        .path_and_query()
        .map_or("/", |path| path.as_str());
    let next = if request.method().is_safe() {
        asked
    } else {
        page_of_form(request)
    };
    let next: String = form_urlencoded::byte_serialize(local_path(next).as_bytes()).collect();
    format!("{page}?next={next}")
}

/// The path of the page a form was sent from, as the browser names it.
fn page_of_form(request: &HttpRequest) -> &str {
    let referer = header_text(request, header::REFERER);
    let after_scheme = referer.split_once("://").map_or("", |(_, rest)| rest);
    after_scheme
        .find('/')
        .and_then(|start| after_scheme.get(start..))
        .unwrap_or("/")
}

/// `path` if it is one of this portal, else `/`: nobody is sent elsewhere by what stands in an address.
#[must_use]
pub fn local_path(path: &str) -> &str {
    let safe = path.starts_with('/')
        && !path.starts_with("//")
        && path.len() <= LONGEST_PATH
        && path
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    if safe { path } else { "/" }
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
        for bad in [
            "",
            "devices",
            "//evil.example.org",
            "/\\evil.example.org",
            "https://evil.example.org",
            "/a\r\nb",
            "/a b",
        ] {
            assert_eq!(local_path(bad), "/");
        }
        assert_eq!(local_path(&format!("/{}", "a".repeat(3000))), "/");
    }

    #[test]
    fn a_page_is_returned_to_and_a_form_to_the_page_it_stood_on() {
        let get = TestRequest::get()
            .uri("/devices?q=a&sort=b")
            .to_http_request();
        assert_eq!(
            with_return("/sign-in", &get),
            "/sign-in?next=%2Fdevices%3Fq%3Da%26sort%3Db"
        );
        let post = TestRequest::post()
            .uri("/commands/1/cancel")
            .insert_header(("referer", "https://m.example.org/commands/1"));
        assert_eq!(
            with_return("/confirm", &post.to_http_request()),
            "/confirm?next=%2Fcommands%2F1"
        );
        let bare = TestRequest::post()
            .uri("/commands/1/cancel")
            .to_http_request();
        assert_eq!(with_return("/confirm", &bare), "/confirm?next=%2F");
    }
}
