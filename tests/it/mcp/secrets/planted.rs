//! What holds secrets: upstreams and keys.

use super::{
    Scene,
    canary::{Canary, Said},
};
use crate::harness::{
    control,
    guarded::Guarded,
    http,
    upstreams::{self, Definition},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use ostia_proto::v1::{self, http_endpoint::Credential, upstream_definition::Transport};
use serde_json::{Value, json};
use std::sync::Arc;

/// HTTP upstreams that repeat what they refuse.
pub(super) struct Servers {
    pub(super) all: Vec<Arc<Guarded>>,
}

/// What an agent presents.
pub(super) struct Keys {
    pub(super) key: String,
    pub(super) token: String,
    /// Was revoked.
    pub(super) ended: String,
}

impl Scene {
    /// Upstreams with a credential of each kind.
    pub(super) async fn upstreams(&mut self) -> Servers {
        let env = self.plant("a variable of a worker");
        let leaky = |name, more: &[&str]| {
            let args = [&["leaky-mark"], more].concat();
            upstreams::script(name, "leaky.py", &args).credential("GIVEN_TO_WORKER", &env)
        };
        leaky("leaky", &[]).add(&self.control).await;
        leaky("ending", &["--exit"]).define(&self.control).await;

        let header = self.plant("a header for an upstream");
        let token = self.plant("a bearer token for an upstream");
        let password = self.plant("a password for an upstream");
        let client_secret = self.plant("a client secret");
        self.canaries
            .push(Canary::new("a token that was given", "canary-token-"));
        let (with_header, with_token, with_password, with_tokens) = (
            Guarded::start().await,
            Guarded::start().await,
            Guarded::start().await,
            Guarded::start().await,
        );
        with_header.takes("");
        with_token.takes(&format!("Bearer {token}"));
        let basic = STANDARD.encode(format!("ann:{password}"));
        with_password.takes(&format!("Basic {basic}"));
        let tokens = with_tokens.client(&client_secret);
        for upstream in [
            upstreams::http("header", &with_header.url())
                .credential("x-api-key", &header)
                .with(|definition| definition.keep_arguments = true),
            presenting(
                "bearer",
                &with_token,
                Credential::Bearer(v1::BearerCredential { token }),
            ),
            presenting("oauth", &with_tokens, Credential::ClientCredentials(tokens)),
            presenting(
                "basic",
                &with_password,
                Credential::Basic(v1::BasicCredential {
                    username: "ann".to_owned(),
                    password,
                }),
            ),
        ] {
            upstream.add(&self.control).await;
        }
        Servers {
            all: vec![with_token, with_password, with_tokens],
        }
    }

    /// An API key and what stands for one, and a key that ended.
    pub(super) async fn keys(&mut self) -> Keys {
        let everything = control::everything_of(&["*"]);
        let rule = v1::ArgumentRule {
            tools: vec!["demo.echo".to_owned()],
            argument: "/message".to_owned(),
            regex: Some("canary[^!]*".to_owned()),
            ..v1::ArgumentRule::default()
        };
        let rules = v1::Rules {
            arguments: vec![rule],
            ..everything
        };
        let made = control::key(&self.control, "agent", rules).await;
        let request = v1::ExchangeKeyRequest {
            key: made.secret.clone(),
        };
        let token = self.control.keys().exchange_key(request).await;
        let token = token.expect("a token").into_inner().access_token;
        let rotate = v1::RotateKeyRequest {
            key: made.key.as_ref().expect("a key").id.clone(),
            overlap_seconds: 3_600,
        };
        let rotated = self.control.keys().rotate_key(rotate).await;
        let rotated = rotated.expect("a secret").into_inner().secret;
        let leaked = control::key(&self.control, "leaked", control::everything_of(&["*"])).await;
        let request = v1::ReportLeakedKeyRequest {
            key: leaked.secret.clone(),
        };
        let reported = self.control.keys().report_leaked_key(request).await;
        reported.expect("it is revoked");
        for (what, value) in [
            ("an API key", &made.secret),
            ("a secret of a rotation", &rotated),
            ("an access token", &token),
            ("a key that was found", &leaked.secret),
        ] {
            self.canaries.push(Canary::new(what, value));
        }
        Keys {
            key: made.secret,
            token,
            ended: leaked.secret,
        }
    }

    /// The same over REST, and upstreams that are only tried.
    pub(super) async fn over_rest(&mut self, servers: &Servers) {
        let key = control::service_key(&self.ostia, "planter", "administrator").await;
        self.canaries.push(Canary::new("a key that plants", &key));
        let url = servers.all[0].url();
        let tokens = servers.all[2].client("").token_url;
        let upstream = |name: &str, credential: Value| {
            json!({
                "name": name, "transport": "http", "url": url, "allow_private_network": true,
                "credential": credential,
            })
        };
        let bearer = |token| json!({"kind": "bearer", "token": token});
        let basic = |password| json!({"kind": "basic", "username": "ann", "password": password});
        let client = |secret| {
            json!({
                "kind": "client-credentials", "token_url": tokens, "client_id": "ostia",
                "client_secret": secret,
            })
        };
        let mut header = upstream("tried", Value::Null);
        header["headers"] = json!({"x-api-key": self.plant("a header of a probe")});
        let tried = [
            (
                "bearer",
                upstream("tried", bearer(self.plant("a token of a probe"))),
            ),
            (
                "basic",
                upstream("tried", basic(self.plant("a password of a probe"))),
            ),
            (
                "client",
                upstream("tried", client(self.plant("a client secret of a probe"))),
            ),
            ("header", header),
        ];
        for (what, definition) in tried {
            let (status, text) = self.send(&key, "/api/v1/probes", &definition).await;
            assert_eq!(status, 200, "{text}");
            let place = format!("a probe of {what} over REST");
            self.said.push(Said::new(place, text));
        }
        let made = upstream("over-rest", bearer(self.plant("a token over REST")));
        let (status, text) = self.send(&key, "/api/v1/upstreams", &made).await;
        assert_eq!(status, 201, "{text}");
        self.said.push(Said::new("an upstream over REST", text));
        let name = json!({"name": "over-rest", "owner": "admin", "policies": ["agent"]});
        let (status, text) = self.send(&key, "/api/v1/keys", &name).await;
        assert_eq!(status, 201, "{text}");
        let made: Value = serde_json::from_str(&text).expect("JSON");
        let secret = made["secret"].as_str().expect("a secret");
        self.canaries
            .push(Canary::new("a key made over REST", secret));
        let rotate = "/api/v1/keys/over-rest/rotate";
        let (status, text) = self
            .send(&key, rotate, &json!({"overlap_seconds": 60}))
            .await;
        assert_eq!(status, 200, "{text}");
        let made: Value = serde_json::from_str(&text).expect("JSON");
        let secret = made["secret"].as_str().expect("a secret");
        self.canaries
            .push(Canary::new("a key rotated over REST", secret));
    }

    async fn send(&self, key: &str, path: &str, body: &Value) -> (u16, String) {
        let url = format!("{}{path}", self.ostia.web_url);
        let request = http::client().post(url).bearer_auth(key);
        let answer = request.body(body.to_string()).send().await;
        let answer = answer.expect("an answer");
        (
            answer.status().as_u16(),
            answer.text().await.expect("a body"),
        )
    }
}

fn presenting(name: &str, server: &Guarded, credential: Credential) -> Definition {
    upstreams::http(name, &server.url()).with(|definition| {
        let Some(Transport::Http(endpoint)) = &mut definition.transport else {
            panic!("not over HTTP");
        };
        endpoint.credential = Some(credential);
    })
}
