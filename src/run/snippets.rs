//! What to paste where, with the address and the key filled in.

use ostia_domain::name::{ExposedNames, UpstreamName};

/// A tool call of the demo in one stateless request.
pub(crate) fn curl(mcp_url: &str, key: &str, names: ExposedNames) -> String {
    let tool = UpstreamName::new(super::seed::DEMO)
        .map(|demo| names.expose(&demo, "echo"))
        .unwrap_or_default();
    let meta = r#"{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{},"io.modelcontextprotocol/clientInfo":{"name":"curl","version":"1"}}"#;
    let params = format!(r#"{{"name":"{tool}","arguments":{{"message":"hello"}},"_meta":{meta}}}"#);
    let body = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{params}}}"#);
    format!(
        "curl -sS {mcp_url} \\\n\
         \x20 -H 'Authorization: Bearer {key}' \\\n\
         \x20 -H 'Content-Type: application/json' \\\n\
         \x20 -H 'Accept: application/json, text/event-stream' \\\n\
         \x20 -H 'MCP-Protocol-Version: 2026-07-28' \\\n\
         \x20 -H 'Mcp-Method: tools/call' \\\n\
         \x20 -H 'Mcp-Name: {tool}' \\\n\
         \x20 -d '{body}'"
    )
}

pub(crate) fn claude_code(mcp_url: &str, key: &str) -> String {
    format!(
        "claude mcp add --transport http ostia {mcp_url} --header \"Authorization: Bearer {key}\""
    )
}

/// For `.cursor/mcp.json`.
pub(crate) fn cursor(mcp_url: &str, key: &str) -> String {
    format!(
        r#"{{
  "mcpServers": {{
    "ostia": {{
      "url": "{mcp_url}",
      "headers": {{ "Authorization": "Bearer {key}" }}
    }}
  }}
}}"#
    )
}

/// For `.vscode/mcp.json`.
pub(crate) fn vs_code(mcp_url: &str, key: &str) -> String {
    format!(
        r#"{{
  "servers": {{
    "ostia": {{
      "type": "http",
      "url": "{mcp_url}",
      "headers": {{ "Authorization": "Bearer {key}" }}
    }}
  }}
}}"#
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    #[test]
    fn the_files_are_json_that_clients_read() {
        for text in [cursor("http://h/mcp", "k"), vs_code("http://h/mcp", "k")] {
            let file: Value = serde_json::from_str(&text).unwrap();
            let servers = file.get("mcpServers").or(file.get("servers")).unwrap();
            assert_eq!(servers["ostia"]["url"], "http://h/mcp");
            assert_eq!(servers["ostia"]["headers"]["Authorization"], "Bearer k");
        }
    }

    #[test]
    fn curl_calls_the_tool_by_the_name_that_clients_see() {
        let safe = curl("http://h/mcp", "k", ExposedNames::Safe);
        assert!(safe.contains("Mcp-Name: demo__echo'"), "{safe}");
        let dotted = curl("http://h/mcp", "k", ExposedNames::Dotted);
        assert!(dotted.contains(r#""name":"demo.echo""#), "{dotted}");
        let (_, body) = safe.split_once("-d '").unwrap();
        assert!(serde_json::from_str::<Value>(body.trim_end_matches('\'')).is_ok());
    }
}
