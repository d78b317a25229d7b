//! Mail: written into the outbox in the act's own transaction, sent by a job, never lost and never sent by a request.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use lettre::message::header::ContentType;
use lettre::message::{Attachment as Part, Mailbox, MultiPart};
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::transport::smtp::{Error as SmtpError, PoolConfig};
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use muster_store::{Conn, StoreResult, mail_outbox};

use crate::app::App;
use crate::config;

/// A mail as somebody wants it sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// Address of the recipient.
    pub to: String,
    /// Subject, one line.
    pub subject: String,
    /// The plain text.
    pub text: String,
    /// The same as HTML.
    pub html: String,
}

/// In whose name a letter goes, where it is not the portal's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sender {
    /// The seller's organisation.
    pub seller_id: String,
    /// What stands before the address that this installation sends from.
    pub name: String,
    /// Where answers go.
    pub reply_to: String,
}

/// Something that goes with a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// Its file name.
    pub name: String,
    /// Its media type.
    pub media_type: String,
    /// Its contents.
    pub bytes: Vec<u8>,
}

/// Puts a mail into the outbox. It leaves after the transaction is committed, and only then.
///
/// # Errors
/// The database refused; the act is undone with it.
pub fn enqueue(tx: &mut Conn, app: &App, letter: &Letter) -> StoreResult<()> {
    put(tx, app, letter, None).map(|_| ())
}

/// The same in a seller's name; answers the mail's id.
///
/// # Errors
/// The database refused; the act is undone with it.
pub fn enqueue_from(
    tx: &mut Conn,
    app: &App,
    letter: &Letter,
    sender: &Sender,
) -> StoreResult<String> {
    put(tx, app, letter, Some(sender))
}

fn put(tx: &mut Conn, app: &App, letter: &Letter, sender: Option<&Sender>) -> StoreResult<String> {
    let (id, now) = (app.new_id(), app.now_micros());
    let host = app
        .portal_url
        .split("://")
        .nth(1)
        .and_then(|rest| rest.split([':', '/']).next())
        .unwrap_or("localhost");
    let mail = mail_outbox::Mail {
        message_id: format!("<{id}@{host}>"),
        id: id.clone(),
        recipient: letter.to.clone(),
        subject: letter.subject.clone(),
        body_text: letter.text.clone(),
        body_html: letter.html.clone(),
        state: "waiting".to_owned(),
        attempts: 0,
        last_error: None,
        next_attempt_at: now,
        created_at: now,
        sent_at: None,
        sender_name: sender.map(|sender| sender.name.clone()),
        reply_to: sender.map(|sender| sender.reply_to.clone()),
        seller_id: sender.map(|sender| sender.seller_id.clone()),
        held_until: None,
    };
    mail_outbox::insert(tx, &mail)?;
    app.due.mail.notify_one();
    Ok(id)
}

/// How mail leaves.
pub struct Mailer {
    from: Mailbox,
    way: Way,
}

enum Way {
    Smtp(Box<AsyncSmtpTransport<Tokio1Executor>>),
    Directory(PathBuf),
    Memory(Arc<Mutex<Vec<Letter>>>),
}

/// Why a mail did not leave.
#[derive(Debug)]
pub enum NotSent {
    /// The mail server was not reached, or not to the end: nothing leaves until it is.
    Unreached(String),
    /// The server took no offence at others, but will not have this one now.
    Later(String),
    /// It never will: the address or the mail itself is refused.
    Never(String),
}

impl Mailer {
    /// A mailer as the settings want it.
    ///
    /// # Errors
    /// A sentence: the sender is no address, or the SMTP address does not parse.
    pub fn new(settings: &config::Mail) -> Result<Self, String> {
        let from = settings.from.parse().map_err(|_| {
            format!(
                "mail.from: {:?} is no sender. Write it as Muster <muster@example.org>.",
                settings.from
            )
        })?;
        let way = match &settings.transport {
            config::MailTransport::Smtp(url) => Way::Smtp(Box::new(smtp(url, settings)?)),
            config::MailTransport::Directory(path) => Way::Directory(path.clone()),
            config::MailTransport::Memory => Way::Memory(Arc::default()),
        };
        Ok(Self { from, way })
    }

    /// What was sent so far, when mail is kept in memory: for tests.
    #[must_use]
    pub fn sent(&self) -> Vec<Letter> {
        match &self.way {
            Way::Memory(letters) => letters
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .clone(),
            Way::Smtp(_) | Way::Directory(_) => Vec::new(),
        }
    }

    /// Sends one mail of the outbox with what goes with it.
    ///
    /// # Errors
    /// It did not leave, and whether trying again makes sense. A connection lost after the text was handed over counts as
    /// not sent: the retry carries the same Message-ID, by which mail servers know it again.
    pub async fn send(
        &self,
        mail: &mail_outbox::Mail,
        attached: &[Attachment],
    ) -> Result<(), NotSent> {
        let message = self.message(mail, attached).map_err(NotSent::Never)?;
        match &self.way {
            Way::Smtp(transport) => match transport.send(message).await {
                Ok(_) => Ok(()),
                Err(error) => Err(judge(&error)),
            },
            Way::Directory(path) => write_file(path, &mail.id, &message.formatted())
                .map_err(|error| NotSent::Later(error.to_string())),
            Way::Memory(letters) => {
                letters
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push(Letter {
                        to: mail.recipient.clone(),
                        subject: mail.subject.clone(),
                        text: mail.body_text.clone(),
                        html: mail.body_html.clone(),
                    });
                Ok(())
            }
        }
    }

    /// A mail as it travels (RFC 5322).
    ///
    /// # Errors
    /// An address in it is none.
    pub fn source(
        &self,
        mail: &mail_outbox::Mail,
        attached: &[Attachment],
    ) -> Result<Vec<u8>, String> {
        self.message(mail, attached)
            .map(|message| message.formatted())
    }

    fn message(
        &self,
        mail: &mail_outbox::Mail,
        attached: &[Attachment],
    ) -> Result<Message, String> {
        let to: Mailbox = mail
            .recipient
            .parse()
            .map_err(|_| "the recipient is no address".to_owned())?;
        let name = mail.sender_name.clone().or_else(|| self.from.name.clone());
        let mut message = Message::builder()
            .from(Mailbox::new(name, self.from.email.clone()))
            .to(to)
            .subject(mail.subject.clone())
            .message_id(Some(mail.message_id.clone()));
        if let Some(answers) = &mail.reply_to {
            let answers = answers
                .parse()
                .map_err(|_| "the seller's address is none".to_owned())?;
            message = message.reply_to(Mailbox::new(mail.sender_name.clone(), answers));
        }
        let body =
            MultiPart::alternative_plain_html(mail.body_text.clone(), mail.body_html.clone());
        let message = if attached.is_empty() {
            message.multipart(body)
        } else {
            let mut whole = MultiPart::mixed().multipart(body);
            for one in attached {
                let media_type = ContentType::parse(&one.media_type)
                    .map_err(|_| format!("{} is no media type", one.media_type))?;
                let part = Part::new(one.name.clone()).body(one.bytes.clone(), media_type);
                whole = whole.singlepart(part);
            }
            message.multipart(whole)
        };
        message.map_err(|error| error.to_string())
    }
}

/// The way to a mail server. Whose certificate counts beside those of the public authorities, the settings say.
fn smtp(url: &str, settings: &config::Mail) -> Result<AsyncSmtpTransport<Tokio1Executor>, String> {
    let mut builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(url).map_err(|error| {
        format!("mail.smtp_url does not fit: {error}. Write smtp://host:25, smtp://user:password@host:587?tls=required or smtps://user:password@host.")
    })?;
    if let Some(path) = &settings.ca_file {
        builder = builder.tls(trusting(url, path)?);
    }
    Ok(builder
        // A pooled connection dies when the server closes it idle: keep them for less than servers do.
        .pool_config(
            PoolConfig::new()
                .idle_timeout(Duration::from_secs(30))
                .max_size(4),
        )
        .timeout(Some(Duration::from_secs(20)))
        .build())
}

/// TLS as the address asks for it, trusting the CA of this file too.
fn trusting(url: &str, ca: &Path) -> Result<Tls, String> {
    let shown = ca.display();
    let pem =
        fs::read(ca).map_err(|error| format!("mail.ca_file: {shown} cannot be read: {error}."))?;
    let unfit = |error: SmtpError| {
        format!(
            "mail.ca_file: {shown} holds no certificate: {error}. Give the CA's certificate in PEM."
        )
    };
    let certificate = Certificate::from_pem(&pem).map_err(unfit)?;
    let parameters = TlsParameters::builder(host(url).to_owned())
        .add_root_certificate(certificate)
        .build()
        .map_err(unfit)?;
    let query = url.split_once('?').map_or("", |(_, query)| query);
    if url.starts_with("smtps://") {
        Ok(Tls::Wrapper(parameters))
    } else if query.split('&').any(|part| part == "tls=required") {
        Ok(Tls::Required(parameters))
    } else if query.split('&').any(|part| part == "tls=opportunistic") {
        Ok(Tls::Opportunistic(parameters))
    } else {
        Err("mail.ca_file is set, and mail.smtp_url asks for no TLS. Write smtps:// or add ?tls=required.".to_owned())
    }
}

/// The host of an address: behind user and password, before port, path and query.
fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    let place = authority
        .rsplit_once('@')
        .map_or(authority, |(_, place)| place);
    match place.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or_default(),
        None => place.split(':').next().unwrap_or_default(),
    }
}

/// What a failure means. A server that refuses our name and password, or the whole conversation, refuses no mail: that is mended
/// in the settings, and mail waits for it.
fn judge(error: &SmtpError) -> NotSent {
    let said = error.to_string();
    let Some(code) = error.status() else {
        return NotSent::Unreached(said);
    };
    match u16::from(code) {
        421 | 454 | 502..=504 | 521 | 530 | 534 | 535 | 538 => NotSent::Unreached(said),
        500.. => NotSent::Never(said),
        _ => NotSent::Later(said),
    }
}

/// One file a mail, named by its id: the same mail sent twice is the same file.
fn write_file(folder: &Path, id: &str, contents: &[u8]) -> std::io::Result<()> {
    fs::create_dir_all(folder)?;
    let (part, whole) = (
        folder.join(format!("{id}.part")),
        folder.join(format!("{id}.eml")),
    );
    fs::write(&part, contents)?;
    fs::rename(part, whole)
}

#[cfg(test)]
mod tests {
    use super::host;

    #[test]
    fn the_host_of_a_mail_server_is_found() {
        for (url, found) in [
            ("smtp://mail.example.org", "mail.example.org"),
            ("smtp://localhost:2525?tls=required", "localhost"),
            (
                "smtps://ada%40example.org:p%3Aw@mail.example.org:465/",
                "mail.example.org",
            ),
            ("smtp://[::1]:25", "::1"),
        ] {
            assert_eq!(host(url), found);
        }
    }
}
