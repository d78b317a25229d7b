//! Mail: written into the outbox in the act's own transaction, sent by a job, never lost and never sent by a request.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::PoolConfig;
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

/// Puts a mail into the outbox. It leaves after the transaction is committed, and only then.
///
/// # Errors
/// The database refused; the act is undone with it.
pub fn enqueue(tx: &mut Conn, app: &App, letter: &Letter) -> StoreResult<()> {
    let (id, now) = (app.new_id(), app.now_micros());
    let host = app
        .portal_url
        .split("://")
        .nth(1)
        .and_then(|rest| rest.split([':', '/']).next())
        .unwrap_or("localhost");
    let mail = mail_outbox::Mail {
        message_id: format!("<{id}@{host}>"),
        id,
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
    };
    mail_outbox::insert(tx, &mail)?;
    app.due.mail.notify_one();
    Ok(())
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
    /// It may work later.
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
            config::MailTransport::Smtp(url) => {
                let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(url)
                    .map_err(|error| format!("mail.smtp_url does not fit: {error}. Write smtp://host:25 or smtps://user:password@host."))?
                    // A pooled connection dies when the server closes it idle: keep them for less than servers do.
                    .pool_config(PoolConfig::new().idle_timeout(Duration::from_secs(30)).max_size(4))
                    .timeout(Some(Duration::from_secs(20)))
                    .build();
                Way::Smtp(Box::new(transport))
            }
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

    /// Sends one mail of the outbox.
    ///
    /// # Errors
    /// It did not leave, and whether trying again makes sense. A connection lost after the text was handed over counts as
    /// not sent: the retry carries the same Message-ID, by which mail servers know it again.
    pub async fn send(&self, mail: &mail_outbox::Mail) -> Result<(), NotSent> {
        let message = self.message(mail).map_err(NotSent::Never)?;
        match &self.way {
            Way::Smtp(transport) => match transport.send(message).await {
                Ok(_) => Ok(()),
                Err(error) if error.is_permanent() => Err(NotSent::Never(error.to_string())),
                Err(error) => Err(NotSent::Later(error.to_string())),
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

    fn message(&self, mail: &mail_outbox::Mail) -> Result<Message, String> {
        let to: Mailbox = mail
            .recipient
            .parse()
            .map_err(|_| "the recipient is no address".to_owned())?;
        Message::builder()
            .from(self.from.clone())
            .to(to)
            .subject(mail.subject.clone())
            .message_id(Some(mail.message_id.clone()))
            .multipart(MultiPart::alternative_plain_html(
                mail.body_text.clone(),
                mail.body_html.clone(),
            ))
            .map_err(|error| error.to_string())
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
