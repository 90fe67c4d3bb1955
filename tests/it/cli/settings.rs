//! What a process runs with, and where it comes from.

use super::{folder, ostia_with};
use crate::harness::command::Finished;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt as _,
    path::Path,
};

/// In every secret, however it is written.
const CANARY: &str = "hunter2";

async fn shown(folder: &Path, args: &[&str], env: &[(&str, &str)]) -> Finished {
    let finished = ostia_with(folder, &[&["settings", "show"], args].concat(), env).await;
    finished.ok()
}

/// One setting as `--json` has it.
fn setting<'a>(listed: &'a Value, name: &str) -> &'a Value {
    let listed = listed.as_array().expect("a list");
    let found = listed.iter().find(|setting| setting["name"] == name);
    found.unwrap_or_else(|| panic!("no {name} among {listed:#?}"))
}

#[track_caller]
fn assert_is(listed: &Value, name: &str, value: &Value, source: &str, from: &Value) {
    let is = json!({
        "name": name, "value": value, "secret": false, "source": source, "from": from,
    });
    assert_eq!(*setting(listed, name), is);
}

#[track_caller]
fn assert_secret(listed: &Value, name: &str, source: &str, from: &Value) {
    let is = json!({
        "name": name, "value": null, "secret": true, "source": source, "from": from,
    });
    assert_eq!(*setting(listed, name), is);
}

#[tokio::test]
async fn each_setting_says_where_it_comes_from() {
    let folder = folder();
    let file = folder.path().join("ostia.toml");
    let text = "demo = true\nroles = [\"control\", \"edge\"]\n[edge]\nmax_body_bytes = 2048\n\
                name = \"file\"\nallowed_hosts = [\"a\", \"b\"]\n[keep]\nusage_days = \"forever\"\n";
    fs::write(&file, text).expect("a file");
    let file = json!(file);
    let args = [
        "--json",
        "--mcp-url",
        "https://flag.example/mcp",
        "--migrate",
    ];
    let env = [("OSTIA_EDGE_NAME", "variable"), ("OSTIA_DEMO", "no")];
    let listed = shown(folder.path(), &args, &env).await.json();
    for (name, value, source, from) in [
        (
            "urls.mcp",
            json!("https://flag.example/mcp"),
            "flag",
            json!("--mcp-url"),
        ),
        ("migrate", json!("true"), "flag", json!("--migrate")),
        // A variable wins over the file,
        (
            "edge.name",
            json!("variable"),
            "variable",
            json!("OSTIA_EDGE_NAME"),
        ),
        // but one that says no does not take back what the file says.
        ("demo", json!("true"), "file", file.clone()),
        ("roles", json!("control, edge"), "file", file.clone()),
        ("edge.max_body_bytes", json!("2048"), "file", file.clone()),
        ("edge.allowed_hosts", json!("a, b"), "file", file.clone()),
        ("keep.usage_days", json!("forever"), "file", file.clone()),
        ("keep.usage_hours", json!("180d"), "default", Value::Null),
        ("edge.allowed_origins", Value::Null, "default", Value::Null),
        (
            "edge.drain_timeout_ms",
            json!("30000"),
            "default",
            Value::Null,
        ),
        (
            "data_dir",
            json!(folder.path().join("ostia-data")),
            "default",
            Value::Null,
        ),
    ] {
        assert_is(&listed, name, &value, source, &from);
    }
    // What does not run here has no settings here.
    let names = super::texts(&listed, "name");
    assert!(!names.contains(&"web.session_max"), "{names:?}");
    // Nothing is made by looking.
    assert!(!folder.path().join("ostia-data").exists());

    let wins = ["--json", "--edge-name", "flag"];
    let listed = shown(folder.path(), &wins, &env).await.json();
    assert_is(
        &listed,
        "edge.name",
        &json!("flag"),
        "flag",
        &json!("--edge-name"),
    );
    let text = shown(folder.path(), &[], &env).await.stdout;
    let line = text.lines().find(|line| line.starts_with("edge.name "));
    let words: Vec<_> = line.expect("a line").split_whitespace().collect();
    assert_eq!(
        words,
        ["edge.name", "variable", "variable", "OSTIA_EDGE_NAME"]
    );
}

#[tokio::test]
async fn secrets_are_set_and_not_shown() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name);
    let data = at("ostia-data");
    fs::create_dir(&data).expect("a folder");
    let key = |text: &str| STANDARD.encode(format!("{text:_<32}"));
    let in_secrets = format!(
        "key_pepper = \"{CANARY}-pepper\"\nservice_token = \"{CANARY}-token\"\nsession_keys = [\"{}\"]\n",
        key(CANARY)
    );
    fs::write(data.join("secrets.toml"), in_secrets).expect("a file");
    let private = fs::set_permissions(data.join("secrets.toml"), Permissions::from_mode(0o600));
    private.expect("it is private");
    for name in ["client-secret", "key.pem", "cert.pem", "token"] {
        fs::write(at(name), format!("{CANARY} in {name}")).expect("a file");
    }
    let file = format!(
        "database_url = \"postgres://ann:{CANARY}@db/ostia?password={CANARY}\"\n\
         [tls]\ncert = \"cert.pem\"\nkey = \"key.pem\"\n\
         [mail]\nsmtp_url = \"smtps://ann:{CANARY}@mail.example\"\nfrom = \"ostia@example.com\"\n\
         [vault]\nmaster_key_command = [\"echo\", \"{}\"]\n\
         [telemetry]\notlp_endpoint = \"http://ann:{CANARY}@collector\"\n\
         [[oidc]]\nname = \"one\"\nissuer = \"https://one.example\"\nclient_id = \"ostia\"\n\
         client_secret_file = \"client-secret\"\n\
         [[oidc]]\nname = \"two\"\nissuer = \"https://two.example\"\nclient_id = \"ostia\"\n\
         client_secret_env = \"GIVEN_BY_TWO\"\n",
        key(CANARY)
    );
    fs::write(at("ostia.toml"), file).expect("a file");
    let env = [("GIVEN_BY_TWO", CANARY), ("OSTIA_KEY_PEPPER", CANARY)];
    let urls = format!("https://ann:{CANARY}@flag.example/mcp");
    let args = ["--mcp-url", &urls, "--json"];
    let both = [
        shown(folder.path(), &args, &env).await,
        shown(folder.path(), &args[..2], &env).await,
    ];
    for finished in &both {
        let said = format!("{}{}", finished.stdout, finished.stderr);
        assert!(!said.contains(CANARY), "{said}");
        assert!(!said.contains(&key(CANARY)), "{said}");
        assert!(said.contains("https://…@flag.example/mcp"), "{said}");
    }
    let listed = both[0].json();
    let secrets = json!(data.join("secrets.toml"));
    let (toml, two) = (json!(at("ostia.toml")), json!("GIVEN_BY_TWO"));
    assert_secret(&listed, "service_token", "file", &secrets);
    assert_secret(
        &listed,
        "key_pepper",
        "variable",
        &json!("OSTIA_KEY_PEPPER"),
    );
    assert_secret(&listed, "session_keys", "file", &secrets);
    assert_secret(&listed, "master_key", "program", &json!("echo"));
    let one = json!(at("client-secret"));
    assert_secret(&listed, "oidc.one.client_secret", "file", &one);
    assert_secret(&listed, "oidc.two.client_secret", "variable", &two);
    let database = json!("postgres://…@db/ostia?…");
    assert_is(&listed, "database_url", &database, "file", &toml);
    let server = json!("smtps://…@mail.example");
    assert_is(&listed, "mail.smtp_url", &server, "file", &toml);
    assert_is(&listed, "tls.key", &json!(at("key.pem")), "file", &toml);

    // All of it may be in a file of its own, which stands for what `ostia.toml` says.
    fs::write(
        at("smtp-url"),
        format!("smtps://{CANARY}:{CANARY}@mail.example\n"),
    )
    .expect("a file");
    let args = ["--smtp-url-file", "smtp-url", "--json"];
    let finished = shown(folder.path(), &args, &env).await;
    assert!(!finished.stdout.contains(CANARY), "{finished:#?}");
    let server = json!(at("smtp-url"));
    assert_secret(&finished.json(), "mail.smtp_url", "file", &server);

    // A process that runs without control has the way to it instead.
    let token = json!(at("token"));
    let args = ["edge", "--service-token-file", "token", "--json"];
    let finished = shown(folder.path(), &args, &env[..1]).await;
    assert!(!finished.stdout.contains(CANARY), "{finished:#?}");
    assert_secret(&finished.json(), "service_token", "file", &token);
    let variables = [
        env[0],
        ("OSTIA_SERVICE_TOKEN", CANARY),
        ("OSTIA_SESSION_KEYS", &key(CANARY)),
    ];
    let finished = shown(folder.path(), &["edge", "--json"], &variables).await;
    assert!(!finished.stdout.contains(CANARY), "{finished:#?}");
    for name in ["service_token", "session_keys"] {
        let variable = json!(format!("OSTIA_{}", name.to_uppercase()));
        assert_secret(&finished.json(), name, "variable", &variable);
    }
    let master = [env[0], ("OSTIA_MASTER_KEY", CANARY)];
    let finished = shown(folder.path(), &["--json"], &master).await;
    assert!(!finished.stdout.contains(CANARY), "{finished:#?}");
}
