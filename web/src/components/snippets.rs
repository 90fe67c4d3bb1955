//! How clients are connected: what to put where, with this installation's own address.

use super::content::Copyable;
use leptos::prelude::*;
use serde_json::json;

/// What a key is called where it is not shown.
pub(crate) const VARIABLE: &str = "$OSTIA_API_KEY";

struct Snippet {
    id: &'static str,
    client: &'static str,
    place: &'static str,
    text: String,
}

#[component]
pub(crate) fn Snippets(
    mcp_url: String,
    /// The whole key right after it was made, else what stands for it.
    key: String,
) -> impl IntoView {
    let of = snippets(&mcp_url, &key).into_iter().enumerate();
    let snippets = of.map(|(at, snippet)| {
        let label = format!("{}, {}", snippet.client, snippet.place);
        view! {
            <details class="more" name="client" open={at == 0}>
                <summary>{snippet.client}</summary>
                <div class="inside">
                    <Copyable
                        id=format!("snippet-{}", snippet.id)
                        text=snippet.text
                        label=label
                        note=format!("Goes into: {}", snippet.place)
                    />
                </div>
            </details>
        }
    });
    view! { <div class="snippets">{snippets.collect_view()}</div> }
}

fn snippets(url: &str, key: &str) -> Vec<Snippet> {
    let bearer = format!("Bearer {key}");
    let headers = json!({ "Authorization": bearer });
    let list = json!({
        "jsonrpc": "2.0",
        "id": 1,
        "method": "tools/list",
        "params": {"_meta": {
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": {},
            "io.modelcontextprotocol/clientInfo": {"name": "curl", "version": "1"},
        }},
    });
    let snippet = |id, client, place, text| Snippet {
        id,
        client,
        place,
        text,
    };
    vec![
        snippet(
            "claude-code",
            "Claude Code",
            "a shell",
            format!(
                "claude mcp add --transport http ostia {url} \\\n  --header \"Authorization: {bearer}\""
            ),
        ),
        snippet(
            "claude-desktop",
            "Claude Desktop",
            "claude_desktop_config.json; it starts a program, which is Ostia's own",
            pretty(&json!({"mcpServers": {"ostia": {
                "command": "ostia",
                "args": ["stdio", "--url", url],
                "env": {"OSTIA_API_KEY": key},
            }}})),
        ),
        snippet(
            "cursor",
            "Cursor",
            ".cursor/mcp.json",
            pretty(&json!({"mcpServers": {"ostia": {"url": url, "headers": headers}}})),
        ),
        snippet(
            "vs-code",
            "VS Code",
            ".vscode/mcp.json",
            pretty(
                &json!({"servers": {"ostia": {"type": "http", "url": url, "headers": headers}}}),
            ),
        ),
        snippet(
            "codex",
            "Codex",
            "~/.codex/config.toml, with the key in the variable OSTIA_API_KEY",
            format!(
                "[mcp_servers.ostia]\nurl = {}\nbearer_token_env_var = \"OSTIA_API_KEY\"",
                json!(url)
            ),
        ),
        snippet(
            "gemini",
            "Gemini CLI",
            "~/.gemini/settings.json",
            pretty(&json!({"mcpServers": {"ostia": {"httpUrl": url, "headers": headers}}})),
        ),
        snippet(
            "curl",
            "curl",
            "a shell; it lists the tools",
            format!(
                "curl -sS {url} \\\n  -H \"Authorization: {bearer}\" \\\n  \
                 -H 'Content-Type: application/json' \\\n  \
                 -H 'Accept: application/json, text/event-stream' \\\n  \
                 -H 'MCP-Protocol-Version: 2026-07-28' \\\n  \
                 -H 'Mcp-Method: tools/list' \\\n  -d '{list}'"
            ),
        ),
        snippet(
            "python",
            "Python",
            "a program, with the package mcp",
            format!(
                "import asyncio\nimport os\n\nfrom mcp import ClientSession\n\
                 from mcp.client.streamable_http import streamablehttp_client\n\n\
                 headers = {{\"Authorization\": \"Bearer \" + os.environ[\"OSTIA_API_KEY\"]}}\n\n\n\
                 async def main():\n    \
                 async with streamablehttp_client({}, headers=headers) as (read, write, _):\n        \
                 async with ClientSession(read, write) as session:\n            \
                 await session.initialize()\n            \
                 for tool in (await session.list_tools()).tools:\n                \
                 print(tool.name)\n\n\nasyncio.run(main())",
                json!(url)
            ),
        ),
        snippet(
            "typescript",
            "TypeScript",
            "a program, with the package @modelcontextprotocol/sdk",
            format!(
                "import {{ Client }} from \"@modelcontextprotocol/sdk/client/index.js\";\n\
                 import {{ StreamableHTTPClientTransport }} from\n  \
                 \"@modelcontextprotocol/sdk/client/streamableHttp.js\";\n\n\
                 const headers = {{ Authorization: `Bearer ${{process.env.OSTIA_API_KEY}}` }};\n\
                 const transport = new StreamableHTTPClientTransport(new URL({}), {{\n  \
                 requestInit: {{ headers }},\n}});\n\
                 const client = new Client({{ name: \"example\", version: \"1.0.0\" }});\n\
                 await client.connect(transport);\n\
                 for (const tool of (await client.listTools()).tools) console.log(tool.name);",
                json!(url)
            ),
        ),
    ]
}

fn pretty(json: &serde_json::Value) -> String {
    format!("{json:#}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    #[test]
    fn every_snippet_has_the_address_and_every_file_is_json() {
        for snippet in snippets("http://h:1/mcp", "ost_live_x") {
            let text = &snippet.text;
            assert!(text.contains("http://h:1/mcp"), "{text}");
            if snippet.place.contains(".json") {
                serde_json::from_str::<Value>(text).unwrap();
                assert!(text.contains("ost_live_x"), "{text}");
            }
        }
    }
}
