//! What happens to secrets: calls, refusals, pages.

use super::{
    Scene,
    canary::{Canary, Said},
    planted::{Keys, Servers},
};
use crate::{
    harness::{
        http,
        mcp::{Answer, Endpoint, legacy, modern},
    },
    web::visitor::Visitor,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use reqwest::Method;
use serde_json::json;

const DASHBOARD: [&str; 24] = [
    "/",
    "/sessions",
    "/keys",
    "/usage",
    "/usage?whose=everybody",
    "/usage.csv?whose=everybody",
    "/prices",
    "/live",
    "/tools",
    "/try",
    "/overview",
    "/upstreams",
    "/upstreams/bearer",
    "/upstreams/leaky/output",
    "/upstreams/oauth/edit",
    "/policies",
    "/bundles",
    "/all-keys",
    "/users",
    "/service-accounts",
    "/audit",
    "/audit.csv",
    "/audit.jsonl",
    "/settings",
];

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

    /// Every page, with a login link that is used and one that is not.
    pub(super) async fn pages(&mut self) {
        let web = self.ostia.web_url.clone();
        let used = self.ostia.login_link.clone().expect("a link");
        let wrong = format!("{web}/login/{}", self.plant("a wrong login link"));
        self.login_link("a used login link", &used);
        for (method, url) in [
            (Method::GET, &web),
            (Method::GET, &format!("{web}/nowhere")),
            (Method::GET, &used),
            (Method::POST, &used),
            (Method::GET, &used),
            (Method::GET, &wrong),
            (Method::POST, &wrong),
        ] {
            self.page(method, url).await;
        }
        let admin = Visitor::signed_in(&self.ostia, "admin").await;
        for path in DASHBOARD {
            let page = admin.open(path).await;
            assert_eq!(page.status, 200, "{path}");
            self.said
                .push(Said::new(format!("the page {path}"), page.body));
        }
        let made = self.ostia.cli(&["login-link", "admin"]).await.ok().json();
        let unused = made["login_url"].as_str().expect("a link");
        self.login_link("a login link", unused);
        self.page(Method::GET, unused).await;
        let metrics = Endpoint::anonymous(&self.ostia.admin_url).request(Method::GET);
        let metrics = metrics.path("/metrics").send().await;
        self.said.push(Said::new("/metrics", metrics.body));
    }

    fn login_link(&mut self, what: &'static str, link: &str) {
        let token = link.rsplit('/').next().expect("a token");
        self.canaries.push(Canary::new(what, token));
    }

    async fn page(&mut self, method: Method, url: &str) {
        let place = format!("the page {url}");
        let request = http::client().request(method, url);
        let page = request.header("origin", &self.ostia.web_url).send().await;
        let page = page.expect("a page");
        let headers = format!("{:?}", page.headers());
        self.said
            .push(Said::new(format!("headers of {place}"), headers));
        self.said
            .push(Said::new(place, page.bytes().await.expect("a body")));
    }
}
