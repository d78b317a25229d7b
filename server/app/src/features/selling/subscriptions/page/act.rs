//! `GET` and `POST /subscriptions/{id}/act`: what an act will come to, and the act.

use std::sync::Arc;

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use muster_store::devices;
use muster_store::selling::plans;

use super::words;
use crate::app::App;
use crate::features::selling::subscriptions::acts::{self, Mode, Outcome, When, Wish};
use crate::features::selling::subscriptions::api::plain_wish;
use crate::features::selling::subscriptions::show;
use crate::web::actor::{Allowed, ReadBooks, Sell};
use crate::web::fields::Fields;
use crate::web::frame;
use crate::web::problem::{Answer, Kind, Problem};
use crate::web::session;
use crate::web::view::subscriptions::Act;
use crate::web::view::{Choice, Frame, Input, Place};

/// The most plans that a form offers.
const PLANS: i64 = 200;

/// What the form says so far.
enum Read {
    /// All that the act needs.
    Whole(Wish),
    /// A plan, or a phone, has to be chosen first.
    Open(Wish),
}

/// `GET /subscriptions/{id}/act?act=`
///
/// # Errors
/// There is no such subscription in the actor's books, or no such act.
pub async fn form(
    app: Data<App>,
    allowed: Allowed<Sell>,
    id: Path<String>,
    request: HttpRequest,
) -> Answer<HttpResponse> {
    let typed = Fields::parse(request.query_string().as_bytes());
    let app = app.into_inner();
    let (page, _) = fill(&app, &allowed, &request, (&id, &typed)).await?;
    frame::html(&page)
}

/// `POST /subscriptions/{id}/act`
///
/// # Errors
/// As [`form`]; the form is from an older sign-in. What a rule refuses comes back as the page.
pub async fn go(
    app: Data<App>,
    allowed: Allowed<Sell>,
    id: Path<String>,
    request: HttpRequest,
    fields: Fields,
) -> Answer<HttpResponse> {
    session::check_form(&allowed.actor, &fields)?;
    let app = app.into_inner();
    let done = match read(&app, &allowed, &fields).await? {
        Read::Open(_) => None,
        Read::Whole(wish) => Some(acts::act(&app, &allowed, &id, wish, Mode::Do).await),
    };
    match done {
        Some(Ok(_)) => Ok(frame::see_other(&format!("/subscriptions/{id}"))),
        Some(Err(problem)) if problem.kind != Kind::Conflict => Err(problem),
        Some(Err(problem)) => {
            let (page, _) = fill(&app, &allowed, &request, (&id, &fields)).await?;
            frame::refused(&problem, &page)
        }
        None => {
            let (page, problem) = fill(&app, &allowed, &request, (&id, &fields)).await?;
            let open = Problem::invalid("act", "Choose what it is changed to first.");
            frame::refused(&problem.unwrap_or(open), &page)
        }
    }
}

async fn fill(
    app: &Arc<App>,
    allowed: &Allowed<Sell>,
    request: &HttpRequest,
    (id, typed): (&str, &Fields),
) -> Answer<(Act, Option<Problem>)> {
    let reader = allowed.actor.clone().allow::<ReadBooks>()?;
    let shown = show::show(app, &reader, id).await?;
    let frame = frame::frame(app, &allowed.actor, request, Place::Subscriptions).await?;
    let wished = read(app, allowed, typed).await;
    let (wish, tried) = match wished {
        Ok(Read::Whole(wish)) => {
            let tried = acts::act(app, allowed, id, wish.clone(), Mode::Try).await;
            (wish, Some(tried))
        }
        Ok(Read::Open(wish)) => (wish, None),
        Err(problem) if typed.one("act") == "move" => {
            let device = String::new();
            (Wish::Move { device }, Some(Err(problem)))
        }
        Err(problem) => return Err(problem),
    };
    let problem = match tried {
        Some(Err(problem))
            if problem.kind != Kind::Conflict && !is_about_phone(&wish, &problem) =>
        {
            return Err(problem);
        }
        Some(Err(ref problem)) => Some(problem.clone()),
        Some(Ok(_)) | None => None,
    };
    let outcome = tried.and_then(Result::ok);
    let mut page = page(frame, &wish, typed, outcome.as_ref());
    page.action = format!("/subscriptions/{id}/act");
    page.back = format!("/subscriptions/{id}");
    page.about = format!("{}, {}", shown.named.plan, shown.named.other);
    let words = |problem: &Problem| frame::words(&page.frame.t, problem.code, &problem.detail);
    page.fault = problem.as_ref().map(words);
    if outcome.is_none() {
        choose(app, allowed, &mut page, &wish, typed).await?;
    }
    Ok((page, problem))
}

/// A phone that is not there is the form's matter, not the address's.
fn is_about_phone(wish: &Wish, problem: &Problem) -> bool {
    matches!(wish, Wish::Move { .. }) && matches!(problem.kind, Kind::NotFound | Kind::Invalid)
}

fn page(frame: Frame, wish: &Wish, typed: &Fields, outcome: Option<&Outcome>) -> Act {
    let (title, says) = words::act(&frame.t, wish);
    let kept = ["act", "when", "plan", "serial"];
    // While something has to be chosen the form asks for it, and keeps only what it is about.
    let hidden = kept
        .iter()
        .filter(|name| outcome.is_some() || **name == "act");
    Act {
        act: typed.one("act").to_owned(),
        title,
        says,
        action: String::new(),
        back: String::new(),
        about: String::new(),
        hidden: hidden
            .filter_map(|name| Some(((*name).to_owned(), typed.some(name)?.to_owned())))
            .collect(),
        choices: Vec::new(),
        serial: None,
        cost: outcome.map(|outcome| words::outcome(&frame.t, outcome)),
        refused: Vec::new(),
        fault: None,
        count: None,
        frame,
    }
}

/// What has to be chosen, for the acts that need it.
async fn choose(
    app: &App,
    allowed: &Allowed<Sell>,
    page: &mut Act,
    wish: &Wish,
    typed: &Fields,
) -> Answer<()> {
    match wish {
        Wish::ChangePlan { .. } => {
            let t = page.frame.t.clone();
            let choice = |value: &str, label: String| Choice {
                value: value.to_owned(),
                label,
            };
            let plans = plans_of(app, allowed).await?;
            page.choices = vec![
                ("plan".to_owned(), t.get("subscriptions-plan"), plans),
                (
                    "when".to_owned(),
                    t.get("when"),
                    vec![
                        choice("period-end", t.get("subscriptions-when-end")),
                        choice("now", t.get("subscriptions-when-now")),
                    ],
                ),
            ];
        }
        Wish::Move { .. } => page.serial = Some(Input::filled(typed.one("serial"))),
        Wish::Pause | Wish::Resume | Wish::Cancel(_) | Wish::UndoCancel => {}
    }
    Ok(())
}

/// The plans that the actor's organisation sells.
pub async fn plans_of(app: &App, allowed: &Allowed<Sell>) -> Answer<Vec<Choice>> {
    let seller = allowed.actor.organisation.id.clone();
    let found = app
        .store
        .read(move |c| plans::list(c, &seller, false, None, PLANS));
    let choice = |plan: plans::Plan| Choice {
        value: plan.id,
        label: format!("{}, {}", plan.name, plan.currency),
    };
    Ok(found.await?.items.into_iter().map(choice).collect())
}

async fn read(app: &App, allowed: &Allowed<Sell>, typed: &Fields) -> Answer<Read> {
    match typed.one("act") {
        "change-plan" => {
            let plan = typed.one("plan").to_owned();
            let when = match typed.some("when") {
                Some(word) => When::parse(word)?,
                None => When::PeriodEnd,
            };
            let is_open = plan.is_empty();
            let wish = Wish::ChangePlan { plan, when };
            Ok(if is_open {
                Read::Open(wish)
            } else {
                Read::Whole(wish)
            })
        }
        "move" => match typed.some("serial") {
            None => Ok(Read::Open(Wish::Move {
                device: String::new(),
            })),
            Some(serial) => Ok(Read::Whole(Wish::Move {
                device: phone(app, allowed, serial).await?,
            })),
        },
        act => Ok(Read::Whole(plain_wish(act, typed.some("when"))?)),
    }
}

/// The phone of a serial number that the actor may see.
pub async fn phone(app: &App, allowed: &Allowed<Sell>, serial: &str) -> Answer<String> {
    let (scope, wanted) = (allowed.scope().clone(), serial.trim().to_owned());
    let found = app
        .store
        .read(move |c| devices::find_by_serial_number(c, &scope, &wanted));
    match found.await?.as_slice() {
        [one] => Ok(one.id.clone()),
        [] => Err(Problem::not_found(&format!("phone as {}", serial.trim()))),
        _ => Err(Problem::conflict(
            "serial-several",
            "Several phones have this serial number. Use the API, which takes a phone's id.",
        )),
    }
}
