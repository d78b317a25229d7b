//! Letters: in the account's language and the seller's name, true when they are written, and delivered to a real mail server
//! through everything that can go wrong on the way.

use std::time::Duration;

use muster::config::MailTransport;
use muster_domain::permission::Role;
use muster_store::mail_outbox::{self, Mail};
use muster_store::selling::letters::{self, Letter};
use muster_tests::mail_server::{MailServer, Wire};
use muster_tests::trade::{Deal, Trade, id};
use muster_tests::{TestApp, on_both_databases, page};

use super::collection::{is_paid, owes};

on_both_databases![
    every_kind_is_written_in_both_languages,
    what_is_settled_meanwhile_is_not_written,
    a_seller_reads_its_own_mail_and_nobody_elses,
    mail_leaves_with_starttls_and_with_tls_from_the_first_octet,
    a_server_whose_certificate_is_nobodys_gets_no_mail,
    a_refused_recipient_is_put_aside_and_shown,
    a_connection_lost_after_the_text_is_tried_again_under_the_same_id,
    a_server_down_for_an_hour_costs_no_mail_and_no_order,
];

const KINDS: [&str; 8] = [
    "renewal-notice",
    "invoice",
    "credit-note",
    "reminder",
    "past-due",
    "suspended",
    "thank-you",
    "ended",
];

/// Puts a letter of this kind about an invoice and a subscription on the pile.
async fn put(t: &TestApp, deal: &Deal, kind: &str, invoice: Option<&str>, sold: Option<&str>) {
    let letter = Letter {
        id: t.app().new_id(),
        seller_id: deal.seller.organisation_id.clone(),
        billing_account_id: deal.account.id.clone(),
        kind: kind.to_owned(),
        letter_key: format!("{kind}:{}", t.app().new_id()),
        invoice_id: invoice.map(str::to_owned),
        subscription_id: sold.map(str::to_owned),
        state: "waiting".to_owned(),
        created_at: t.app().now_micros(),
        mail_id: None,
    };
    t.write(move |c| letters::insert(c, &letter)).await;
}

/// Every mail in a seller's name, oldest first.
async fn mails(t: &TestApp, deal: &Deal) -> Vec<Mail> {
    let seller = deal.seller.organisation_id.clone();
    let page = t
        .read(move |c| mail_outbox::of_seller(c, &seller, None, None, 200))
        .await;
    page.items.into_iter().rev().collect()
}

async fn every_kind_is_written_in_both_languages(t: &mut TestApp) {
    let mut trade = Trade::of(t).await;
    trade.wholesale.account.language = "fr".to_owned();
    trade.insert(t).await;
    for (deal, number) in [(&trade.retail, 1), (&trade.wholesale, 2)] {
        let mut sold = deal.subscription(number, "2027-03-01");
        sold.reached = "suspended".to_owned();
        muster_tests::trade::add(t, &sold).await;
        let invoice = owes(t, deal, &sold, number, "2026-09-11").await;
        for kind in KINDS {
            put(t, deal, kind, Some(&invoice.id), Some(&sold.id)).await;
        }
    }
    t.run_job("letters").await;
    let (english, french) = (
        mails(t, &trade.retail).await,
        mails(t, &trade.wholesale).await,
    );
    assert_eq!((english.len(), french.len()), (8, 8));
    for mail in english.iter().chain(&french) {
        for text in [&mail.subject, &mail.body_text, &mail.body_html] {
            assert!(!text.contains('⟦') && !text.contains("{$"), "{text}");
            assert!(!text.contains('\u{2068}'), "{text}");
        }
        assert_eq!(
            mail.reply_to
                .as_deref()
                .unwrap_or_default()
                .split('@')
                .nth(1),
            Some("example.org")
        );
        assert!(mail.body_html.contains("<html lang="), "{}", mail.body_html);
    }
    let text = |mails: &[Mail], place: usize| mails[place].body_text.clone();
    assert_eq!(
        english[0].subject,
        "Your subscription Six months renews on 1 March 2027"
    );
    assert!(
        text(&english, 0).contains("1,500.00\u{a0}EUR"),
        "{}",
        text(&english, 0)
    );
    assert_eq!(
        french[0].subject,
        "Votre abonnement Six months est renouvelé le 1er mars 2027"
    );
    assert!(
        text(&french, 0).contains("1\u{202f}500,00\u{a0}EUR"),
        "{}",
        text(&french, 0)
    );
    assert!(
        text(&english, 1).contains("INV-2026-00001"),
        "{}",
        text(&english, 1)
    );
    assert!(
        text(&english, 1).contains("FR76 3000 6000"),
        "{}",
        text(&english, 1)
    );
    assert!(
        text(&english, 4).contains("10 days ago"),
        "{}",
        text(&english, 4)
    );
    assert!(
        text(&english, 4).contains("suspended on 25 September 2026"),
        "{}",
        text(&english, 4)
    );
    assert!(
        text(&french, 4).contains("il y a 10 jours"),
        "{}",
        text(&french, 4)
    );
    for (place, sentence) in [(5, "Nothing on the phone is erased"), (7, "has ended")] {
        assert!(
            text(&english, place).contains(sentence),
            "{}",
            text(&english, place)
        );
    }
    assert_eq!(
        english[3].sender_name.as_deref(),
        Some("Northwind Mobile SARL")
    );
    // They leave once.
    let sent = t.mail().await;
    assert_eq!(sent.len(), 16);
    t.run_job("letters").await;
    assert_eq!(t.mail().await.len(), 16);
    let kept = mails(t, &trade.retail).await;
    assert!(
        kept.iter()
            .all(|mail| mail.state == "sent" && !mail.body_text.is_empty())
    );
}

async fn what_is_settled_meanwhile_is_not_written(t: &mut TestApp) {
    let deal = Trade::make(t).await.retail;
    let sold = deal.subscribe(t, 1, "2027-03-01").await;
    let invoice = owes(t, &deal, &sold, 1, "2026-09-11").await;
    is_paid(t, &invoice).await;
    for kind in ["reminder", "past-due", "suspended"] {
        put(t, &deal, kind, Some(&invoice.id), Some(&sold.id)).await;
    }
    // The document itself is always brought.
    put(t, &deal, "invoice", Some(&invoice.id), Some(&sold.id)).await;
    t.run_job("letters").await;
    let written = mails(t, &deal).await;
    assert_eq!(written.len(), 1, "{written:?}");
    assert!(
        written[0].body_text.contains("paid already"),
        "{}",
        written[0].body_text
    );
    let account = deal.account.id.clone();
    let page = t
        .read(move |c| letters::of_account(c, &account, None, 50))
        .await;
    let skipped = page.items.iter().filter(|letter| letter.state == "skipped");
    assert_eq!(skipped.count(), 3);
}

async fn a_seller_reads_its_own_mail_and_nobody_elses(t: &mut TestApp) {
    let world = t.world().await;
    let trade = Trade::make(t).await;
    let sold = trade.retail.subscribe(t, 1, "2027-03-01").await;
    let invoice = owes(t, &trade.retail, &sold, 1, "2026-09-11").await;
    put(t, &trade.retail, "invoice", Some(&invoice.id), None).await;
    t.run_job("letters").await;
    t.mail().await;
    let id = mails(t, &trade.retail).await[0].id.clone();
    let support = world.browser(&world.northwind, Role::Support).await;
    let list = support.get_once("/mail?state=sent").await;
    assert_eq!(list.status, 200, "{}", list.text);
    assert!(list.text.contains("INV-2026-00001") && list.text.contains("/mail/"));
    let shown = support.get_once(&format!("/mail/{id}")).await;
    assert_eq!(shown.status, 200, "{}", shown.text);
    let frame = page::tags(&shown.text, "iframe").next().unwrap();
    assert!(
        frame.contains(" sandbox") && frame.contains("/html"),
        "{frame}"
    );
    assert!(shown.text.contains("Please pay") && shown.text.contains("Message-ID"));
    assert!(
        shown
            .header("content-security-policy")
            .ends_with("frame-src 'self'")
    );
    let html = support.get_once(&format!("/mail/{id}/html")).await;
    assert!(html.text.contains("<table"));
    let policy = html.header("content-security-policy");
    assert!(
        policy.contains("sandbox") && policy.contains("default-src 'none'"),
        "{policy}"
    );
    for place in [&world.operator, &world.lyre, &world.press] {
        let other = world.browser(place, Role::Owner).await;
        for path in [format!("/mail/{id}"), format!("/mail/{id}/html")] {
            assert_eq!(
                other.get_once(&path).await.status,
                404,
                "{} {path}",
                place.name
            );
        }
        assert!(
            !other.get_once("/mail").await.text.contains("INV-2026"),
            "{}",
            place.name
        );
    }
    assert_eq!(support.get_once("/mail?state=lost").await.status, 422);
}

/// A deal whose invoice letter waits as a mail for each of these addresses, oldest first.
async fn mails_for(t: &mut TestApp, recipients: &[&str]) -> Deal {
    let deal = Trade::make(t).await.retail;
    send_to(t, &deal, recipients).await;
    deal
}

async fn send_to(t: &TestApp, deal: &Deal, recipients: &[&str]) {
    for recipient in recipients {
        let app = t.app().clone();
        let (seller_id, to) = (deal.seller.organisation_id.clone(), (*recipient).to_owned());
        t.write(move |c| {
            let letter = muster::mail::Letter {
                to: to.clone(),
                subject: format!("Facture échue pour {to}"),
                text: "Veuillez régler 1 500,00 EUR.\n".to_owned(),
                html: "<p>Veuillez régler <b>1 500,00 EUR</b>.</p>".to_owned(),
            };
            let sender = muster::mail::Sender {
                seller_id: seller_id.clone(),
                name: "Northwind Mobile SARL".to_owned(),
                reply_to: "books@northwind.example.org".to_owned(),
            };
            muster::mail::enqueue_from(c, &app, &letter, &sender).map(|_| ())
        })
        .await;
    }
}

async fn with_server(t: &mut TestApp, url: String, server: &MailServer, trusted: bool) {
    let ca = trusted.then(|| server.ca());
    t.restart_with(|config| {
        config.mail.from = "Muster <muster@example.org>".to_owned();
        config.mail.transport = MailTransport::Smtp(url);
        config.mail.ca_file = ca;
    })
    .await;
}

async fn mail_leaves_with_starttls_and_with_tls_from_the_first_octet(t: &mut TestApp) {
    let server = MailServer::start().await;
    let deal = Trade::make(t).await.retail;
    for (place, url) in [server.starttls(), server.smtps()].into_iter().enumerate() {
        with_server(t, url, &server, true).await;
        send_to(t, &deal, &["ada@example.org"]).await;
        t.run_job("mail").await;
        let taken = server.taken();
        assert_eq!(taken.len(), place + 1, "{:?}", mails(t, &deal).await);
        let mail = &taken[place];
        assert!(
            mail.contains("From: \"Northwind Mobile SARL\" <muster@example.org>")
                || mail.contains("From: Northwind Mobile SARL <muster@example.org>"),
            "{mail}"
        );
        assert!(mail.contains("<books@northwind.example.org>"), "{mail}");
        assert!(mail.contains("multipart/alternative"), "{mail}");
        // How it came: Exim notes the cipher with every mail.
        assert!(mail.contains("TLS1.3"), "{mail}");
    }
    assert!(
        mails(t, &deal)
            .await
            .iter()
            .all(|mail| mail.state == "sent")
    );
}

async fn a_server_whose_certificate_is_nobodys_gets_no_mail(t: &mut TestApp) {
    let server = MailServer::start().await;
    let deal = Trade::make(t).await.retail;
    with_server(t, server.starttls(), &server, false).await;
    send_to(t, &deal, &["ada@example.org"]).await;
    t.run_job("mail").await;
    assert!(server.taken().is_empty());
    let waiting = mails(t, &deal).await.remove(0);
    assert_eq!(waiting.state, "waiting");
    assert!(
        waiting.held_until.is_some() && waiting.last_error.is_some(),
        "{waiting:?}"
    );
    // Somebody gives the CA: it leaves.
    with_server(t, server.starttls(), &server, true).await;
    t.run_job("mail").await;
    assert!(server.taken().is_empty(), "its time has not come");
    t.advance(Duration::from_secs(1800));
    t.run_job("mail").await;
    assert_eq!(server.taken().len(), 1, "{:?}", mails(t, &deal).await);
}

async fn a_refused_recipient_is_put_aside_and_shown(t: &mut TestApp) {
    let server = MailServer::start().await;
    let mut trade = Trade::of(t).await;
    trade.retail.buyer_party.email = "nobody@example.org".to_owned();
    trade.insert(t).await;
    let deal = trade.retail;
    with_server(t, server.starttls(), &server, true).await;
    put(t, &deal, "thank-you", None, None).await;
    t.run_job("letters").await;
    send_to(t, &deal, &["later@example.org", "ada@example.org"]).await;
    t.run_job("mail").await;
    let states: Vec<_> = mails(t, &deal)
        .await
        .into_iter()
        .map(|mail| mail.state)
        .collect();
    // One refused for good, one for now; neither keeps the third waiting.
    assert_eq!(states, ["parked", "waiting", "sent"]);
    assert_eq!(server.taken().len(), 1);
    let account = deal.account.id.clone();
    let bounce = t
        .read(move |c| letters::bounce_of_account(c, &account))
        .await
        .unwrap();
    assert_eq!(bounce.recipient, "nobody@example.org");
    assert!(
        bounce.error.contains("nobody of that name"),
        "{}",
        bounce.error
    );
    let world = t.world().await;
    let browser = world.browser(&world.northwind, Role::Admin).await;
    let page = browser.get_once(&format!("/mail/{}", bounce.mail_id)).await;
    assert!(page.text.contains("nobody of that name"), "{}", page.text);
    // A later letter that arrives ends it.
    let party = muster_store::selling::parties::Party {
        id: id(0x300, 1),
        email: "ada@example.org".to_owned(),
        ..deal.buyer_party.clone()
    };
    let (seller, account) = (deal.seller.organisation_id.clone(), deal.account.clone());
    t.write(move |c| {
        muster_store::selling::parties::insert(c, &party)?;
        let terms = muster_store::selling::accounts::Terms {
            party_id: party.id.clone(),
            business: account.business,
            zone: account.zone.clone(),
            language: account.language.clone(),
            terms_days: account.terms_days,
            payment: account.payment.clone(),
            credit_limit: account.credit_limit,
        };
        muster_store::selling::accounts::change(c, &seller, &account.id, &terms)
    })
    .await;
    put(t, &deal, "thank-you", None, None).await;
    t.run_job("letters").await;
    t.run_job("mail").await;
    let account = deal.account.id.clone();
    assert!(
        t.read(move |c| letters::bounce_of_account(c, &account))
            .await
            .is_none()
    );
}

async fn a_connection_lost_after_the_text_is_tried_again_under_the_same_id(t: &mut TestApp) {
    let server = MailServer::start().await;
    let wire = Wire::to(&server).await;
    with_server(t, wire.address(), &server, false).await;
    let deal = mails_for(t, &["ada@example.org"]).await;
    t.run_job("mail").await;
    assert!(wire.was_cut());
    let waiting = mails(t, &deal).await.remove(0);
    assert_eq!(waiting.state, "waiting", "whether it arrived is not known");
    t.advance(Duration::from_secs(1800));
    t.run_job("mail").await;
    assert_eq!(mails(t, &deal).await[0].state, "sent");
    let taken = server.taken();
    assert_eq!(taken.len(), 2, "the server had it the first time");
    for mail in &taken {
        assert!(mail.contains(&waiting.message_id), "{mail}");
    }
}

async fn a_server_down_for_an_hour_costs_no_mail_and_no_order(t: &mut TestApp) {
    let mut server = MailServer::start().await;
    with_server(t, server.starttls(), &server, true).await;
    server.pause();
    let deal = mails_for(t, &["a1@example.org", "a2@example.org"]).await;
    t.run_job("mail").await;
    for number in 3..=6 {
        t.advance(Duration::from_secs(900));
        send_to(t, &deal, &[&format!("a{number}@example.org")]).await;
        t.run_job("mail").await;
    }
    let waiting = mails(t, &deal).await;
    assert!(
        waiting.iter().all(|mail| mail.state == "waiting"),
        "{waiting:?}"
    );
    server.resume().await;
    // What is written now does not overtake.
    t.advance(Duration::from_secs(1));
    send_to(t, &deal, &["a7@example.org"]).await;
    t.run_job("mail").await;
    t.advance(Duration::from_secs(900));
    t.run_job("mail").await;
    let states = mails(t, &deal).await;
    assert!(states.iter().all(|mail| mail.state == "sent"), "{states:?}");
    let sent: Vec<String> = server
        .taken()
        .iter()
        .map(|mail| {
            page::between(mail, "To: a", "@")
                .unwrap_or_default()
                .to_owned()
        })
        .collect();
    assert_eq!(sent, ["1", "2", "3", "4", "5", "6", "7"]);
}
