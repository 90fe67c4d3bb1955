//! Mail to people: text only, over SMTP. The one place that knows the library behind.
//!
//! What a server says may repeat an address, so no error here has it.

use http::Uri;
use lettre::{
    Address, AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor,
    message::{
        Mailbox,
        header::{ContentType, HeaderName, HeaderValue},
    },
    transport::smtp,
};
use ostia_domain::key::Secret;
use std::{error::Error as _, fmt, net::IpAddr, time::Duration};
use uuid::Uuid;

/// For everything that one mail takes: to connect, to sign in, to be taken.
const LIMIT: Duration = Duration::from_secs(30);
/// What goes over the wire is shorter; what is longer is no address (RFC 5321, 4.5.3.1).
const MAX_ADDRESS_BYTES: usize = 254;

/// So that nobody's holiday is answered with (RFC 3834).
const AUTO_SUBMITTED: HeaderName = HeaderName::new_from_ascii_str("Auto-Submitted");

/// A server that takes mail for others. A clone is the same one.
#[derive(Clone)]
pub struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

/// Why there is no such server. Never with what was written, which has a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MailerError {
    #[error("is no address of a mail server")]
    Address,
    #[error("has something after the server that is not `?tls=required`")]
    Query,
    #[error("has a user and no password, or a password and no user")]
    HalfALogin,
    #[error("has a password, which would cross a network in plain text")]
    PlainText,
    #[error("has a sender that is no e-mail address")]
    Sender,
    #[error("cannot be used: TLS cannot be set up")]
    Tls,
}

/// Why a mail is not sent.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SendError {
    #[error("it cannot be written")]
    Unwritable,
    #[error("the mail server refuses it for good ({0})")]
    Refused(u16),
    #[error("the mail server refuses it for now ({0})")]
    NotNow(u16),
    #[error("the mail server did not take it within {} s", LIMIT.as_secs())]
    Late,
    #[error("the mail server cannot be used: {0}")]
    Server(String),
}

impl Mailer {
    /// `smtps://user:password@host`, `smtp://user:password@host?tls=required` or, without a password or on this
    /// machine, `smtp://host`; `from` as `Ostia <ostia@example.com>`. Nothing is asked of the server yet.
    pub fn new(url: &Secret, from: &str) -> Result<Self, MailerError> {
        let from = from.parse().map_err(|_| MailerError::Sender)?;
        let url = url.expose();
        check(&url.parse().map_err(|_| MailerError::Address)?)?;
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(url).map_err(|error| {
            if error.is_tls() {
                MailerError::Tls
            } else {
                MailerError::Address
            }
        })?;
        Ok(Self {
            transport: transport.timeout(Some(LIMIT)).build(),
            from,
        })
    }

    /// Whether it lets us in.
    pub(crate) async fn answers(&self) -> bool {
        let asked = tokio::time::timeout(LIMIT, self.transport.test_connection()).await;
        matches!(asked, Ok(Ok(true)))
    }

    /// Sends a text to somebody; `name` may be any text.
    pub(crate) async fn send(
        &self,
        (name, address): (&str, &str),
        subject: &str,
        text: String,
    ) -> Result<(), SendError> {
        let message = self.message((name, address), subject, text)?;
        match tokio::time::timeout(LIMIT, self.transport.send(message)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(problem(&error)),
            Err(_) => Err(SendError::Late),
        }
    }

    fn message(
        &self,
        (name, address): (&str, &str),
        subject: &str,
        text: String,
    ) -> Result<Message, SendError> {
        let address: Address = address.parse().map_err(|_| SendError::Unwritable)?;
        // On one line, however it is encoded.
        let name: String = name.chars().filter(|c| !c.is_control()).collect();
        let subject: String = subject.chars().filter(|c| !c.is_control()).collect();
        let id = format!("<{}@{}>", Uuid::now_v7(), self.from.email.domain());
        let message = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(Some(name), address))
            .subject(subject)
            .message_id(Some(id))
            .raw_header(HeaderValue::new(
                AUTO_SUBMITTED,
                "auto-generated".to_owned(),
            ))
            .header(ContentType::TEXT_PLAIN);
        message.body(text).map_err(|_| SendError::Unwritable)
    }
}

impl fmt::Debug for Mailer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mailer(…)")
    }
}

/// Whether mail could be sent there.
pub(crate) fn is_address(text: &str) -> bool {
    text.len() <= MAX_ADDRESS_BYTES && text.parse::<Address>().is_ok()
}

/// What the library would take and something else be meant, or somebody read along.
fn check(url: &Uri) -> Result<(), MailerError> {
    let encrypted = match (url.scheme_str(), url.query()) {
        (Some("smtps"), None) | (Some("smtp"), Some("tls=required")) => true,
        (Some("smtp"), None) => false,
        (Some("smtp" | "smtps"), Some(_)) => return Err(MailerError::Query),
        _ => return Err(MailerError::Address),
    };
    let host = url.host().filter(|host| !host.is_empty());
    let host = host.ok_or(MailerError::Address)?;
    let authority = url.authority().map_or("", |authority| authority.as_str());
    let Some((login, _)) = authority.rsplit_once('@') else {
        return Ok(());
    };
    let (user, password) = login.split_once(':').unwrap_or((login, ""));
    if user.is_empty() || password.is_empty() {
        return Err(MailerError::HalfALogin);
    }
    if encrypted || is_here(host) {
        return Ok(());
    }
    Err(MailerError::PlainText)
}

fn is_here(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    let address = address.parse::<IpAddr>();
    host.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
}

fn problem(error: &smtp::Error) -> SendError {
    let code = error.status().map(u16::from);
    match code {
        Some(code) if error.is_permanent() => SendError::Refused(code),
        Some(code) => SendError::NotNow(code),
        None if error.is_timeout() => SendError::Late,
        None if error.is_response() => SendError::Server("its answer cannot be read".to_owned()),
        None => {
            let mut cause = error.source();
            let mut text = "it cannot be reached".to_owned();
            while let Some(inner) = cause {
                text = format!("{text}: {inner}");
                cause = inner.source();
            }
            SendError::Server(text)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FROM: &str = "Ostia <ostia@example.com>";

    fn mailer(url: &str, from: &str) -> Result<Mailer, MailerError> {
        Mailer::new(&Secret::new(url), from)
    }

    #[test]
    fn a_password_crosses_no_network_in_plain_text() {
        for taken in [
            "smtps://ann:hunter2@mail.example.com",
            "smtps://ann:hunter2@mail.example.com:465",
            "smtp://ann:hunter2@mail.example.com:587?tls=required",
            "smtp://mail.example.com?tls=required",
            "smtp://mail.example.com:25",
            "smtp://ann:hunter2@127.0.0.1:2525",
            "smtp://ann:hunter2@localhost",
            "smtp://ann%40example.com:hun%2Fter2@localhost",
            // What we are called there.
            "smtp://mail.example.com/gateway.example.com",
        ] {
            assert!(mailer(taken, FROM).is_ok(), "{taken}");
        }
        for (url, wrong) in [
            (
                "smtp://ann:hunter2@mail.example.com",
                MailerError::PlainText,
            ),
            (
                "smtp://ann:hunter2@mail.example.com?tls=opportunistic",
                MailerError::Query,
            ),
            ("smtp://mail.example.com?TLS=required", MailerError::Query),
            ("smtps://mail.example.com?tls=none", MailerError::Query),
            ("smtps://ann@mail.example.com", MailerError::HalfALogin),
            ("smtps://:hunter2@mail.example.com", MailerError::HalfALogin),
            ("https://mail.example.com", MailerError::Address),
            ("mail.example.com:587", MailerError::Address),
            ("smtp://", MailerError::Address),
            (
                "smtps://ann:hun ter2@mail.example.com",
                MailerError::Address,
            ),
            ("", MailerError::Address),
        ] {
            assert_eq!(mailer(url, FROM).err(), Some(wrong), "{url}");
        }
        for from in [
            "",
            "ostia",
            "Ostia",
            "ostia@",
            "a@b.c\r\nBcc: eve@evil.example",
        ] {
            let refused = mailer("smtp://localhost", from).err();
            assert_eq!(refused, Some(MailerError::Sender), "{from:?}");
        }
    }

    #[test]
    fn nothing_of_it_is_printed() {
        let mailer = mailer("smtps://ann:hunter2@mail.example.com", FROM).unwrap();
        assert_eq!(format!("{mailer:?}"), "Mailer(…)");
    }

    /// Lines of the header, unfolded.
    fn header(message: &Message) -> Vec<String> {
        let text = String::from_utf8(message.formatted()).unwrap();
        let (header, _) = text.split_once("\r\n\r\n").unwrap();
        let unfolded = header.replace("\r\n ", " ");
        unfolded.split("\r\n").map(str::to_owned).collect()
    }

    #[test]
    fn a_name_is_a_name_whatever_is_in_it() {
        let mailer = mailer("smtp://localhost", FROM).unwrap();
        let plain = mailer.message(("ann", "ann@example.com"), "Keys", String::new());
        let plain: Vec<_> = header(&plain.unwrap());
        let names = |lines: &[String]| -> Vec<String> {
            let names = lines.iter().filter_map(|line| line.split_once(':'));
            names.map(|(name, _)| name.to_owned()).collect()
        };
        for name in [
            "eve\r\nBcc: all@example.com",
            "eve\nBcc: all@example.com\n\nHello",
            "eve\" <eve@evil.example>, \"",
            "Zoë Müller, 東京",
            &"long ".repeat(60),
            "",
        ] {
            let message = mailer.message((name, "ann@example.com"), name, "text".to_owned());
            let message = message.unwrap();
            let lines = header(&message);
            assert_eq!(names(&lines), names(&plain), "{name:?}");
            assert!(lines.iter().all(|line| line.is_ascii()), "{lines:?}");
            let to: Vec<_> = message
                .envelope()
                .to()
                .iter()
                .map(ToString::to_string)
                .collect();
            assert_eq!(to, ["ann@example.com"], "{name:?}");
        }
        let refused = mailer.message(("eve", "a@b.c\r\nRCPT TO:<x@y.z>"), "", String::new());
        assert_eq!(refused.err(), Some(SendError::Unwritable));
    }

    #[test]
    fn addresses_are_those_that_mail_can_be_sent_to() {
        for address in [
            "ann@example.com",
            "ann+keys@sub.example.com",
            "zoë@example.com",
        ] {
            assert!(is_address(address), "{address}");
        }
        let long = format!("{}@example.com", "a".repeat(250));
        for text in [
            "",
            "ann",
            "@example.com",
            "ann@",
            "a b@c.d",
            "a@b.c\r\n",
            "a@b.c, d@e.f",
            &long,
        ] {
            assert!(!is_address(text), "{text:?}");
        }
    }
}
