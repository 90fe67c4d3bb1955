//! What changes when people reach the dashboard over TLS.

use super::{open, visitor::Visitor};
use crate::harness::database;
use ostia_control::{Config, Control};
use ostia_domain::key::Secret;
use ostia_proto::v1;
use std::{net::SocketAddr, time::Duration};
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;

/// The pages as behind a proxy that speaks TLS to browsers.
struct Behind {
    url: String,
    link: String,
    control: Control,
    serving: JoinHandle<()>,
    _database: database::Database,
}

async fn behind_tls() -> Behind {
    let database = database::fresh().await;
    let config = Config {
        database_url: database.url.clone(),
        service_token: Secret::new("a token"),
        key_pepper: Secret::new("pepper"),
        master_keys: vec![Secret::new("b3N0aWEgdGVzdCBtYXN0ZXIga2V5IG9mIDMyIGJ5dGU=")],
        max_key_lifetime: None,
        max_key_idle: None,
        mail: None,
        tls: None,
        retention: None,
        process: None,
    };
    let control = Control::open(config).await.expect("a control");
    let mut identity = control.client().identity();
    let ada = v1::CreateUserRequest {
        name: "ada".to_owned(),
        role: v1::Role::Administrator.into(),
        ..v1::CreateUserRequest::default()
    };
    identity.create_user(ada).await.expect("a user");
    let request = v1::CreateLoginLinkRequest {
        user: "ada".to_owned(),
        valid_seconds: 0,
    };
    let link = identity.create_login_link(request).await.expect("a link");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let config = ostia_web::Config {
        mcp_url: "https://ostia.example/mcp".to_owned(),
        web_url: "https://ostia.example".to_owned(),
        edge_url: "http://127.0.0.1:1".to_owned(),
        api_origins: Vec::new(),
        trusted_proxies: Vec::new(),
        session_idle: Duration::from_secs(60),
        session_max: Duration::from_secs(3_600),
        providers: Vec::new(),
        recheck: Duration::from_secs(300),
        process: std::sync::Arc::default(),
    };
    let router = ostia_web::router(config, &control.client(), CancellationToken::new());
    let router = router.expect("a router");
    let router = router.into_make_service_with_connect_info::<SocketAddr>();
    #[allow(clippy::disallowed_methods, reason = "the test ends it itself")]
    let serving = tokio::spawn(async move {
        axum::serve(listener, router).await.expect("it serves");
    });
    Behind {
        link: format!("{url}/login/{}", link.into_inner().token),
        url,
        control,
        serving,
        _database: database,
    }
}

impl Behind {
    async fn end(self) {
        self.serving.abort();
        self.control.close().await;
    }
}

#[tokio::test]
async fn the_cookie_is_for_this_host_and_for_tls_alone() {
    let behind = behind_tls().await;
    let ada = Visitor::of(&behind.url);
    let answer = ada.send(ada.form(&behind.link, &[])).await;
    let cookie = answer.header("set-cookie");
    assert!(cookie.starts_with("__Host-ostia="), "{cookie}");
    for part in ["; Secure", "; HttpOnly", "; SameSite=Lax", "; Path=/"] {
        assert!(cookie.contains(part), "{part} is not in {cookie}");
    }
    assert!(!cookie.contains("Domain"), "{cookie}");
    assert!(ada.is_signed_in().await);
    // A browser takes a cookie of that name away only if the answer is as strict as the one that set it.
    let answer = ada.submit("/logout", &[]).await;
    let cookie = answer.header("set-cookie");
    for part in ["__Host-ostia=;", "Max-Age=0", "; Secure", "Path=/"] {
        assert!(cookie.contains(part), "{part} is not in {cookie}");
    }
    behind.end().await;
}

#[tokio::test]
async fn browsers_are_told_to_come_back_with_tls_alone() {
    let behind = behind_tls().await;
    for path in ["/", "/login", "/nowhere", "/assets/ostia.css"] {
        let page = open(&format!("{}{path}", behind.url)).await;
        assert_eq!(
            page.header("strict-transport-security"),
            "max-age=63072000",
            "{path}"
        );
    }
    behind.end().await;
}

#[tokio::test]
async fn nothing_of_a_session_can_be_read_from_the_database() {
    let behind = behind_tls().await;
    let ada = Visitor::of(&behind.url);
    ada.follow_login_link(&behind.link).await;
    let id = ada.session();
    let hash = ring::digest::digest(&ring::digest::SHA256, id.as_bytes());
    let request = v1::GetBrowserSessionRequest {
        id_hash: hash.as_ref().to_vec(),
    };
    let mut sessions = behind.control.client().browser_sessions();
    let kept = sessions.get_browser_session(request).await;
    let kept = kept.expect("the session").into_inner();
    assert!(kept.user_id.is_some());
    let text = String::from_utf8_lossy(&kept.data).into_owned();
    assert!(!text.contains("user") && !text.contains(&id), "{text}");
    // The hash is no key to anything.
    let hash_as_cookie = Visitor::of(&behind.url);
    hash_as_cookie.set_cookie("__Host-ostia", &format!("{hash:?}"));
    assert!(!hash_as_cookie.is_signed_in().await);
    behind.end().await;
}
