//! The files of MCP clients: `mcpServers` (Claude Desktop, Claude Code, Cursor) or `servers` (VS Code),
//! each a map from a name to a command or a URL.

use super::{
    placeholders::{Lookup, fill},
    relaxed_json,
};
use ostia_domain::name::UpstreamName;
use ostia_proto::v1::{self, upstream_definition::Transport};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// A server that can be an upstream.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) source_name: String,
    transport: Transport,
}

/// A server that cannot, and why.
#[derive(Debug, PartialEq, Serialize)]
pub(crate) struct Skipped {
    pub(crate) source_name: String,
    pub(crate) reason: String,
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

pub(crate) fn read(
    text: &str,
    variable: Lookup<'_>,
) -> Result<Vec<Result<Entry, Skipped>>, String> {
    let file: Value = serde_json::from_str(&relaxed_json::strict(text))
        .map_err(|error| format!("this is no JSON: {error}"))?;
    let servers = servers(&file).ok_or(
        "there is no `mcpServers` (Claude, Cursor) and no `servers` (VS Code) object in this file",
    )?;
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
    let server = Server::deserialize(server)
        .map_err(|error| format!("its entry is not as clients write it: {error}"))?;
    if server.disabled {
        return Err("it is disabled in the file".to_owned());
    }
    let source_name = name.to_owned();
    if let (None, Some(url)) = (&server.command, &server.url) {
        let transport = remote(&server, url, variable)?;
        return Ok(Entry {
            source_name,
            transport,
        });
    }
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
        Some(fill(&text, variable).map(|text| (name, text)))
    });
    let command = v1::StdioCommand {
        program: fill(&command, variable)?,
        args: server
            .args
            .iter()
            .map(|arg| fill(arg, variable))
            .collect::<Result<_, _>>()?,
        env: env.collect::<Result<_, _>>()?,
        cwd: server.cwd.map(|cwd| fill(&cwd, variable)).transpose()?,
    };
    Ok(Entry {
        source_name,
        transport: Transport::Stdio(command),
    })
}

/// One that is reached by URL. Who had it in a client's file reached it from their own machine: an
/// address that only works there is taken as it is.
fn remote(server: &Server, url: &str, variable: Lookup<'_>) -> Result<Transport, String> {
    let headers = server
        .headers
        .iter()
        .map(|(name, value)| Ok((name.clone(), fill(value, variable)?)))
        .collect::<Result<_, String>>()?;
    let url = fill(url, variable)?;
    let endpoint = v1::HttpEndpoint {
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

impl Entry {
    pub(crate) fn definition(self, name: &UpstreamName) -> v1::UpstreamDefinition {
        v1::UpstreamDefinition {
            name: name.to_string(),
            transport: Some(self.transport),
            ..v1::UpstreamDefinition::default()
        }
    }
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
        assert_eq!(command.env["A"], "1");
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
        assert_eq!(hosted.headers["X-Key"], "/home/ann");
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

    #[test]
    fn another_file_is_refused() {
        assert!(read("{}", &|_| None).unwrap_err().contains("mcpServers"));
        assert!(read("{", &|_| None).unwrap_err().contains("JSON"));
    }
}
