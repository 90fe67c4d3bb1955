//! The files of MCP clients: `mcpServers` (Claude Desktop, Claude Code, Cursor) or `servers` (VS Code),
//! each a map from a name to a command or a URL.

mod placeholders;
mod relaxed_json;

pub use placeholders::Lookup;

use crate::{
    key::Secret,
    name::UpstreamName,
    upstream::{Command, HttpEndpoint, Transport},
};
use placeholders::fill;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// A server that can be an upstream.
#[derive(Debug)]
pub struct Entry {
    /// What the file calls it.
    pub source_name: String,
    /// The nearest to it that an upstream may be called.
    pub name: UpstreamName,
    pub transport: Transport,
}

/// A server that cannot, and why, for people. No value of a variable or header is in it.
#[derive(Debug, PartialEq, Serialize)]
pub struct Skipped {
    pub source_name: String,
    pub reason: String,
}

/// What of a server's entry matters here; clients keep much else beside it.
#[derive(Deserialize)]
struct Server {
    command: Option<String>,
    #[serde(default)]
    args: Vec<String>,
    #[serde(default)]
    env: BTreeMap<String, Scalar>,
    cwd: Option<String>,
    url: Option<String>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    #[serde(default)]
    disabled: bool,
    #[serde(rename = "envFile")]
    env_file: Option<String>,
}

/// VS Code lets a value of the environment be a number, or null for a variable to unset.
#[derive(Deserialize)]
#[serde(untagged)]
enum Scalar {
    Text(String),
    Number(serde_json::Number),
    Null(()),
}

/// All servers of a file, in the order of their names. The error says what is wrong with the file as a whole,
/// and is for people. `variable` knows the environment that `${…}` is filled in from.
pub fn read(text: &str, variable: Lookup<'_>) -> Result<Vec<Result<Entry, Skipped>>, String> {
    let file: Value = serde_json::from_str(&relaxed_json::strict(text))
        .map_err(|error| format!("this is no JSON: {error}"))?;
    let servers = servers(&file)
        .ok_or("there is no `mcpServers` (Claude, Cursor) and no `servers` (VS Code) object")?;
    Ok(servers
        .iter()
        .map(|(name, server)| {
            entry(name, server, variable).map_err(|reason| Skipped {
                source_name: name.clone(),
                reason,
            })
        })
        .collect())
}

/// In the settings of VS Code they are one level down.
fn servers(file: &Value) -> Option<&Map<String, Value>> {
    ["/mcpServers", "/servers", "/mcp/servers"]
        .iter()
        .find_map(|path| file.pointer(path)?.as_object())
}

fn entry(name: &str, server: &Value, variable: Lookup<'_>) -> Result<Entry, String> {
    // The error of serde would have the value in it, which may be a secret.
    let server = Server::deserialize(server).map_err(|_| {
        "its entry is not as clients write it: `command` and `url` are texts, `args` is a list of texts, \
         `env` and `headers` have a text for each name"
    })?;
    if server.disabled {
        return Err("it is disabled in the file".to_owned());
    }
    let transport = if let (None, Some(url)) = (&server.command, &server.url) {
        remote(&server, url, variable)?
    } else {
        Transport::Stdio(local(server, variable)?)
    };
    Ok(Entry {
        source_name: name.to_owned(),
        name: UpstreamName::from_foreign(name).map_err(|error| error.to_string())?,
        transport,
    })
}

fn local(server: Server, variable: Lookup<'_>) -> Result<Command, String> {
    if server.env_file.is_some() {
        return Err(
            "it has an envFile: add it with `ostia upstreams add` and --env-file".to_owned(),
        );
    }
    let command = server.command.ok_or("it has no command")?;
    let env = server.env.into_iter().filter_map(|(name, value)| {
        let text = match value {
            Scalar::Text(text) => text,
            Scalar::Number(number) => number.to_string(),
            Scalar::Null(()) => return None,
        };
        Some(fill(&text, variable).map(|text| (name, Secret::new(text))))
    });
    Ok(Command {
        program: fill(&command, variable)?,
        args: server
            .args
            .iter()
            .map(|arg| fill(arg, variable))
            .collect::<Result<_, _>>()?,
        env: env.collect::<Result<_, _>>()?,
        cwd: server.cwd.map(|cwd| fill(&cwd, variable)).transpose()?,
    })
}

/// One that is reached by URL. Who had it in a client's file reached it from their own machine: an
/// address that only works there is taken as it is.
fn remote(server: &Server, url: &str, variable: Lookup<'_>) -> Result<Transport, String> {
    let mut headers = BTreeMap::new();
    for (name, value) in &server.headers {
        let name = name.to_ascii_lowercase();
        if headers.contains_key(&name) {
            return Err(format!("its header {name:?} is there twice"));
        }
        headers.insert(name, Secret::new(fill(value, variable)?));
    }
    let url = fill(url, variable)?;
    let endpoint = HttpEndpoint {
        credential: None,
        allow_private_network: url.starts_with("http://"),
        url,
        headers,
    };
    match server.kind.as_deref() {
        Some("http" | "streamable-http" | "streamableHttp") => Ok(Transport::Http(endpoint)),
        Some("sse") => Ok(Transport::Sse(endpoint)),
        Some(other) => Err(format!("its type {other:?} is neither http nor sse")),
        // Clients that write no type try one after the other; servers name the path after the transport.
        None if path(&endpoint.url).ends_with("/sse") => Ok(Transport::Sse(endpoint)),
        None => Ok(Transport::Http(endpoint)),
    }
}

/// All of a URL before its query.
fn path(url: &str) -> &str {
    url.split_once('?').map_or(url, |(path, _)| path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(text: &str) -> Vec<Result<Entry, Skipped>> {
        read(text, &|name| {
            (name == "HOME").then(|| "/home/ann".to_owned())
        })
        .unwrap()
    }

    #[test]
    fn reads_what_claude_and_cursor_write() {
        let read = entries(
            r#"{"mcpServers": {"My Files": {
                "command": "npx", "args": ["-y", "server", "${HOME}"], "env": {"A": "1"}
            }}}"#,
        );
        let Transport::Stdio(command) = &read[0].as_ref().unwrap().transport else {
            panic!("not a command");
        };
        assert_eq!(command.program, "npx");
        assert_eq!(command.args, ["-y", "server", "/home/ann"]);
        assert_eq!(command.env["A"].expose(), "1");
        assert_eq!(read[0].as_ref().unwrap().name.as_str(), "my-files");
    }

    #[test]
    fn reads_what_vs_code_writes() {
        let read = entries(
            r#"{
                // comments are fine here
                "inputs": [{ "type": "promptString", "id": "token" }],
                "servers": {
                    "local": { "type": "stdio", "command": "run", "env": { "N": 1, "X": null } },
                    "hosted": { "type": "http", "url": "https://example.com/mcp", "headers": { "X-Key": "${env:HOME}" } },
                    "asks": { "command": "run", "env": { "T": "${input:token}" } },
                },
            }"#,
        );
        let by_name = |name: &str| {
            read.iter()
                .find_map(|one| match one {
                    Err(skipped) if skipped.source_name == name => Some(skipped.reason.clone()),
                    _ => None,
                })
                .unwrap_or_default()
        };
        let transport = |name: &str| {
            let mut entries = read.iter().filter_map(|one| one.as_ref().ok());
            &entries
                .find(|entry| entry.source_name == name)
                .unwrap()
                .transport
        };
        assert!(matches!(transport("local"), Transport::Stdio(command) if command.env.len() == 1));
        let Transport::Http(hosted) = transport("hosted") else {
            panic!("not reached by URL");
        };
        assert_eq!(hosted.url, "https://example.com/mcp");
        assert_eq!(hosted.headers["x-key"].expose(), "/home/ann");
        assert!(!hosted.allow_private_network);
        assert!(by_name("asks").contains("\"token\""));
    }

    #[test]
    fn the_transport_is_the_one_that_the_file_says_or_the_path() {
        let transport = |kind: &str, url: &str| {
            let text = format!(r#"{{"mcpServers": {{"a": {{{kind} "url": "{url}"}}}}}}"#);
            entries(&text).remove(0).map(|entry| entry.transport)
        };
        for (kind, url, sse) in [
            (r#""type": "http","#, "https://example.com/sse", false),
            (
                r#""type": "streamable-http","#,
                "https://example.com/",
                false,
            ),
            (r#""type": "sse","#, "https://example.com/mcp", true),
            ("", "https://example.com/mcp", false),
            ("", "https://example.com/sse?a=b", true),
        ] {
            let found = transport(kind, url).unwrap();
            assert_eq!(matches!(found, Transport::Sse(_)), sse, "{kind} {url}");
        }
        let other = transport(r#""type": "ws","#, "wss://example.com/").unwrap_err();
        assert!(other.reason.contains("\"ws\""), "{other:?}");
        let local = transport("", "http://localhost:9000/mcp").unwrap();
        assert!(matches!(local, Transport::Http(found) if found.allow_private_network));
    }

    /// Case makes no other header, and nobody here knows which of them was meant.
    #[test]
    fn a_header_that_is_there_twice_is_explained() {
        let read = entries(
            r#"{"mcpServers": {"a": {"url": "https://a.example/", "headers": {"X-A": "1", "x-a": "2"}}}}"#,
        );
        let reason = &read[0].as_ref().unwrap_err().reason;
        assert!(reason.contains("\"x-a\""), "{reason}");
    }

    #[test]
    fn what_is_wrong_is_said_without_the_value() {
        let texts = [
            r#"{"mcpServers": {"a": {"command": "run", "env": "TOKEN=hush"}}}"#,
            r#"{"mcpServers": {"a": {"url": "https://a.example/", "headers": {"X": ["hush"]}}}}"#,
            r#"{"mcpServers": {"a": {"command": "run", "env": {"A": "${b:-hush}"}}}}"#,
        ];
        for text in texts {
            let reason = entries(text).remove(0).unwrap_err().reason;
            assert!(!reason.contains("hush"), "{reason}");
        }
    }

    #[test]
    fn another_file_is_refused() {
        assert!(read("{}", &|_| None).unwrap_err().contains("mcpServers"));
        assert!(read("{", &|_| None).unwrap_err().contains("JSON"));
    }
}
