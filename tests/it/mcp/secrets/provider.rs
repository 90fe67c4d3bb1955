//! A provider that people sign in with, and whose tokens are canaries.

use super::{
    Scene,
    canary::{Canary, value},
};
use crate::web::visitor::Visitor;
use axum::{
    Router,
    extract::State,
    http::header::CONTENT_TYPE,
    response::IntoResponse,
    routing::{get, post},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ostia_domain::clock;
use ring::{
    rand::SystemRandom,
    signature::{Ed25519KeyPair, KeyPair as _},
};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use tempfile::TempDir;
use tokio::net::TcpListener;

pub(super) struct Provider {
    issuer: String,
    key: Ed25519KeyPair,
    pub(super) client_secret: String,
    access_token: String,
    refresh_token: String,
    /// Of the sign-in that is under way.
    nonce: Mutex<String>,
    /// As it was signed.
    id_token: Mutex<String>,
    folder: TempDir,
}

impl Provider {
    #[allow(clippy::disallowed_methods, reason = "it ends with the test's runtime")]
    pub(super) async fn start() -> Arc<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let key = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).expect("a key");
        let provider = Arc::new(Self {
            issuer: format!("http://{address}"),
            key: Ed25519KeyPair::from_pkcs8(key.as_ref()).expect("a key"),
            client_secret: value(),
            access_token: value(),
            refresh_token: value(),
            nonce: Mutex::default(),
            id_token: Mutex::default(),
            folder: tempfile::tempdir().expect("a folder"),
        });
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(discovery))
            .route("/keys", get(keys))
            .route("/token", post(token))
            .with_state(Arc::clone(&provider));
        tokio::spawn(async move { axum::serve(listener, router).await.expect("it serves") });
        provider
    }

    /// A file of configuration that names it, and has more in it.
    pub(super) fn config(&self, more: &str) -> String {
        let secret = self.folder.path().join("client-secret");
        std::fs::write(secret, &self.client_secret).expect("a file");
        let text = format!(
            "[[oidc]]\nname = \"work\"\nissuer = \"{}\"\nclient_id = \"ostia\"\n\
             client_secret_file = \"client-secret\"\nallow_private_network = true\n{more}",
            self.issuer
        );
        let path = self.folder.path().join("ostia.toml");
        std::fs::write(&path, text).expect("a file");
        path.display().to_string()
    }

    fn signed(&self) -> String {
        let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let now = clock::now().timestamp();
        let nonce = self.nonce.lock().expect("a nonce").clone();
        let head = part(json!({"alg": "EdDSA", "typ": "JWT", "kid": "one"}));
        let claims = part(json!({
            "iss": self.issuer, "sub": "42", "aud": "ostia", "nonce": nonce,
            "iat": now, "exp": now + 300, "preferred_username": "wilma",
        }));
        let signature = self.key.sign(format!("{head}.{claims}").as_bytes());
        let signature = URL_SAFE_NO_PAD.encode(signature.as_ref());
        format!("{head}.{claims}.{signature}")
    }
}

fn in_json(value: &Value) -> impl IntoResponse + use<> {
    ([(CONTENT_TYPE, "application/json")], value.to_string())
}

async fn discovery(State(provider): State<Arc<Provider>>) -> impl IntoResponse {
    let at = |path: &str| format!("{}/{path}", provider.issuer);
    in_json(&json!({
        "issuer": provider.issuer,
        "authorization_endpoint": at("authorize"),
        "token_endpoint": at("token"),
        "jwks_uri": at("keys"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["EdDSA"],
    }))
}

async fn keys(State(provider): State<Arc<Provider>>) -> impl IntoResponse {
    let public = URL_SAFE_NO_PAD.encode(provider.key.public_key().as_ref());
    let key = json!({"kty": "OKP", "crv": "Ed25519", "kid": "one", "use": "sig", "x": public});
    in_json(&json!({"keys": [key]}))
}

async fn token(State(provider): State<Arc<Provider>>) -> impl IntoResponse {
    let id_token = provider.signed();
    provider
        .id_token
        .lock()
        .expect("a token")
        .clone_from(&id_token);
    in_json(&json!({
        "access_token": provider.access_token,
        "refresh_token": provider.refresh_token,
        "id_token": id_token,
        "token_type": "Bearer",
        "expires_in": 300,
    }))
}

impl Scene {
    /// Somebody comes from the provider.
    pub(super) async fn sign_in(&mut self) {
        let visitor = Visitor::of(&self.ostia.web_url);
        let begun = visitor.open("/login/with/work").await;
        assert_eq!(begun.status, 303, "{}", begun.body);
        let there = reqwest::Url::parse(begun.header("location")).expect("an address");
        let asked = |name: &str| {
            let mut pairs = there.query_pairs();
            let (_, value) = pairs.find(|(key, _)| key == name).expect("it is asked");
            value.into_owned()
        };
        *self.provider.nonce.lock().expect("a nonce") = asked("nonce");
        let code = self.plant("a code of a provider");
        let back = format!(
            "/login/with/work/callback?code={code}&state={}",
            asked("state")
        );
        let back = visitor.open(&back).await;
        assert_eq!(back.status, 303, "{}", back.body);
        assert!(visitor.is_signed_in().await);
        let id_token = self.provider.id_token.lock().expect("a token").clone();
        for (what, value) in [
            (
                "the client secret of a provider",
                &self.provider.client_secret,
            ),
            ("an access token of a provider", &self.provider.access_token),
            (
                "a refresh token of a provider",
                &self.provider.refresh_token,
            ),
            ("an id token of a provider", &id_token),
            ("the cookie of a browser session", &visitor.session()),
        ] {
            self.canaries.push(Canary::new(what, value));
        }
    }
}
