//! `GET /subscriptions/{id}`

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use jiff::civil::Date;
use muster_domain::permission::Permission;
use muster_domain::selling::life::Life;
use muster_store::selling::invoices::Invoice;
use muster_store::selling::subscriptions::Period as PeriodRow;

use super::words;
use crate::app::App;
use crate::features::invoicing::issue;
use crate::features::selling::charge;
use crate::features::selling::subscriptions::show::{self as showing, Shown};
use crate::web::actor::{Allowed, ReadBooks};
use crate::web::frame;
use crate::web::problem::Answer;
use crate::web::text::Key;
use crate::web::time_words;
use crate::web::view::subscriptions::{Period, Subscription};
use crate::web::view::{Frame, Place};

/// `GET /subscriptions/{id}`
///
/// # Errors
/// It is in none of the actor's books.
pub async fn show(
    app: Data<App>,
    allowed: Allowed<ReadBooks>,
    id: Path<String>,
    request: HttpRequest,
) -> Answer<HttpResponse> {
    let shown = showing::show(&app, &allowed, &id).await?;
    let frame = frame::frame(&app, &allowed.actor, &request, Place::Subscriptions).await?;
    let may_sell = shown.sold && allowed.actor.role.may(Permission::Sell);
    let (row, t) = (&shown.named.row, &frame.t);
    let view = Subscription {
        id: row.id.clone(),
        plan: shown.named.plan.clone(),
        other: shown.named.other.clone(),
        sold: shown.sold,
        device: row.device_id.clone().zip(shown.named.serial_number.clone()),
        life: row.life.clone(),
        life_says: life_says(&frame, &shown),
        stage: row.reached.clone(),
        stage_says: stage_says(&frame, &shown),
        service: shown.service.map(|service| service.as_str().to_owned()),
        ordered: row.ordered.clone(),
        next: words::next(t, shown.next.as_ref()),
        parked: row.parked_because.clone(),
        periods: shown
            .periods
            .iter()
            .map(|(period, invoice)| billed(&frame, period, invoice.as_ref()))
            .collect(),
        acts: if may_sell {
            acts(&frame, &shown)
        } else {
            Vec::new()
        },
        zone: shown.scene.between.zone.name().to_owned(),
        since: day_of(&frame, &shown, row.created_at),
        frame,
    };
    frame::html(&view)
}

/// What its life means now: the day that matters next.
fn life_says(frame: &Frame, shown: &Shown) -> String {
    let (t, row) = (&frame.t, &shown.named.row);
    let on = |key: Key, at: Option<i64>| match at {
        Some(at) => t.put(key.0, "day", &day_of(frame, shown, at)),
        None => String::new(),
    };
    if row.cancel_at_end == 1 && row.ended_at.is_none() {
        return on(Key("subscriptions-ends-on"), row.next_start_at);
    }
    match Life::parse(&row.life) {
        Some(Life::Pending) => on(
            Key("subscriptions-says-pending"),
            shown.trial_from.or(row.next_start_at),
        ),
        Some(Life::Trialing) => on(Key("subscriptions-says-trialing"), row.next_start_at),
        Some(Life::Active) => match &shown.next_plan {
            Some(plan) => t.put("subscriptions-says-next-plan", "plan", plan),
            None => on(Key("subscriptions-says-active"), row.next_start_at),
        },
        Some(Life::Paused) => match row.covered_until {
            Some(until) if until > frame.now.as_microsecond() => {
                on(Key("subscriptions-says-paused"), Some(until))
            }
            Some(_) | None => t.get("subscriptions-says-paused-over"),
        },
        Some(Life::Canceled | Life::Expired) | None => {
            on(Key("subscriptions-says-ended"), row.ended_at)
        }
    }
}

fn stage_says(frame: &Frame, shown: &Shown) -> String {
    let (owed, count) = shown.owed;
    if count == 0 {
        return frame.t("subscriptions-owes-nothing");
    }
    let currency = &shown.scene.between.account.currency;
    let amount = words::amount(&frame.t, owed, currency);
    frame.put("subscriptions-owes", "amount", amount)
}

/// The day of an instant in the account's zone.
fn day_of(frame: &Frame, shown: &Shown, micros: i64) -> String {
    let at = jiff::Timestamp::from_microsecond(micros).unwrap_or_default();
    time_words::date(&frame.t, shown.scene.between.zone.date_of(at))
}

fn billed(frame: &Frame, period: &PeriodRow, invoice: Option<&Invoice>) -> Period {
    let day = |stored: &str, last: bool| {
        let read: Result<Date, _> = charge::date(stored);
        match read {
            Ok(day) => {
                let day = if last {
                    day.yesterday().unwrap_or(day)
                } else {
                    day
                };
                time_words::date(&frame.t, day)
            }
            Err(_) => stored.to_owned(),
        }
    };
    Period {
        days: format!(
            "{} – {}",
            day(&period.start_date, false),
            day(&period.end_date, true)
        ),
        invoice: invoice.map(|invoice| {
            let number = issue::number(invoice).unwrap_or_else(|_| invoice.number.to_string());
            let total = words::amount(&frame.t, invoice.total, &invoice.currency);
            (invoice.id.clone(), number, total)
        }),
    }
}

/// What can be done now, the likeliest first.
fn acts(frame: &Frame, shown: &Shown) -> Vec<(String, String)> {
    let (t, row) = (&frame.t, &shown.named.row);
    let to = |act: &str, words: String| {
        (
            format!("/subscriptions/{}/act?act={act}", row.id),
            format!("{words}…"),
        )
    };
    let canceling = row.cancel_at_end == 1;
    let mut acts = Vec::new();
    match Life::parse(&row.life) {
        None | Some(Life::Canceled | Life::Expired) => return acts,
        Some(_) if canceling => acts.push(to("undo-cancel", t.get("subscriptions-act-undo"))),
        Some(Life::Paused) => acts.push(to("resume", t.get("subscriptions-act-resume"))),
        Some(Life::Active | Life::Pending | Life::Trialing) => {}
    }
    if !canceling {
        acts.push(to("change-plan", t.get("subscriptions-act-change")));
    }
    if row.device_id.is_some() {
        acts.push(to("move", t.get("subscriptions-act-move")));
    } else {
        acts.push(to("move", t.get("subscriptions-act-put")));
    }
    if row.life == "active" && !canceling {
        acts.push(to("pause", t.get("subscriptions-act-pause")));
    }
    if row.life != "pending" && !canceling {
        acts.push(to(
            "cancel&when=period-end",
            t.get("subscriptions-act-cancel-end"),
        ));
    }
    acts.push(to("cancel&when=now", t.get("subscriptions-act-cancel-now")));
    acts
}
