//! The site in `deploy/nginx.conf`, as it is but for its addresses, in a real nginx in front of Ostia.

use crate::harness::{
    command::std_command,
    control, environment,
    mcp::{Endpoint, Events, modern},
    ostia::Ostia,
    upstreams, wait,
};
use serde_json::json;
use std::{
    fs,
    net::SocketAddr,
    path::Path,
    process::{Child, Stdio},
    time::Duration,
};
use tempfile::TempDir;
use tokio::net::TcpStream;

struct Nginx {
    child: Child,
    address: SocketAddr,
    _folder: TempDir,
}

impl Nginx {
    /// In front of this edge, on a free port, with everything that it writes in a folder of its own.
    async fn start(ostia: &Ostia) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let port = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = port.local_addr().expect("an address");
        drop(port);
        let site = fs::read_to_string(environment::repository().join("deploy/nginx.conf"));
        let edge = ostia.mcp_url.trim_start_matches("http://");
        let edge = edge.trim_end_matches("/mcp");
        let changes = [
            ("127.0.0.1:8080", edge.to_owned()),
            ("listen 80;", format!("listen {address};")),
            ("mcp.example.com", "127.0.0.1".to_owned()),
        ];
        let site = changes
            .iter()
            .fold(site.expect("the site"), |site, (old, new)| {
                assert!(site.contains(old), "the site has no {old}");
                site.replace(old, new)
            });
        fs::write(folder.path().join("site.conf"), site).expect("the site");
        let main = folder.path().join("nginx.conf");
        fs::write(&main, around(folder.path())).expect("a configuration");
        // Debian has it where ordinary users do not look.
        let place = Path::new("/usr/sbin/nginx");
        let program = if place.exists() {
            place
        } else {
            Path::new("nginx")
        };
        let mut nginx = std_command(program);
        nginx.arg("-p").arg(folder.path()).arg("-c").arg(&main);
        nginx.args(["-e", "stderr", "-g", "daemon off;"]);
        let child = nginx.stderr(Stdio::null()).spawn();
        let nginx = Self {
            child: child.expect("nginx is needed: run `./test install`"),
            address,
            _folder: folder,
        };
        wait::until(Duration::from_secs(10), "nginx listens", || async {
            TcpStream::connect(address).await.map(drop)
        })
        .await;
        nginx
    }

    fn endpoint(&self, key: &str) -> Endpoint {
        Endpoint::new(&format!("http://{}/mcp", self.address), key)
    }
}

/// What a distribution has around its sites, for a process without rights.
fn around(folder: &Path) -> String {
    let folder = folder.display();
    let paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    let paths = paths.map(|name| format!("{name}_temp_path {folder}/{name};"));
    format!(
        "pid {folder}/pid;\nworker_processes 1;\nevents {{}}\nhttp {{\naccess_log off;\n{}\n\
         gzip on; gzip_types text/event-stream application/json; gzip_min_length 1;\n\
         include {folder}/site.conf;\n}}\n",
        paths.join("\n")
    )
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // The master ends its workers only when it is asked; a test has no time to wait for them.
        let _ = std_command("kill")
            .arg(self.child.id().to_string())
            .status();
        let _ = self.child.wait();
    }
}

/// Each event arrives when it happens: progress before the call is over, as plain text.
#[tokio::test]
async fn events_are_not_held_back() {
    let ostia = Ostia::start().await;
    let nginx = Nginx::start(&ostia).await;
    let endpoint = nginx.endpoint(&ostia.key);
    let mut meta = modern::meta();
    meta["progressToken"] = json!("p");
    // Longer than anybody waits: what arrives arrives while the tool runs.
    let params = json!({"name": "demo__slow", "arguments": {"seconds": 60}, "_meta": meta});
    let call = modern::request(&endpoint, 1, "tools/call", &params);
    let response = call.header("accept-encoding", "gzip").begin().await;
    assert_eq!(response.status(), 200);
    let headers = response.headers();
    assert!(
        headers["content-type"]
            .as_bytes()
            .starts_with(b"text/event-stream")
    );
    assert!(!headers.contains_key("content-encoding"), "{headers:?}");
    let mut events = Events::new(response);
    for _ in 0..2 {
        let event = events.next().await.expect("progress");
        assert_eq!(event["method"], "notifications/progress", "{event:#}");
    }
}

/// A client that goes away ends its call at the upstream, through both.
#[tokio::test]
async fn a_client_that_goes_away_is_noticed() {
    let ostia = Ostia::start().await;
    let control = control::client(&ostia);
    let definition = upstreams::script("faulty", "faulty.py", &["slow"]);
    definition.add(&control).await;
    let key = control::master_key(&control, "all").await;
    let nginx = Nginx::start(&ostia).await;
    let endpoint = nginx.endpoint(&key);
    let call = modern::call(&endpoint, "faulty__sleep", &json!({"seconds": 30}));
    let left = tokio::time::timeout(Duration::from_millis(500), call.begin()).await;
    assert!(
        left.is_err(),
        "the call was answered before it could be left"
    );
    let what = "the upstream was asked to give up";
    let cancelled = wait::until(Duration::from_secs(10), what, || async {
        let asked = modern::call(&endpoint, "faulty__cancelled", &json!({}));
        let count = asked.send().await.first_text();
        if count == "1" { Ok(()) } else { Err(count) }
    });
    cancelled.await;
}

/// What the edge takes passes; what it does not take is refused by whoever sees it first.
#[tokio::test]
async fn large_bodies_pass() {
    let ostia = Ostia::start().await;
    let nginx = Nginx::start(&ostia).await;
    let endpoint = nginx.endpoint(&ostia.key);
    let message = "x".repeat(3 << 20);
    let call = modern::call(&endpoint, "demo__echo", &json!({"message": message}));
    assert_eq!(call.send().await.first_text().len(), message.len());
    let message = "x".repeat(5 << 20);
    let call = modern::call(&endpoint, "demo__echo", &json!({"message": message}));
    assert_eq!(call.send().await.status, 413);
}
