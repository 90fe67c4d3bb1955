//! An edge loses the connection to control, and what it knows when it has one again.

use crate::harness::{
    control::{self, Control},
    environment,
    mcp::{Answer, Endpoint, modern},
    ostia::Ostia,
    postgres::Server,
    relay::Relay,
    split, wait,
};
use ostia_proto::v1;
use serde_json::json;
use std::time::Duration;

const SOON: Duration = Duration::from_secs(20);

/// Control, and an edge whose connection to it can be cut.
struct Apart {
    control: Ostia,
    edge: Ostia,
    relay: Relay,
}

impl Apart {
    async fn start(control: Ostia) -> Self {
        let address = control.control_url.trim_start_matches("http://");
        let relay = Relay::to(address).await;
        let url = format!("http://{}", relay.address());
        let edge = split::edge_over(&control, &url, Ostia::options()).await;
        Self {
            control,
            edge,
            relay,
        }
    }

    fn services(&self) -> Control {
        control::between(&self.control, &self.edge)
    }

    fn endpoint(&self) -> Endpoint {
        Endpoint::new(&self.edge.mcp_url, &self.control.key)
    }

    /// How often the edge said this.
    fn said(&self, text: &str) -> usize {
        self.edge.log().matches(text).count()
    }

    /// How often an edge began to watch.
    fn watches(&self) -> usize {
        self.control.log().matches("an edge watches").count()
    }

    /// Waits until the edge has tried to reach control again this often since.
    async fn tried(&self, before: usize, times: usize) {
        let what = "the edge tries to reach control";
        let tried = wait::until(SOON, what, || async {
            let now = self.said("control cannot be followed");
            if now >= before + times {
                Ok(())
            } else {
                Err(now)
            }
        });
        tried.await;
    }
}

async fn echo(endpoint: &Endpoint) -> Answer {
    let call = modern::call(endpoint, "demo__echo", &json!({"message": "x"}));
    call.send().await
}

/// What was missed is asked about: keys are not forgotten, and not believed either.
#[tokio::test]
async fn a_key_that_was_revoked_during_a_break_is_refused_after_it_and_others_never_are() {
    let apart = Apart::start(Ostia::options().roles(&["control"]).start().await).await;
    let services = apart.services();
    let made = control::key(&services, "to-revoke", control::everything_of(&["*"])).await;
    let known = apart.endpoint();
    let revoked = known.with_key(&made.secret);
    assert_eq!(echo(&known).await.first_text(), "x");
    assert_eq!(echo(&revoked).await.first_text(), "x");

    let before = apart.said("control cannot be followed");
    apart.relay.cut();
    let key = made.key.expect("a key").id;
    let request = v1::RevokeKeyRequest { key };
    services.keys().revoke_key(request).await.expect("revoked");
    apart.tried(before, 1).await;
    assert_eq!(echo(&known).await.first_text(), "x");
    assert_eq!(echo(&revoked).await.first_text(), "x");

    apart.relay.pass();
    let refused = wait::until(SOON, "the key is refused", || async {
        assert_eq!(echo(&known).await.first_text(), "x");
        let answer = echo(&revoked).await;
        if answer.status == 401 {
            Ok(answer)
        } else {
            Err(answer)
        }
    });
    let (answer, _) = refused.await;
    assert_eq!(answer.refusal().2, "key-revoked");
    assert_eq!(echo(&known).await.first_text(), "x");
}

/// A control that answers and has lost its database knows nothing that an edge should believe. SQLite is a
/// file, which does not go away under whoever has it open.
#[tokio::test]
async fn an_edge_that_comes_back_to_a_control_without_a_database_serves_on() {
    if environment::postgres_admin_url().is_none() {
        return;
    }
    let database = Server::start().await;
    let control = Ostia::options().database(database.url());
    let apart = Apart::start(control.roles(&["control"]).start().await).await;
    let other = control::master_key(&apart.services(), "never-seen").await;
    let known = apart.endpoint();
    assert_eq!(echo(&known).await.first_text(), "x");

    database.stop().await;
    let lost = wait::until(SOON, "control has noticed", || async {
        let log = apart.control.log();
        if log.contains("changes cannot be followed") {
            Ok(())
        } else {
            Err(log)
        }
    });
    lost.await;
    let before = apart.said("control cannot be followed");
    apart.relay.cut();
    apart.tried(before, 1).await;
    let watches = apart.watches();
    apart.relay.pass();
    let connected = wait::until(SOON, "the edge watches again", || async {
        let now = apart.watches();
        if now > watches { Ok(()) } else { Err(now) }
    });
    connected.await;
    let unverified = echo(&known.with_key(&other)).await;
    assert_eq!(unverified.refusal().2, "control-unavailable");
    for _ in 0..20 {
        assert_eq!(echo(&known).await.first_text(), "x");
    }

    database.start_again().await;
    let verified = wait::until(SOON, "control is used again", || async {
        assert_eq!(echo(&known).await.first_text(), "x");
        let answer = echo(&known.with_key(&other)).await;
        if answer.status == 200 {
            Ok(())
        } else {
            Err(answer)
        }
    });
    verified.await;
}
