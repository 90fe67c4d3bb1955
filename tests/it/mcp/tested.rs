//! What `policies test` says of a call is what the edge then does with it.

use crate::harness::{
    control::{self, Control, everything_of},
    mcp::{Endpoint, modern},
    ostia::Ostia,
};
use chrono::{Datelike as _, Weekday};
use ostia_domain::clock;
use ostia_proto::v1;
use serde_json::json;

/// One key, whose use is tried and tested.
struct Scene {
    ostia: Ostia,
    control: Control,
    key: v1::Key,
    endpoint: Endpoint,
}

impl Scene {
    async fn start() -> Self {
        let ostia = Ostia::start().await;
        let control = control::client(&ostia);
        ostia.cli(&["users", "create", "ann"]).await.ok();
        control::policy(&control, "everything-here", everything_of(&["*"])).await;
        let join = ["users", "update", "ann", "--policy", "everything-here"];
        ostia.cli(&join).await.ok();
        let request = v1::CreateKeyRequest {
            owner: Some("ann".to_owned()),
            policies: vec!["everything-here".to_owned()],
            ..control::named("tested")
        };
        let made = control::create_key(&control, request).await;
        control.settled().await;
        Self {
            endpoint: Endpoint::new(&ostia.mcp_url, &made.secret),
            key: made.key.expect("a key"),
            ostia,
            control,
        }
    }

    /// The same from control and from the command line, whose exit code says it as well.
    async fn tested(&self, address: Option<&str>) -> v1::TestAccessResponse {
        let request = v1::TestAccessRequest {
            key: self.key.id.clone(),
            tool: "demo.echo".to_owned(),
            arguments: None,
            address: address.map(str::to_owned),
        };
        let answer = self.control.policies().test_access(request).await;
        let answer = answer.expect("an answer").into_inner();
        let test = [
            "policies",
            "test",
            "--tool",
            "demo.echo",
            "--key",
            &self.key.id,
        ];
        let from = address.map(|address| ["--address", address]);
        let args = [&test[..], from.as_ref().map_or(&[][..], |from| &from[..])].concat();
        let said = self.ostia.cli(&args).await;
        let code = i32::from(!answer.allowed);
        assert_eq!(said.code, Some(code), "{said:?}");
        assert_eq!(said.json()["rule"], answer.rule);
        assert_eq!(said.json()["networks"], json!(answer.networks));
        answer
    }

    /// The code of the edge's refusal.
    async fn called(&self) -> Option<String> {
        self.control.settled().await;
        let message = json!({"message": "x"});
        let answer = modern::call(&self.endpoint, "demo__echo", &message)
            .send()
            .await;
        let error = &answer.json()["error"];
        if error.is_null() {
            assert_eq!(answer.first_text(), "x");
            return None;
        }
        Some(error["data"]["code"].as_str().expect("a code").to_owned())
    }

    /// Both refuse, for the same reason.
    async fn refused_as(&self, code: &str) {
        let tested = self.tested(None).await;
        assert_eq!((tested.allowed, &*tested.rule), (false, code));
        assert_eq!(self.called().await.as_deref(), Some(code));
    }

    async fn works(&self) {
        let tested = self.tested(None).await;
        assert!(tested.allowed && tested.networks.is_empty(), "{tested:?}");
        assert_eq!(self.called().await, None);
    }

    async fn cli(&self, args: &[&str]) {
        self.ostia.cli(args).await.ok();
    }
}

#[tokio::test]
async fn a_key_that_is_refused_is_said_to_be() {
    let scene = Scene::start().await;
    let id = scene.key.id.clone();
    scene.works().await;
    // A day after tomorrow's, so that midnight changes nothing.
    let day: Weekday = clock::now().weekday().succ().succ().succ();
    let window = format!("{} 00:00-24:00", day.to_string().to_lowercase());
    scene
        .cli(&["keys", "update", &id, "--window", &window])
        .await;
    scene.refused_as("hour-forbidden").await;
    scene
        .cli(&["keys", "update", &id, "--without", "window"])
        .await;
    scene.works().await;

    scene.cli(&["keys", "inactivate", &id]).await;
    scene.refused_as("key-inactive").await;
    scene.cli(&["keys", "activate", &id]).await;
    scene.cli(&["users", "disable", "ann"]).await;
    scene.refused_as("owner-disabled").await;
    scene.cli(&["users", "enable", "ann"]).await;
    scene.works().await;
    scene.cli(&["keys", "revoke", &id, "--yes"]).await;
    scene.refused_as("key-revoked").await;
}

#[tokio::test]
async fn a_key_that_has_expired_is_said_to_have() {
    let scene = Scene::start().await;
    scene
        .cli(&["keys", "update", &scene.key.id, "--expires-in", "1s"])
        .await;
    let expired = crate::harness::wait::until(
        std::time::Duration::from_secs(10),
        "the key expires",
        || async {
            let request = v1::GetKeyRequest {
                key: scene.key.id.clone(),
                owner: None,
            };
            let key = scene.control.keys().get_key(request).await;
            let state = key.expect("the key").into_inner().state();
            (state == v1::KeyState::Expired).then_some(()).ok_or(state)
        },
    );
    expired.await;
    scene.refused_as("key-expired").await;
}

/// From where a key will be used nobody knows but who asks: its networks are said, and judged where they are told.
#[tokio::test]
async fn the_networks_of_a_key_are_said_or_judged() {
    let scene = Scene::start().await;
    let network = "192.0.2.0/24";
    scene
        .cli(&["keys", "update", &scene.key.id, "--network", network])
        .await;
    let anywhere = scene.tested(None).await;
    assert!(anywhere.allowed);
    assert_eq!(anywhere.networks, [network]);
    let inside = scene.tested(Some("192.0.2.7")).await;
    assert!(inside.allowed && inside.networks.is_empty(), "{inside:?}");
    let here = scene.tested(Some("127.0.0.1")).await;
    assert_eq!((here.allowed, &*here.rule), (false, "address-forbidden"));
    assert_eq!(scene.called().await.as_deref(), Some("address-forbidden"));
    let wrong = [
        "policies",
        "test",
        "--tool",
        "demo.echo",
        "--key",
        &scene.key.id,
        "--address",
        "here",
    ];
    let wrong = scene.ostia.cli(&wrong).await;
    assert_eq!(wrong.code, Some(1), "{wrong:?}");
    assert!(wrong.stderr.contains("is not an IP address"), "{wrong:?}");
}

#[tokio::test]
async fn a_disabled_upstream_answers_no_calls() {
    let scene = Scene::start().await;
    scene.works().await;
    scene.cli(&["upstreams", "disable", "demo"]).await;
    let tested = scene.tested(None).await;
    assert_eq!(
        (tested.allowed, &*tested.rule),
        (false, "the upstream is disabled")
    );
    assert_eq!(scene.called().await.as_deref(), Some("tool-unavailable"));
    // To whom it belongs it is as if it was not there.
    let ann = scene.ostia.cli(&["users", "show", "ann"]).await.ok().json();
    let ann = ann["id"].as_str().expect("an id").parse().expect("a UUID");
    let request = v1::TestAccessRequest {
        key: scene.key.id.clone(),
        tool: "demo.echo".to_owned(),
        ..v1::TestAccessRequest::default()
    };
    let answer = scene
        .control
        .on_behalf_of(ann)
        .policies()
        .test_access(request)
        .await;
    assert_eq!(
        answer.expect("an answer").into_inner().rule,
        "not available"
    );
    scene.cli(&["upstreams", "enable", "demo"]).await;
    assert!(scene.tested(None).await.allowed);
}
