//! What holds secrets: upstreams and keys.

use super::{Scene, canary::Canary};
use crate::harness::{
    control,
    guarded::Guarded,
    upstreams::{self, Definition},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use ostia_proto::v1::{self, http_endpoint::Credential, upstream_definition::Transport};
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
        let leaked = control::key(&self.control, "leaked", control::everything_of(&["*"])).await;
        let request = v1::ReportLeakedKeyRequest {
            key: leaked.secret.clone(),
        };
        let reported = self.control.keys().report_leaked_key(request).await;
        reported.expect("it is revoked");
        for (what, value) in [
            ("an API key", &made.secret),
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
}

fn presenting(name: &str, server: &Guarded, credential: Credential) -> Definition {
    upstreams::http(name, &server.url()).with(|definition| {
        let Some(Transport::Http(endpoint)) = &mut definition.transport else {
            panic!("not over HTTP");
        };
        endpoint.credential = Some(credential);
    })
}
