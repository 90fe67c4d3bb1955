//! Upstreams that are ours: small stdio servers under `tests/peers/`.

use super::{command::std_command, control::Control, environment, wait};
use ostia_proto::v1::{self, upstream_definition::Transport};
use std::{sync::LazyLock, time::Duration};
use uuid::Uuid;

/// A definition before it is added.
pub(crate) struct Definition(v1::UpstreamDefinition);

/// One of our Python scripts.
pub(crate) fn script(name: &str, file: &str, args: &[&str]) -> Definition {
    // Without -B every run would leave a folder of compiled files beside the scripts.
    let path = environment::repository().join("tests/peers").join(file);
    let own = ["-B", path.to_str().expect("UTF-8")];
    program(name, python(), &[&own, args].concat())
}

/// The interpreter itself: what is called `python3` may be a script that starts several processes on
/// the way to it, which would be counted as workers.
pub(crate) fn python() -> &'static str {
    static PYTHON: LazyLock<String> = LazyLock::new(|| {
        let mut ask = std_command("python3");
        let output = ask
            .args(["-c", "import sys; print(sys.executable)"])
            .output();
        let output = output.expect("python3 is needed: run `./test install`");
        String::from_utf8(output.stdout)
            .expect("UTF-8")
            .trim()
            .to_owned()
    });
    &PYTHON
}

/// Any program.
pub(crate) fn program(name: &str, program: &str, args: &[&str]) -> Definition {
    let stdio = v1::StdioCommand {
        program: program.to_owned(),
        args: args.iter().map(ToString::to_string).collect(),
        ..v1::StdioCommand::default()
    };
    Definition(v1::UpstreamDefinition {
        name: name.to_owned(),
        transport: Some(Transport::Stdio(stdio)),
        ..v1::UpstreamDefinition::default()
    })
}

/// The fixture as a worker that speaks `dual`, `legacy` or `modern`.
pub(crate) fn fixture(name: &str, era: &str) -> Definition {
    let folder = std::path::Path::new(environment::OSTIA).parent();
    let path = folder.expect("a folder").join("examples/fixture-upstream");
    let hint = "run `cargo build --workspace --examples`, or a part of `./test`, which does it";
    assert!(path.exists(), "{} is missing: {hint}", path.display());
    program(
        name,
        path.to_str().expect("UTF-8"),
        &["stdio", "--era", era],
    )
}

/// One that runs on this machine already, over Streamable HTTP.
pub(crate) fn http(name: &str, url: &str) -> Definition {
    over(name, Transport::Http(endpoint(url)))
}

/// The same over HTTP+SSE.
pub(crate) fn sse(name: &str, url: &str) -> Definition {
    over(name, Transport::Sse(endpoint(url)))
}

fn endpoint(url: &str) -> v1::HttpEndpoint {
    v1::HttpEndpoint {
        url: url.to_owned(),
        allow_private_network: true,
        ..v1::HttpEndpoint::default()
    }
}

fn over(name: &str, transport: Transport) -> Definition {
    Definition(v1::UpstreamDefinition {
        name: name.to_owned(),
        transport: Some(transport),
        ..v1::UpstreamDefinition::default()
    })
}

/// An argument that no other process of the machine has.
pub(crate) fn mark() -> String {
    format!("mark-{}", Uuid::now_v7().simple())
}

impl Definition {
    pub(crate) fn with(mut self, change: impl FnOnce(&mut v1::UpstreamDefinition)) -> Self {
        change(&mut self.0);
        self
    }

    /// At most so many workers, each with so many calls, and so many calls that wait.
    pub(crate) fn pool(self, max_workers: u32, max_in_flight: u32, max_queue: u32) -> Self {
        self.with(|definition| {
            definition.pool = Some(v1::PoolLimits {
                max_workers: Some(max_workers),
                max_in_flight: Some(max_in_flight),
                max_queue: Some(max_queue),
                ..v1::PoolLimits::default()
            });
        })
    }

    pub(crate) fn call_timeout(self, limit: Duration) -> Self {
        self.with(|definition| {
            definition.call_timeout = Some(limit.try_into().expect("a duration"));
        })
    }

    pub(crate) fn isolation(self, isolation: v1::Isolation) -> Self {
        self.with(|definition| definition.isolation = isolation.into())
    }

    /// A variable of its workers, or a header.
    pub(crate) fn credential(self, name: &str, value: &str) -> Self {
        self.with(|definition| {
            let credentials = definition.credentials_mut().expect("a transport");
            credentials.insert(name.to_owned(), value.to_owned());
        })
    }

    /// Adds it, without waiting for an edge.
    pub(crate) async fn define(self, control: &Control) -> v1::Upstream {
        let request = v1::AddUpstreamRequest {
            definition: Some(self.0),
        };
        control
            .upstreams()
            .add_upstream(request)
            .await
            .expect("an upstream")
            .into_inner()
    }

    /// Adds it and waits until its tools are known.
    pub(crate) async fn add(self, control: &Control) -> v1::Upstream {
        let upstream = self.define(control).await;
        let found = wait::until(
            Duration::from_secs(30),
            "the tools of the upstream are known",
            || async {
                let request = v1::GetUpstreamRequest {
                    upstream: upstream.id.clone(),
                };
                let upstream = control
                    .upstreams()
                    .get_upstream(request)
                    .await
                    .map_err(|status| format!("{status:?}"))?;
                let upstream = upstream.into_inner();
                if upstream.catalogue.is_some() {
                    Ok(upstream)
                } else {
                    Err(format!("{upstream:?}"))
                }
            },
        );
        let found = found.await.0;
        control.settled().await;
        found
    }
}
