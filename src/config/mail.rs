//! `[mail]`: the server that takes mail, and who writes. Whatever is wrong in them is said without the address of the
//! server, which has a password.

use super::{file, read_named};
use crate::{args::MailArgs, failure::Failure};
use ostia_control::{Mail, Mailer, MailerError};
use ostia_domain::key::Secret;
use std::path::PathBuf;

const URL: &str = "--smtp-url (mail.smtp_url)";
const FILE: &str = "--smtp-url-file (mail.smtp_url_file)";
const FROM: &str = "--mail-from (mail.from)";

/// The address of the server: as it was written, or the file that has it.
pub(super) enum Server {
    Written(Secret),
    File(PathBuf),
}

impl Server {
    /// Flags and variables stand for all of the file.
    pub(super) fn named(args: &MailArgs, file: &file::Mail) -> Result<Option<Self>, Failure> {
        let given = (&args.smtp_url, &args.smtp_url_file);
        let (url, path) = match given {
            (None, None) => (&file.smtp_url, &file.smtp_url_file),
            given => given,
        };
        match (url, path) {
            (Some(_), Some(_)) => {
                let both = format!("the mail server is given twice: by {URL} and by {FILE}");
                Err(Failure::usage(both).hint("take one of them away"))
            }
            (Some(url), None) => Ok(Some(Self::Written(Secret::new(url.trim())))),
            (None, Some(path)) => Ok(Some(Self::File(path.clone()))),
            (None, None) => Ok(None),
        }
    }
}

/// `web_url` is the dashboard's address as people reach it.
pub(super) fn settings(
    args: &MailArgs,
    file: &file::Mail,
    web_url: Option<&str>,
) -> Result<Option<Mail>, Failure> {
    let from = args.mail_from.as_ref().or(file.from.as_ref());
    let (server, from) = match (Server::named(args, file)?, from) {
        (None, None) => return Ok(None),
        (Some(_), None) => {
            return Err(
                Failure::usage(format!("mail needs a sender: {FROM} is not set"))
                    .hint("write an address that the mail server lets us write from"),
            );
        }
        (None, Some(_)) => {
            return Err(Failure::usage(format!(
                "{FROM} is set, and no mail server: set {URL} or {FILE}"
            )));
        }
        (Some(server), Some(from)) => (server, from),
    };
    let (what, url) = match server {
        Server::Written(url) => (URL, url),
        Server::File(path) => (FILE, Secret::new(read_named(FILE, &path)?.trim())),
    };
    let server = Mailer::new(&url, from).map_err(|error| refused(what, from, error))?;
    Ok(Some(Mail {
        server,
        keys_page: web_url.map(|url| format!("{url}/keys")),
    }))
}

fn refused(what: &str, from: &str, error: MailerError) -> Failure {
    if error == MailerError::Sender {
        return Failure::usage(format!("{FROM} {from:?} is no e-mail address"))
            .hint("write ostia@example.com or Ostia <ostia@example.com>");
    }
    Failure::usage(what).because(&error).hint(
        "write smtps://user:password@host:465 or smtp://user:password@host:587?tls=required, with what is special in \
         an address encoded (@ is %40, / is %2F); without TLS only smtp://host without a password, or on this machine",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(url: Option<&str>, from: Option<&str>) -> MailArgs {
        MailArgs {
            smtp_url: url.map(str::to_owned),
            smtp_url_file: None,
            mail_from: from.map(str::to_owned),
        }
    }

    #[test]
    fn a_server_and_a_sender_are_both_needed() {
        let none = file::Mail::default();
        let mail = |url, from| settings(&args(url, from), &none, Some("https://ostia.example"));
        assert!(mail(None, None).unwrap().is_none());
        let whole = mail(Some("smtps://mail.example"), Some("ostia@example.com"));
        let page = whole.unwrap().unwrap().keys_page;
        assert_eq!(page.as_deref(), Some("https://ostia.example/keys"));
        for (url, from, said) in [
            (Some("smtps://mail.example"), None, "--mail-from"),
            (None, Some("ostia@example.com"), "--smtp-url"),
            (
                Some("smtps://mail.example"),
                Some("ostia"),
                "\"ostia\" is no e-mail",
            ),
            (
                Some("smtp://ann:hunter2@mail.example"),
                Some("ostia@example.com"),
                "plain text",
            ),
        ] {
            let failure = mail(url, from).err().unwrap();
            assert!(failure.message.contains(said), "{failure:?}");
            assert!(!format!("{failure:?}").contains("hunter2"), "{failure:?}");
        }
    }

    #[test]
    fn a_flag_stands_for_all_of_the_file() {
        let both = file::Mail {
            smtp_url: Some("smtps://mail.example".to_owned()),
            smtp_url_file: Some("a".into()),
            from: Some("ostia@example.com".to_owned()),
        };
        let twice = settings(&MailArgs::default(), &both, None).err().unwrap();
        assert!(twice.message.contains("twice"), "{twice:?}");
        let flag = args(Some("smtps://other.example"), None);
        assert!(settings(&flag, &both, None).unwrap().is_some());
    }
}
