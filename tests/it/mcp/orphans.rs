//! Whatever way Ostia ends, nothing it started goes on.

use crate::harness::{
    control,
    mcp::{Endpoint, modern},
    ostia::Ostia,
    processes, upstreams, wait,
};
use serde_json::json;
use std::time::Duration;

/// Ostia with a worker under a shell that has another child, as `npx` and `uvx` do it.
struct Wrapped {
    ostia: Ostia,
    mark: String,
    endpoint: Endpoint,
}

impl Wrapped {
    async fn start() -> Self {
        let ostia = Ostia::start().await;
        let control = control::client(&ostia);
        let mark = upstreams::mark();
        // Not the last command, so that the shell stays; the first child reads no input and never ends.
        let line =
            r#""$2" -c 'import time; time.sleep(86400)' "$1" </dev/null & "$2" -B "$0" "$1"; true"#;
        let script = crate::harness::environment::repository().join("tests/peers/faulty.py");
        let args = [
            "-c",
            line,
            script.to_str().expect("UTF-8"),
            &mark,
            upstreams::python(),
        ];
        upstreams::program("wrapped", "sh", &args)
            .pool(2, 1, 10)
            .add(&control)
            .await;
        let endpoint = Endpoint::new(&ostia.mcp_url, &control::master_key(&control, "all").await);
        let wrapped = Self {
            ostia,
            mark,
            endpoint,
        };
        // Two workers, one of them in the middle of a call when the end comes.
        let call =
            || modern::call(&wrapped.endpoint, "wrapped__sleep", &json!({"seconds": 3})).send();
        tokio::join!(call(), call());
        let family = wrapped.alive();
        assert!(
            family.len() >= 6,
            "a shell and two children of each of two workers: {family:#?}"
        );
        wrapped
    }

    fn alive(&self) -> Vec<processes::Process> {
        processes::with_argument(&self.mark)
    }

    async fn assert_nothing_is_left(&self) {
        let gone = wait::until(Duration::from_secs(10), "nothing is left", || async {
            let left = self.alive();
            if left.is_empty() { Ok(()) } else { Err(left) }
        });
        gone.await;
    }
}

#[tokio::test]
async fn kill_9_leaves_no_child_behind() {
    let mut wrapped = Wrapped::start().await;
    let family = processes::descendants(wrapped.ostia.pid());
    let busy = modern::call(&wrapped.endpoint, "wrapped__sleep", &json!({"seconds": 60})).begin();
    // The call is on its way when the signal comes; there will be no answer to wait for.
    tokio::select! {
        _ = busy => {}
        () = tokio::time::sleep(Duration::from_millis(300)) => {}
    }
    wrapped.ostia.kill9().await;
    wrapped.assert_nothing_is_left().await;
    let left = wait::until(
        Duration::from_secs(10),
        "every descendant is gone",
        || async {
            let left: Vec<_> = family
                .iter()
                .filter_map(|p| processes::read(p.pid))
                .filter(|p| !p.zombie)
                .collect();
            if left.is_empty() { Ok(()) } else { Err(left) }
        },
    );
    left.await;
}

#[tokio::test]
async fn a_stop_leaves_no_child_behind() {
    let mut wrapped = Wrapped::start().await;
    wrapped.ostia.stop().await;
    wrapped.assert_nothing_is_left().await;
}
