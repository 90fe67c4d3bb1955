//! What happens to secrets: calls and refusals.

use super::{
    Scene,
    canary::Said,
    planted::{Keys, Servers},
};
use crate::harness::mcp::{Answer, Endpoint, legacy, modern};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::json;

impl Scene {
    fn heard(&mut self, place: &str, answer: &Answer) {
        let headers = format!("{:?}", answer.headers);
        self.said
            .push(Said::new(format!("headers of {place}"), headers));
        self.said
            .push(Said::new(format!("body of {place}"), answer.body.clone()));
    }

    /// Calls that succeed, whose answers are the caller's own, and calls that fail.
    pub(super) async fn calls(&mut self, keys: &Keys, servers: &Servers) {
        let message = self.plant("an argument of a call");
        let arguments = json!({"message": message});
        let password = self.plant("a password among arguments that are kept");
        for key in [&keys.key, &keys.token] {
            let endpoint = Endpoint::new(&self.ostia.mcp_url, key);
            for tool in ["demo__echo", "leaky__echo"] {
                let answer = modern::call(&endpoint, tool, &arguments).send().await;
                assert_eq!(answer.first_text(), message);
            }
            for tool in ["header__who", "bearer__who", "basic__who", "oauth__who"] {
                let arguments = json!({
                    "password": password,
                    "text": format!("with {key} and --password {password}"),
                });
                modern::call(&endpoint, tool, &arguments)
                    .send()
                    .await
                    .result();
            }
        }
        let endpoint = Endpoint::new(&self.ostia.mcp_url, &keys.key);
        let session = legacy::Session::open(&endpoint).await;
        session.call("leaky__echo", &arguments).await.result();
        // What an upstream says to its caller is not ours to change.
        let said = modern::call(&endpoint, "leaky__fail", &arguments)
            .send()
            .await;
        assert!(said.text().contains(&message), "{}", said.text());

        let wrong = json!({"message": format!("{message}!")});
        let refused = modern::call(&endpoint, "demo__echo", &wrong).send().await;
        assert_eq!(refused.refusal().2, "argument-refused");
        self.heard("a call with other arguments than allowed", &refused);
        for server in &servers.all {
            server.forget();
            server.give_useless_tokens();
        }
        let told = format!(r#"{{"error":"invalid_client","error_description":"{message}"}}"#);
        for tool in [
            "leaky__exit",
            "ending__x",
            "bearer__who",
            "basic__who",
            "oauth__who",
            "none",
        ] {
            let failed = modern::call(&endpoint, tool, &arguments).send().await;
            failed.refusal();
            self.heard(&format!("{tool}, which failed"), &failed);
            servers.all[2].fail(Some((401, &told)));
        }
        let body = modern::body(1, "no/such", &arguments).to_string();
        for body in [body.clone(), format!("{body}]"), format!("[{body}]")] {
            let refused = endpoint
                .post(body)
                .header(modern::PROTOCOL, modern::VERSION);
            let refused = refused.header(modern::METHOD, "no/such").send().await;
            refused.refusal();
            self.heard("a message that is none", &refused);
        }
    }

    /// Requests whose credential does not do.
    pub(super) async fn refusals(&mut self, keys: &Keys) {
        let presented = self.plant("what was presented in vain");
        let basic = STANDARD.encode(format!("ann:{presented}"));
        let anonymous = Endpoint::anonymous(&self.ostia.mcp_url);
        let call = || modern::call(&anonymous, "demo__echo", &json!({"message": "x"}));
        for (name, value) in [
            ("authorization", format!("Bearer ost_live_{presented}")),
            ("authorization", format!("Bearer ost_at_{presented}")),
            ("authorization", format!("Basic {basic}")),
            ("authorization", presented.clone()),
            ("authorization", format!("Bearer {}", keys.ended)),
            ("authorization", format!("Bearer {}x", keys.key)),
            ("x-api-key", format!("ost_live_{presented}")),
            ("cookie", format!("key={presented}")),
        ] {
            let refused = call().header(name, value).send().await;
            assert_eq!(refused.status, 401, "{name}");
            self.heard(&format!("a refusal of {name}"), &refused);
        }
        let query = format!("{}?api_key={presented}", self.ostia.mcp_url);
        let refused = modern::call(&Endpoint::anonymous(&query), "demo__echo", &json!({}));
        self.heard("a refusal of a query", &refused.send().await);
    }
}
