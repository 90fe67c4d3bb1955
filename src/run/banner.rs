//! What a start says once everything answers. The only place where a new key and login link appear.

use super::{listen::Addresses, seed::Seeded, snippets};
use crate::{cli::count, config::RunSettings, failure::Failure, output::Output};
use serde::Serialize;
use std::fmt::Write as _;

/// The one line of `run --json`. Addresses are those of this process's roles.
#[derive(Serialize)]
struct Line<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    control_url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mcp_url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    web_url: Option<&'a str>,
    admin_url: &'a str,
    first_start: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    login_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'a str>,
}

pub(crate) fn print(
    settings: &RunSettings,
    addresses: &Addresses,
    seeded: Option<&Seeded>,
    output: Output,
) -> Result<(), Failure> {
    let roles = settings.roles;
    let line = Line {
        control_url: roles.control.then_some(&addresses.control),
        mcp_url: roles.edge.then_some(&addresses.mcp),
        web_url: roles.web.then_some(&addresses.web),
        admin_url: &addresses.admin,
        first_start: seeded.is_some_and(|seeded| seeded.first_start),
        login_url: seeded
            .and_then(|seeded| seeded.login_token.as_ref())
            .map(|token| login_url(&addresses.web, token)),
        key: seeded.and_then(|seeded| seeded.key.as_deref()),
    };
    output.result(&line, |line| text(line, settings, seeded))
}

pub(crate) fn login_url(web_url: &str, token: &str) -> String {
    format!("{web_url}/login/{token}")
}

fn text(line: &Line<'_>, settings: &RunSettings, seeded: Option<&Seeded>) -> String {
    let mut text = format!("Ostia {} runs", env!("CARGO_PKG_VERSION"));
    text.push_str(&match seeded {
        None => ".\n\n".to_owned(),
        Some(seeded) => state(settings, seeded),
    });
    addresses(&mut text, line);
    if let (Some(mcp_url), Some(key)) = (line.mcp_url, line.key) {
        try_it(&mut text, mcp_url, key, settings);
    } else if line.control_url.is_some() {
        text.push_str(NEXT);
    }
    text.push_str("\nCtrl-C stops it.");
    text
}

/// What there was before this start, and what it made.
fn state(settings: &RunSettings, seeded: &Seeded) -> String {
    let folder = settings.common.data_dir.display();
    if seeded.first_start {
        return format!(". First start: {folder} is set up.\n\n");
    }
    let found = &seeded.found;
    format!(
        ".\nFound in {folder}: {}, {}, {}. {}.\n\n",
        count(found.users, "user", "users"),
        count(found.upstreams, "upstream", "upstreams"),
        count(found.policies, "policy", "policies"),
        match seeded.key {
            Some(_) => "The demo is new",
            None => "Nothing was created",
        },
    )
}

const NEXT: &str = "
Next (nothing that was shown before is shown again):
  ostia login-link admin                            a new login link
  ostia upstreams add NAME -- COMMAND ARGS...       an MCP server
  ostia policies create NAME --preset read-only     what keys may do
  ostia keys create NAME --policy NAME              a key for a client
";

fn addresses(text: &mut String, line: &Line<'_>) {
    let mut row = |name: &str, value: &str| {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "  {name:<11} {value}");
    };
    if let Some(url) = line.web_url {
        row("Dashboard", url);
    }
    if let Some(url) = &line.login_url {
        row("  sign in", &format!("{url}  (once, within an hour)"));
    }
    if let Some(url) = line.mcp_url {
        row("MCP", url);
    }
    if let Some(key) = line.key {
        row("  key", &format!("{key}  (shown only now)"));
    }
    if let Some(url) = line.control_url {
        row("Control", &format!("{url}  (gRPC)"));
    }
    row("Admin", &format!("{}/readyz, /metrics", line.admin_url));
}

fn try_it(text: &mut String, mcp_url: &str, key: &str, settings: &RunSettings) {
    let mut part = |title: &str, snippet: String| {
        let _ = writeln!(text, "\n{title}\n\n{}", indented(&snippet));
    };
    let names = settings.edge.exposed_names;
    part(
        "Call a tool with curl:",
        snippets::curl(mcp_url, key, names),
    );
    part("Claude Code:", snippets::claude_code(mcp_url, key));
    part(
        "Cursor, in .cursor/mcp.json:",
        snippets::cursor(mcp_url, key),
    );
    part(
        "VS Code, in .vscode/mcp.json:",
        snippets::vs_code(mcp_url, key),
    );
}

fn indented(snippet: &str) -> String {
    let lines: Vec<_> = snippet.lines().map(|line| format!("  {line}")).collect();
    lines.join("\n")
}
