//! What Ostia presents to upstreams over HTTP, and where it gets that.

use super::documented::assert_refused;
use crate::harness::{
    control::{self, Control},
    guarded::Guarded,
    mcp::{Answer, Endpoint, modern},
    ostia::Ostia,
    upstreams::{self, Definition},
    wait,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use ostia_proto::v1::{
    self, ClientAuthentication, http_endpoint::Credential, upstream_definition::Transport,
};
use serde_json::json;
use std::time::Duration;

const SECRET: &str = "canary-secret-77";
const LONG: Duration = Duration::from_secs(20);

fn presenting(server: &Guarded, credential: Credential) -> Definition {
    upstreams::http("guarded", &server.url()).with(|definition| {
        let Some(Transport::Http(endpoint)) = &mut definition.transport else {
            panic!("not over HTTP");
        };
        endpoint.credential = Some(credential);
    })
}

/// The same over HTTP+SSE.
fn with_tokens_over_sse(server: &Guarded) -> Definition {
    upstreams::sse("guarded", &server.sse_url()).with(|definition| {
        let Some(Transport::Sse(endpoint)) = &mut definition.transport else {
            panic!("not over HTTP+SSE");
        };
        let tokens = Credential::ClientCredentials(server.client(SECRET));
        endpoint.credential = Some(tokens);
    })
}

fn with_tokens(server: &Guarded) -> Definition {
    presenting(server, Credential::ClientCredentials(server.client(SECRET)))
}

struct Fixture {
    ostia: Ostia,
    control: Control,
    endpoint: Endpoint,
}

impl Fixture {
    async fn start() -> Self {
        Self::of(Ostia::start().await).await
    }

    async fn of(ostia: Ostia) -> Self {
        let control = control::client(&ostia);
        let key = control::master_key(&control, "all").await;
        Self {
            endpoint: Endpoint::new(&ostia.mcp_url, &key),
            control,
            ostia,
        }
    }

    async fn call(&self) -> Answer {
        modern::call(&self.endpoint, "guarded__who", &json!({}))
            .send()
            .await
    }

    async fn upstream(&self) -> v1::Upstream {
        let upstream = "guarded".to_owned();
        let request = v1::GetUpstreamRequest { upstream };
        let found = self.control.upstreams().get_upstream(request).await;
        found.expect("the upstream").into_inner()
    }

    async fn problem(&self) -> String {
        let told = wait::until(LONG, "a problem is told", || async {
            self.upstream().await.problem.ok_or("none")
        });
        told.await.0
    }
}

#[tokio::test]
async fn a_bearer_token_and_a_password_arrive() {
    let server = Guarded::start().await;
    let basic = format!("Basic {}", STANDARD.encode("ann:hunter2"));
    for (credential, header) in [
        (
            Credential::Bearer(v1::BearerCredential {
                token: SECRET.to_owned(),
            }),
            format!("Bearer {SECRET}"),
        ),
        (
            Credential::Basic(v1::BasicCredential {
                username: "ann".to_owned(),
                password: "hunter2".to_owned(),
            }),
            basic,
        ),
    ] {
        server.takes(&header);
        let fixture = Fixture::start().await;
        presenting(&server, credential).add(&fixture.control).await;
        assert_eq!(fixture.call().await.first_text(), header);
        // Neither shown nor logged.
        let shown = fixture.ostia.cli(&["upstreams", "show", "guarded"]).await;
        for said in [shown.ok().stdout, fixture.ostia.log()] {
            assert!(
                !said.contains(SECRET) && !said.contains("hunter2"),
                "{said}"
            );
        }
    }
}

#[tokio::test]
async fn a_hundred_calls_on_an_expired_token_are_one_request_for_another() {
    const CALLS: usize = 100;
    let server = Guarded::start().await;
    let fixture = Fixture::start().await;
    with_tokens(&server)
        .pool(1, 200, 0)
        .add(&fixture.control)
        .await;
    assert_eq!(fixture.call().await.first_text(), "Bearer canary-token-1");
    server.forget();
    server.refuse_together(CALLS);
    let calls = futures_util::future::join_all((0..CALLS).map(|_| fixture.call()));
    for answer in calls.await {
        assert_eq!(answer.first_text(), "Bearer canary-token-2");
    }
    assert_eq!((server.asked().len(), server.refused()), (2, CALLS));
    // A token that ended is no session that was lost.
    assert_eq!(server.handshakes(), 1);
    assert_eq!(server.executed(), 1 + CALLS);
}

/// The stream stays. Messages are posted one after another: one is refused for its token, and posted again.
#[tokio::test]
async fn over_sse_a_hundred_calls_on_an_expired_token_are_one_request_for_another() {
    const CALLS: usize = 100;
    let server = Guarded::start().await;
    let fixture = Fixture::start().await;
    with_tokens_over_sse(&server)
        .pool(1, 200, 0)
        .add(&fixture.control)
        .await;
    assert_eq!(fixture.call().await.first_text(), "Bearer canary-token-1");
    let (streams, handshakes) = (server.streams(), server.handshakes());
    server.forget();
    let calls = futures_util::future::join_all((0..CALLS).map(|_| fixture.call()));
    for answer in calls.await {
        assert_eq!(answer.first_text(), "Bearer canary-token-2");
    }
    assert_eq!((server.asked().len(), server.refused()), (2, 1));
    assert_eq!(server.executed(), 1 + CALLS);
    // A token that ended is no stream that was lost.
    assert_eq!(
        (server.streams(), server.handshakes()),
        (streams, handshakes)
    );
}

/// A stream that ended is opened again, with a token that is taken.
#[tokio::test]
async fn over_sse_another_stream_is_opened_with_another_token() {
    let server = Guarded::start().await;
    let fixture = Fixture::start().await;
    with_tokens_over_sse(&server).add(&fixture.control).await;
    assert_eq!(fixture.call().await.first_text(), "Bearer canary-token-1");
    let streams = server.streams();
    server.forget();
    server.end_stream();
    let works = wait::until(LONG, "calls work again", || async {
        let answer = fixture.call().await;
        match answer.json().get("result") {
            Some(_) => Ok(answer),
            None => Err(answer),
        }
    });
    let (answer, _) = works.await;
    assert_eq!(answer.first_text(), "Bearer canary-token-2");
    assert_eq!(server.asked().len(), 2);
    assert!(server.streams() > streams);
}

#[tokio::test]
async fn a_new_token_that_is_refused_as_well_is_not_replaced_again() {
    let server = Guarded::start().await;
    let fixture = Fixture::start().await;
    with_tokens(&server).add(&fixture.control).await;
    fixture.call().await.first_text();
    server.forget();
    server.give_useless_tokens();
    for _ in 0..10 {
        let answer = fixture.call().await;
        assert_refused(&answer, 200, -31031, "upstream-unavailable");
    }
    assert_eq!(server.asked().len(), 2);
    // What the server repeated of it is nowhere to be read.
    let log = fixture.ostia.log();
    assert!(log.contains("401 Unauthorized"), "{log}");
    assert!(!log.contains("canary-token"), "{log}");
}

#[tokio::test]
async fn a_token_is_replaced_before_it_ends_and_nobody_notices() {
    let server = Guarded::start().await;
    // Replaced after half of it.
    server.life(4);
    let fixture = Fixture::start().await;
    with_tokens(&server).add(&fixture.control).await;
    server.life(3600);
    let replaced = wait::until(LONG, "another token is used", || async {
        match &*fixture.call().await.first_text() {
            "Bearer canary-token-1" => Err("still the first"),
            _ => Ok(()),
        }
    });
    replaced.await;
    assert_eq!((server.asked().len(), server.refused()), (2, 0));
}

#[tokio::test]
async fn a_token_endpoint_that_fails_is_told_and_left_alone_for_a_while() {
    let server = Guarded::start().await;
    let said = format!(r#"{{"error":"invalid_client","error_description":"not {SECRET}"}}"#);
    server.fail(Some((401, &said)));
    let fixture = Fixture::start().await;
    with_tokens(&server).define(&fixture.control).await;
    let problem = fixture.problem().await;
    assert!(
        problem.contains("401 Unauthorized: invalid_client"),
        "{problem}"
    );
    assert!(!problem.contains(SECRET), "{problem}");
    let before = server.asked().len();
    for _ in 0..20 {
        fixture.call().await;
    }
    let asked = server.asked().len() - before;
    assert!(asked <= 2, "{asked} requests for 20 calls");

    server.fail(None);
    let works = wait::until(Duration::from_secs(60), "there is a token", || async {
        let upstream = fixture.upstream().await;
        match (&upstream.problem, &upstream.catalogue) {
            (None, Some(_)) => Ok(()),
            _ => Err(format!("{upstream:?}")),
        }
    });
    works.await;
    fixture.control.settled().await;
    assert!(fixture.call().await.first_text().starts_with("Bearer "));
    assert!(!fixture.ostia.log().contains(SECRET));
}

/// The upstream was fine, and is told about when its tokens end.
#[tokio::test]
async fn tokens_that_end_for_good_are_a_problem_of_the_upstream() {
    let server = Guarded::start().await;
    let fixture = Fixture::start().await;
    with_tokens(&server).add(&fixture.control).await;
    fixture.call().await.first_text();
    server.forget();
    server.fail(Some((503, "")));
    let answer = fixture.call().await;
    assert_refused(&answer, 200, -31031, "upstream-unavailable");
    let problem = fixture.problem().await;
    assert!(problem.contains("no access token"), "{problem}");
    assert!(problem.contains("503"), "{problem}");
}

#[tokio::test]
async fn a_client_says_who_it_is_and_what_it_wants_as_it_was_told() {
    let server = Guarded::start().await;
    let fixture = Fixture::of(Ostia::options().arg("--log").arg("trace").start().await).await;
    let mut grant = server.client(SECRET);
    grant.scopes = vec!["read".to_owned(), "write".to_owned()];
    grant.resource = Some("https://example.com/mcp".to_owned());
    grant.audience = Some("mcp".to_owned());
    for (name, how) in [
        ("as-basic", ClientAuthentication::Basic),
        ("as-post", ClientAuthentication::Post),
    ] {
        grant.set_authentication(how);
        let presented = Credential::ClientCredentials(grant.clone());
        let named = |definition: &mut v1::UpstreamDefinition| name.clone_into(&mut definition.name);
        let upstream = presenting(&server, presented).with(named);
        upstream.add(&fixture.control).await;
    }
    let asked = server.asked();
    let wanted = "grant_type=client_credentials&scope=read+write\
                  &resource=https%3A%2F%2Fexample.com%2Fmcp&audience=mcp";
    let pair = STANDARD.encode(format!("ostia:{SECRET}"));
    assert_eq!(asked[0].0["authorization"], format!("Basic {pair}"));
    assert_eq!(asked[0].1, wanted);
    assert!(!asked[1].0.contains_key("authorization"));
    let posted = format!("{wanted}&client_id=ostia&client_secret={SECRET}");
    assert_eq!(asked[1].1, posted);
    // Whatever was logged, neither secrets nor tokens are in it.
    let log = fixture.ostia.log();
    for canary in [SECRET, &pair, "canary-token"] {
        assert!(!log.contains(canary), "{canary} is in the log");
    }
}

/// A token endpoint is under the rules of upstreams: private networks are asked for. What is never reached no
/// definition names, and who connects checks both with the same rule.
#[tokio::test]
async fn tokens_come_from_nowhere_that_is_not_allowed() {
    let server = Guarded::start().await;
    let port = server.address.rsplit(':').next().expect("a port");
    let inside = format!("https://localhost:{port}/token");
    let fixture = Fixture::start().await;
    let mut grant = server.client(SECRET);
    grant.token_url = inside;
    let upstream = presenting(&server, Credential::ClientCredentials(grant));
    let upstream = upstream.with(|definition| {
        if let Some(Transport::Http(endpoint)) = &mut definition.transport {
            "https://example.com/mcp".clone_into(&mut endpoint.url);
            endpoint.allow_private_network = false;
        }
    });
    upstream.define(&fixture.control).await;
    let problem = fixture.problem().await;
    assert!(problem.contains("token"), "{problem}");
    assert!(problem.contains("allow_private_network"), "{problem}");
    assert!(server.asked().is_empty());
}

/// A credential is replaced while the upstream stays what it is: it is never not listed.
#[tokio::test]
async fn a_credential_is_replaced_without_a_gap() {
    let server = Guarded::start().await;
    for token in ["canary-one", "canary-two"] {
        server.takes(&format!("Bearer {token}"));
    }
    let fixture = Fixture::start().await;
    let env = [("ONE", "canary-one"), ("TWO", "canary-two")];
    let url = server.url();
    let add = [
        "upstreams",
        "add",
        "guarded",
        "--url",
        &url,
        "--allow-private-network",
        "--bearer-from-env",
        "ONE",
    ];
    let added = fixture.ostia.cli_with(&add, &env).await.ok().json();
    assert_eq!(added["credential"], json!({"kind": "bearer"}));
    let listed = wait::until(LONG, "its tools are known", || async {
        fixture.upstream().await.catalogue.ok_or("none")
    });
    listed.await;
    fixture.control.settled().await;
    assert_eq!(fixture.call().await.first_text(), "Bearer canary-one");

    // Whoever calls meanwhile notices nothing: each of these fails if its call does.
    let update = ["upstreams", "update", "guarded", "--bearer-from-env", "TWO"];
    let callers = futures_util::future::join_all(
        (0..8).map(|_| async { while fixture.call().await.first_text() == "Bearer canary-one" {} }),
    );
    let (updated, _) = tokio::join!(fixture.ostia.cli_with(&update, &env), callers);
    let updated = updated.ok().json();
    assert_eq!(
        (&updated["version"], &updated["tools"]),
        (&json!(2), &json!(1))
    );
    assert_eq!(fixture.call().await.first_text(), "Bearer canary-two");
    let said = format!("{added}{updated}{}", fixture.ostia.log());
    assert!(!said.contains("canary"), "{said}");
}
