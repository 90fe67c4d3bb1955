//! Workers that misbehave: one clear error for who waited, nothing for anybody else, and on it goes.

use super::documented::assert_refused;
use crate::harness::{
    control,
    mcp::{Answer, Endpoint, modern},
    ostia::Ostia,
    processes, upstreams, wait,
};
use ostia_proto::v1;
use serde_json::{Value, json};
use std::time::Duration;

/// Far below the time limit of a call: what is noticed at once is told at once.
const AT_ONCE: Duration = Duration::from_secs(5);

struct Faulty {
    _ostia: Ostia,
    control: control::Control,
    endpoint: Endpoint,
}

impl Faulty {
    /// With one worker, so that a call meets what the one before left behind.
    async fn start(args: &[&str]) -> Self {
        let ostia = Ostia::start().await;
        let control = control::client(&ostia);
        let definition = upstreams::script("faulty", "faulty.py", args).pool(1, 64, 100);
        definition
            .call_timeout(Duration::from_secs(20))
            .add(&control)
            .await;
        let endpoint = Endpoint::new(&ostia.mcp_url, &control::master_key(&control, "all").await);
        Self {
            _ostia: ostia,
            control,
            endpoint,
        }
    }

    async fn call(&self, tool: &str, arguments: Value) -> Answer {
        modern::call(&self.endpoint, &format!("faulty__{tool}"), &arguments)
            .send()
            .await
    }

    /// The next call works, if not at once then after a pause before the next start.
    async fn assert_recovers(&self) {
        let works = wait::until(Duration::from_secs(10), "the next call works", || async {
            let answer = self.call("echo", json!({"message": "on it goes"})).await;
            if answer.json().get("result").is_some() {
                Ok(answer.first_text())
            } else {
                Err(answer)
            }
        });
        assert_eq!(works.await.0, "on it goes");
    }

    /// The call ends at once with the error of a lost worker.
    async fn assert_lost(&self, tool: &str) {
        let answer = tokio::time::timeout(AT_ONCE, self.call(tool, json!({}))).await;
        let answer = answer.unwrap_or_else(|_| panic!("{tool}: no answer within {AT_ONCE:?}"));
        assert_refused(&answer, 200, -31032, "worker-lost");
        self.assert_recovers().await;
    }
}

#[tokio::test]
async fn killed_in_the_middle_of_a_call() {
    let faulty = Faulty::start(&["killed"]).await;
    let pid: u32 = faulty
        .call("pid", json!({}))
        .await
        .first_text()
        .parse()
        .expect("a number");
    let kill = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        processes::kill9(pid);
        ostia_domain::clock::instant()
    };
    let wait = async {
        let answer = faulty.call("sleep", json!({"seconds": 15})).await;
        (answer, ostia_domain::clock::instant())
    };
    let ((answer, answered), killed) = tokio::join!(wait, kill);
    assert_refused(&answer, 200, -31032, "worker-lost");
    let delay = answered.duration_since(killed);
    assert!(
        delay < Duration::from_secs(1),
        "the caller waited {delay:?}"
    );
    // Not after a while: the very next call.
    assert_eq!(
        faulty
            .call("echo", json!({"message": "next"}))
            .await
            .first_text(),
        "next"
    );
}

#[tokio::test]
async fn ends_in_the_middle_of_a_call() {
    Faulty::start(&["exit"]).await.assert_lost("exit").await;
}

#[tokio::test]
async fn ends_in_the_middle_of_a_line() {
    Faulty::start(&["half"]).await.assert_lost("half").await;
}

#[tokio::test]
async fn closes_its_output_and_lives_on() {
    Faulty::start(&["close"]).await.assert_lost("close").await;
}

#[tokio::test]
async fn answers_with_bytes_that_are_no_text() {
    let faulty = Faulty::start(&["bytes"]).await;
    let answer = tokio::time::timeout(AT_ONCE, faulty.call("bytes", json!({})))
        .await
        .expect("an answer at once");
    assert_refused(&answer, 200, -31032, "worker-lost");
    faulty.assert_recovers().await;
}

/// The process that serves everybody must not fill up with what one worker writes.
#[tokio::test]
async fn writes_a_line_without_an_end() {
    Faulty::start(&["flood"]).await.assert_lost("flood").await;
}

#[tokio::test]
async fn answers_twice() {
    let faulty = Faulty::start(&["twice"]).await;
    for _ in 0..3 {
        assert_eq!(faulty.call("twice", json!({})).await.first_text(), "first");
        assert_eq!(
            faulty
                .call("echo", json!({"message": "mine"}))
                .await
                .first_text(),
            "mine"
        );
    }
}

#[tokio::test]
async fn answers_under_ids_that_nobody_used() {
    let faulty = Faulty::start(&["stranger"]).await;
    assert_eq!(
        faulty.call("stranger", json!({})).await.first_text(),
        "mine"
    );
    faulty.assert_recovers().await;
}

#[tokio::test]
async fn writes_noise_between_messages() {
    let faulty = Faulty::start(&["noise", "--banner"]).await;
    assert_eq!(
        faulty.call("noise", json!({})).await.first_text(),
        "through the noise"
    );
    faulty.assert_recovers().await;
}

#[tokio::test]
async fn never_answers() {
    let ostia = Ostia::start().await;
    let control = control::client(&ostia);
    let definition =
        upstreams::script("faulty", "faulty.py", &["never"]).call_timeout(Duration::from_secs(1));
    definition.add(&control).await;
    let endpoint = Endpoint::new(&ostia.mcp_url, &control::master_key(&control, "all").await);
    let answer = modern::call(&endpoint, "faulty__never", &json!({}))
        .send()
        .await;
    assert_refused(&answer, 200, -31033, "call-timeout");
    let next = modern::call(&endpoint, "faulty__echo", &json!({"message": "next"}))
        .send()
        .await;
    assert_eq!(next.first_text(), "next");
}

/// It never gets as far as tools; what is wrong stands where an operator looks.
#[tokio::test]
async fn ends_before_the_handshake() {
    let faulty = Faulty::start(&["others"]).await;
    upstreams::script("broken", "faulty.py", &["broken", "--exit"])
        .define(&faulty.control)
        .await;
    let told = wait::until(
        Duration::from_secs(20),
        "the problem is reported",
        || async {
            let request = v1::GetUpstreamRequest {
                upstream: "broken".to_owned(),
            };
            let upstream = faulty
                .control
                .upstreams()
                .get_upstream(request)
                .await
                .expect("the upstream")
                .into_inner();
            upstream.problem.ok_or(())
        },
    );
    assert!(!told.await.0.is_empty());
    let answer = modern::call(&faulty.endpoint, "broken__echo", &json!({}))
        .send()
        .await;
    assert_refused(&answer, 200, -32602, "tool-unavailable");
    // Others are not affected.
    faulty.assert_recovers().await;
}

/// It worked once and now does not start any more.
#[tokio::test]
async fn does_not_start_again() {
    let ostia = Ostia::start().await;
    let control = control::client(&ostia);
    let flag = ostia.data_dir().join("refuse");
    let script = crate::harness::environment::repository().join("tests/peers/faulty.py");
    let line = r#"test -e "$0" && exit 1; exec "$2" -B "$1" again"#;
    let args = [
        "-c",
        line,
        flag.to_str().expect("UTF-8"),
        script.to_str().expect("UTF-8"),
        upstreams::python(),
    ];
    upstreams::program("faulty", "sh", &args)
        .add(&control)
        .await;
    let endpoint = Endpoint::new(&ostia.mcp_url, &control::master_key(&control, "all").await);
    let call = |tool: &str| modern::call(&endpoint, tool, &json!({"message": "x"})).send();
    assert_eq!(call("faulty__echo").await.first_text(), "x");

    std::fs::write(&flag, "").expect("a flag");
    let pid = call("faulty__pid")
        .await
        .first_text()
        .parse()
        .expect("a number");
    processes::kill9(pid);
    let told = wait::until(
        Duration::from_secs(10),
        "the pool knows that it cannot start one",
        || async {
            let answer = tokio::time::timeout(AT_ONCE, call("faulty__echo"))
                .await
                .expect("an answer, not a wait");
            if answer.json().get("result").is_some() || answer.refusal().2 == "worker-lost" {
                Err(answer)
            } else {
                Ok(answer)
            }
        },
    );
    assert_refused(&told.await.0, 200, -31031, "upstream-unavailable");

    std::fs::remove_file(&flag).expect("no flag");
    let back = wait::until(Duration::from_secs(40), "it starts again", || async {
        let answer = call("faulty__echo").await;
        if answer.json().get("result").is_some() {
            Ok(())
        } else {
            Err(answer)
        }
    });
    back.await;
}
