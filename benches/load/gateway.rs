//! The release build of Ostia with one upstream and one key, in a temporary folder.

use crate::{
    Failure,
    options::{Era, Options, Transport},
    processes::Usage,
};
use ostia_domain::{clock, key::Secret};
use ostia_proto::{
    ControlClient,
    v1::{self, upstream_definition::Transport as Reached},
};
use std::{
    io::{BufRead as _, BufReader},
    net::SocketAddr,
    process::{Child, Command, Stdio},
    time::Duration,
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use tonic::transport::Endpoint;

const CATALOGUE: Duration = Duration::from_secs(20);
/// How long the records of a run may take to be written.
const IDLE: Duration = Duration::from_secs(60);
/// Longer than records wait for others before they are written.
const OBSERVED: Duration = Duration::from_millis(600);

pub(crate) struct Gateway {
    child: Started,
    address: SocketAddr,
    pub(crate) key: String,
    pub(crate) control: ControlClient,
    /// Goes when this does.
    _data: TempDir,
}

impl Gateway {
    #[allow(clippy::disallowed_methods, reason = "this program is not the product")]
    pub(crate) async fn start(options: &Options, http: SocketAddr) -> Result<Self, Failure> {
        let data = tempfile::tempdir()?;
        let mut command = Command::new(env!("CARGO_BIN_EXE_ostia"));
        command
            .args(["run", "--json", "--log", "warn", "--data-dir"])
            .arg(data.path().join("data"));
        for role in ["control", "mcp", "web", "admin"] {
            command.arg(format!("--{role}-listen")).arg("127.0.0.1:0");
        }
        if let Some(url) = &options.database_url {
            command.args(["--migrate", "--database-url", url]);
        }
        let mut child = command.stdout(Stdio::piped()).spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().ok_or("no stdout")?).read_line(&mut line)?;
        let child = Started(child);
        let announced: serde_json::Value = serde_json::from_str(&line)?;
        let url = |name: &str| {
            announced[name]
                .as_str()
                .map(str::to_owned)
                .ok_or(format!("no {name} in {line}"))
        };
        let address = url("mcp_url")?
            .trim_start_matches("http://")
            .trim_end_matches("/mcp")
            .parse()?;
        let secrets = std::fs::read_to_string(data.path().join("data/secrets.toml"))?;
        let secrets: toml::Table = secrets.parse()?;
        let token = Secret::new(
            secrets["service_token"]
                .as_str()
                .ok_or("no service token")?,
        );
        let control =
            ControlClient::remote(&Endpoint::from_shared(url("control_url")?)?, Some(&token))?;
        let key = register(&control, options.workers, http).await?;
        Ok(Self {
            child,
            address,
            key,
            control,
            _data: data,
        })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.0.id()
    }

    /// Waits until it has nothing left to do, so that the next measurement begins with nothing.
    pub(crate) async fn idle(&self) -> Result<(), Failure> {
        let deadline = clock::instant() + IDLE;
        while clock::instant() < deadline {
            let before = Usage::of(self.pid());
            tokio::time::sleep(OBSERVED).await;
            if Usage::of(self.pid()).since(before).own_cpu <= OBSERVED / 20 {
                return Ok(());
            }
        }
        Err(format!("Ostia is still busy {IDLE:?} after the last call").into())
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// A whole `tools/call`, ready to be written to a connection.
    pub(crate) async fn request(
        &self,
        era: Era,
        transport: Transport,
        payload: usize,
    ) -> Result<Vec<u8>, Failure> {
        let tool = format!("{}__echo", transport.upstream());
        let message = "x".repeat(payload);
        Ok(match era {
            Era::Legacy => {
                let session = self.initialize().await?;
                let body = format!(
                    r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"{tool}","arguments":{{"message":"{message}"}}}}}}"#
                );
                self.post(
                    &format!("Mcp-Session-Id: {session}\r\nMCP-Protocol-Version: 2025-11-25\r\n"),
                    &body,
                )
            }
            Era::Modern => self.call(&self.key, &tool, &message),
        })
    }

    /// A whole `tools/call` of 2026-07-28 with this key.
    pub(crate) fn call(&self, key: &str, tool: &str, message: &str) -> Vec<u8> {
        let params = format!(r#""name":"{tool}","arguments":{{"message":"{message}"}},"#);
        self.modern(key, "tools/call", &params, &format!("Mcp-Name: {tool}\r\n"))
    }

    /// A whole request of 2026-07-28 with this key. `params` are members, each with its comma.
    pub(crate) fn modern(&self, key: &str, method: &str, params: &str, headers: &str) -> Vec<u8> {
        let body = format!(
            r#"{{"jsonrpc":"2.0","id":1,"method":"{method}","params":{{{params}"_meta":{{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{{}},"io.modelcontextprotocol/clientInfo":{{"name":"load","version":"1"}}}}}}}}"#
        );
        let headers =
            format!("MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: {method}\r\n{headers}");
        self.post_with(key, &headers, &body)
    }

    /// A GET in a session of its own.
    pub(crate) async fn listen(&self) -> Result<Vec<u8>, Failure> {
        let session = self.initialize().await?;
        Ok(format!(
            "GET /mcp HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\nAccept: text/event-stream\r\nMcp-Session-Id: {session}\r\n\r\n",
            self.address, self.key
        )
        .into_bytes())
    }

    async fn initialize(&self) -> Result<String, Failure> {
        let body = r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"load","version":"1"}}}"#;
        let mut stream = TcpStream::connect(self.address).await?;
        stream
            .write_all(&self.post("Connection: close\r\n", body))
            .await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        let headers = answer.lines().filter_map(|line| line.split_once(": "));
        let session = headers
            .filter(|(name, _)| name.eq_ignore_ascii_case("mcp-session-id"))
            .map(|(_, value)| value)
            .next();
        session
            .map(str::to_owned)
            .ok_or_else(|| format!("no session: {answer}").into())
    }

    fn post(&self, headers: &str, body: &str) -> Vec<u8> {
        self.post_with(&self.key, headers, body)
    }

    fn post_with(&self, key: &str, headers: &str, body: &str) -> Vec<u8> {
        format!(
            "POST /mcp HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {key}\r\nContent-Type: application/json\r\nAccept: application/json, text/event-stream\r\n{headers}Content-Length: {}\r\n\r\n{body}",
            self.address, body.len()
        )
        .into_bytes()
    }
}

/// Ends with whoever has it.
struct Started(Child);

impl Drop for Started {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A `tools/call` for the server over HTTP itself.
pub(crate) fn direct_request(address: SocketAddr, payload: usize) -> Vec<u8> {
    let message = "x".repeat(payload);
    let body = format!(
        r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"echo","arguments":{{"message":"{message}"}}}}}}"#
    );
    format!(
        "POST /mcp HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// The upstreams, and a key that may use them.
async fn register(
    control: &ControlClient,
    workers: u32,
    http: SocketAddr,
) -> Result<String, Failure> {
    let program = std::env::current_exe()?
        .to_str()
        .ok_or("a path in UTF-8")?
        .to_owned();
    let stdio = v1::StdioCommand {
        program,
        args: vec!["--echo-upstream".to_owned()],
        ..v1::StdioCommand::default()
    };
    let pool = v1::PoolLimits {
        min_idle: Some(workers),
        max_workers: Some(workers),
        max_queue: Some(10_000),
        ..v1::PoolLimits::default()
    };
    let endpoint = v1::HttpEndpoint {
        url: format!("http://{http}/mcp"),
        allow_private_network: true,
        ..v1::HttpEndpoint::default()
    };
    for (transport, reached) in [
        (Transport::Stdio, Reached::Stdio(stdio)),
        (Transport::Http, Reached::Http(endpoint)),
    ] {
        let definition = v1::UpstreamDefinition {
            name: transport.upstream().to_owned(),
            transport: Some(reached),
            pool: Some(pool),
            ..v1::UpstreamDefinition::default()
        };
        let definition = Some(definition);
        let request = v1::AddUpstreamRequest { definition };
        control.upstreams().add_upstream(request).await?;
    }
    let source = v1::create_policy_request::Source::Preset("everything".to_owned());
    control
        .policies()
        .create_policy(v1::CreatePolicyRequest {
            name: "bench".to_owned(),
            source: Some(source),
        })
        .await?;
    let request = v1::CreateKeyRequest {
        name: "bench".to_owned(),
        policies: vec!["bench".to_owned()],
        ..v1::CreateKeyRequest::default()
    };
    let key = control
        .keys()
        .create_key(request)
        .await?
        .into_inner()
        .secret;
    for transport in [Transport::Stdio, Transport::Http] {
        ready(control, transport.upstream()).await?;
    }
    Ok(key)
}

/// Waits until its tools are known.
pub(crate) async fn ready(control: &ControlClient, name: &str) -> Result<(), Failure> {
    let deadline = clock::instant() + CATALOGUE;
    loop {
        let upstream = name.to_owned();
        let request = v1::GetUpstreamRequest { upstream };
        let found = control.upstreams().get_upstream(request).await?;
        let upstream = found.into_inner();
        if upstream.catalogue.is_some() {
            return Ok(());
        }
        if clock::instant() > deadline {
            return Err(format!("the upstream {name} is not ready: {:?}", upstream.problem).into());
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
