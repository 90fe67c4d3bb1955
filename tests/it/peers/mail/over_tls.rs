//! The program itself, which tells over TLS, and over nothing else where that is said.

use super::{
    FROM, PATIENCE, ago,
    server::{PASSWORD, Server, USER},
};
use crate::harness::{authority::Authority, ostia::Ostia, wait::until};
use sea_orm::ConnectionTrait as _;
use serde_json::json;
use std::fs;
use tempfile::TempDir;

const ADDRESS: &str = "bob@example.org";

/// A server that demands TLS, with the certificate of an authority of its own.
struct OverTls {
    server: Server,
    ostia: Ostia,
    _folder: TempDir,
}

impl OverTls {
    /// With a key of bob, which nobody uses.
    async fn start(kind: &str, url: impl Fn(u16) -> String, trusted: bool) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let authority = Authority::new();
        let (certificate, private) = authority.issue("localhost");
        let path = |name: &str| folder.path().join(name).display().to_string();
        for (name, pem) in [
            ("ca", authority.pem()),
            ("certificate", certificate),
            ("key", private),
        ] {
            fs::write(path(name), pem).expect("a file");
        }
        let tls = json!({ "tls": kind, "certificate": path("certificate"), "key": path("key") });
        let server = Server::start(tls).await;
        fs::write(path("smtp-url"), url(server.port)).expect("a file");
        let mut options = Ostia::options()
            .env("OSTIA_SMTP_URL_FILE", path("smtp-url"))
            .env("OSTIA_MAIL_FROM", FROM)
            .env("OSTIA_MAX_KEY_IDLE_DAYS", "10")
            // Whoever looks for a mistake turns everything on.
            .arg("--log")
            .arg("trace");
        if trusted {
            options = options.env("SSL_CERT_FILE", path("ca"));
        }
        let mut ostia = options.start().await;
        let policy = ["--policy", "read-only"];
        let create = ["users", "create", "bob", "--email", ADDRESS];
        let bob = ostia
            .cli(&[&create[..], &policy].concat())
            .await
            .ok()
            .json();
        assert_eq!(bob["email"], ADDRESS);
        let create = ["keys", "create", "nightly", "--owner", "bob"];
        ostia.cli(&[&create[..], &policy].concat()).await.ok();
        let db = sea_orm::Database::connect(ostia.database_url()).await;
        let db = db.expect("the database");
        let past = ago("created_at", 6);
        let change = format!("UPDATE api_keys SET {past} WHERE name = 'nightly'");
        db.execute_unprepared(&change).await.expect("a statement");
        db.close().await.expect("close");
        // A start is when it looks for the first time.
        ostia.restart().await;
        Self {
            server,
            ostia,
            _folder: folder,
        }
    }

    async fn assert_is_sent(mut self) {
        let mail = self.server.mail().await;
        mail.assert_is_to(ADDRESS);
        assert!(mail.is_encrypted(), "{mail:?}");
        let text = mail.text();
        assert!(text.contains("  nightly\n"), "{text}");
        assert!(text.contains("`ostia keys activate`"), "{text}");
        self.ostia.stop().await;
        self.assert_log_is_clean();
    }

    fn assert_log_is_clean(&self) {
        let log = self.ostia.log();
        for secret in [ADDRESS, PASSWORD.0, PASSWORD.1] {
            assert!(!log.contains(secret), "{secret} is in {log}");
        }
    }
}

fn with_starttls(port: u16) -> String {
    let password = PASSWORD.0;
    format!("smtp://{USER}:{password}@localhost:{port}?tls=required")
}

#[tokio::test]
async fn it_is_sent_over_starttls() {
    let over_tls = OverTls::start("starttls", with_starttls, true).await;
    over_tls.assert_is_sent().await;
}

#[tokio::test]
async fn it_is_sent_over_tls() {
    let url = |port| format!("smtps://{USER}:{}@localhost:{port}", PASSWORD.0);
    let over_tls = OverTls::start("wrapper", url, true).await;
    over_tls.assert_is_sent().await;
}

/// Nor is a password.
#[tokio::test]
async fn nothing_is_sent_to_a_server_that_is_not_the_one() {
    let over_tls = OverTls::start("starttls", with_starttls, false).await;
    let said = until(PATIENCE, "the log has it", || async {
        let log = over_tls.ostia.log();
        let line = log.lines().find(|line| line.contains("is not sent"));
        line.map(str::to_owned).ok_or(log)
    });
    let (said, _) = said.await;
    assert!(said.contains("invalid peer certificate"), "{said}");
    over_tls.assert_log_is_clean();
}
