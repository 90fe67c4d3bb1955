//! `ostia apply` and `ostia export`.

use super::{FAILED, NOT_FOUND, USAGE, error, folder, texts};
use crate::harness::{command::Finished, ostia::Ostia};
use serde_json::{Value, json};
use std::{fs, path::Path};

/// As `--help` lists it.
const CHANGES: Option<i32> = Some(5);

const MANIFEST: &str = r#"
version: 1
upstreams:
  - name: github
    transport: stdio
    program: "true"
    args: [--stdio]
    env:
      TOKEN: {env: TEST_TOKEN}
      SECOND: {file: second.txt}
    pool:
      max_workers: 2
  - name: linear
    transport: http
    url: https://example.com/mcp
    headers:
      x-team: {env: TEST_TOKEN}
    credential:
      kind: basic
      username: ada
      password: {env: TEST_TOKEN}
policies:
  - name: readers
    preset: read-only
  - name: files
    rules:
      upstreams: [github]
      allow: [github.*]
      max_tier: read
      arguments:
        - tools: [github.*]
          argument: /path
          glob: [/srv/*]
      constraints:
        - tools: ["*"]
          calls_per_minute: 10
plans:
  - name: team
    calls_per_minute: 60
    burst: 5
bundles:
  - name: support
    include: [github.*]
    overrides:
      - tool: github.get
        name: get
groups:
  - name: staff
    policies: [readers]
    plan: team
prices:
  - tools: github.*
    micros: 2000
    currency: EUR
"#;

const CANARY: &str = "canary-77aa";

fn write(folder: &Path, text: &str) -> String {
    fs::write(folder.join("second.txt"), "second-canary\n").expect("a file");
    let path = folder.join("ostia.yaml");
    fs::write(&path, text).expect("a file");
    path.to_str().expect("UTF-8").to_owned()
}

async fn apply(ostia: &Ostia, path: &str, args: &[&str]) -> Finished {
    let args = [&["apply", "-f", path], args].concat();
    ostia.cli_with(&args, &[("TEST_TOKEN", CANARY)]).await
}

fn actions(finished: &Finished) -> Vec<String> {
    let answer = finished.json();
    let objects = answer["objects"].as_array().expect("objects").iter();
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    objects
        .map(|one| {
            format!(
                "{} {}.{}",
                text(&one["action"]),
                text(&one["kind"]),
                text(&one["name"])
            )
        })
        .collect()
}

#[tokio::test]
async fn a_file_is_applied_exported_and_applied_again() {
    let ostia = Ostia::options().without_demo().start().await;
    let folder = folder();
    let path = write(folder.path(), MANIFEST);
    let dry = apply(&ostia, &path, &["--dry-run"]).await.ok();
    assert_eq!(actions(&dry).len(), 8);
    let asked = apply(&ostia, &path, &["--dry-run", "--exit-code"]).await;
    assert_eq!(asked.code, CHANGES, "{asked:?}");
    let upstreams = ostia.cli(&["upstreams", "list"]).await.ok().json();
    assert_eq!(upstreams, json!([]), "a dry run changes nothing");

    let made = apply(&ostia, &path, &[]).await.ok();
    assert_eq!(actions(&made), actions(&dry));
    assert!(!made.stdout.contains("canary"), "{}", made.stdout);
    let upstreams = ostia.cli(&["upstreams", "list"]).await.ok().json();
    assert_eq!(texts(&upstreams, "name"), ["github", "linear"]);
    assert_eq!(upstreams[0]["env"], json!(["SECOND", "TOKEN"]));
    assert_eq!(upstreams[0]["pool"]["max_workers"], 2);
    let again = apply(&ostia, &path, &["--dry-run", "--exit-code"])
        .await
        .ok();
    assert!(
        actions(&again)
            .iter()
            .all(|line| line.starts_with("unchanged ")),
        "{again:?}"
    );

    let exported = folder.path().join("exported.yaml");
    let exported = exported.to_str().expect("UTF-8");
    let report = ostia.cli(&["export", "--file", exported]).await.ok().json();
    let needs = report["needs"].as_array().expect("what it needs");
    assert!(
        needs.contains(&json!(["upstreams.github.env.TOKEN", "OSTIA_GITHUB_TOKEN"])),
        "{report}"
    );
    let text = fs::read_to_string(exported).expect("the file");
    assert!(!text.contains("canary"), "{text}");
    assert!(text.contains("#   OSTIA_LINEAR_PASSWORD  upstreams.linear.credential.password"));
    // Without the variables that it names: what is there stays.
    let same = ostia
        .cli(&["apply", "-f", exported, "--dry-run", "--exit-code"])
        .await
        .ok();
    assert_eq!(actions(&same).len(), 8);
    // And elsewhere with them.
    let other = Ostia::options().without_demo().start().await;
    let args = ["apply", "-f", exported];
    let lacking = other.cli(&args).await;
    assert_eq!(lacking.code, FAILED, "{lacking:?}");
    let message = error(&lacking)["message"]
        .as_str()
        .expect("a message")
        .to_owned();
    assert!(message.contains("exported.yaml:"), "{message}");
    assert!(
        message.contains("upstreams.github.env.SECOND: "),
        "{message}"
    );
    let variables = [
        ("OSTIA_GITHUB_TOKEN", CANARY),
        ("OSTIA_GITHUB_SECOND", CANARY),
        ("OSTIA_LINEAR_X_TEAM", CANARY),
        ("OSTIA_LINEAR_PASSWORD", CANARY),
    ];
    other.cli_with(&args, &variables).await.ok();
    let exports = [&ostia, &other].map(|of| of.cli(&["export"]));
    let [one, two] = exports;
    assert_eq!(one.await.ok().json(), two.await.ok().json());
}

#[tokio::test]
async fn what_is_wrong_is_named_by_its_line_and_nothing_is_applied() {
    let ostia = Ostia::options().without_demo().start().await;
    let folder = folder();
    for (from, to, place, code) in [
        (
            "calls_per_minute: 60",
            "calls_per_minute: many",
            "ostia.yaml:39: calls_per_minute: ",
            USAGE,
        ),
        (
            "calls_per_minute: 60",
            "calls: 60",
            "ostia.yaml:39: calls: ",
            USAGE,
        ),
        (
            "micros: 2000",
            "micros: 9999999999999999999",
            "ostia.yaml:52: prices.github.*.micros: ",
            FAILED,
        ),
        (
            "plan: team",
            "plan: nobody",
            "ostia.yaml:48: groups.staff: ",
            NOT_FOUND,
        ),
        (
            "https://",
            "ftp://",
            "ostia.yaml:13: upstreams.linear.url: ",
            FAILED,
        ),
        (
            "{env: TEST_TOKEN}",
            "{env: MISSING}",
            "ostia.yaml:9: upstreams.github.env.TOKEN: ",
            USAGE,
        ),
        (
            "{env: TEST_TOKEN}",
            "canary-in-clear",
            "ostia.yaml:9: TOKEN: ",
            USAGE,
        ),
        (
            "{file: second.txt}",
            "{value: canary-in-clear}",
            "ostia.yaml:10: SECOND: ",
            USAGE,
        ),
        (
            "program: \"true\"",
            "url: https://example.com",
            "ostia.yaml:4: upstreams.github: ",
            USAGE,
        ),
        ("version: 1", "version: 2", "ostia.yaml:2: version: ", USAGE),
        (
            "name: support",
            "name: Not a name",
            "ostia.yaml:42: bundles.Not a name.name: ",
            FAILED,
        ),
        (
            "name: team",
            "name: team\n    name: twice",
            "ostia.yaml:39: name: ",
            USAGE,
        ),
    ] {
        let path = write(folder.path(), &MANIFEST.replacen(from, to, 1));
        let refused = apply(&ostia, &path, &[]).await;
        assert_eq!(refused.code, code, "{to}: {refused:?}");
        let message = error(&refused)["message"]
            .as_str()
            .expect("a message")
            .to_owned();
        assert!(message.contains(place), "{to}: {message}");
        let said = format!("{}{}", refused.stdout, refused.stderr);
        assert!(!said.contains("canary"), "{said}");
    }
    let upstreams = ostia.cli(&["upstreams", "list"]).await.ok().json();
    assert_eq!(upstreams, json!([]));
}

#[tokio::test]
async fn nothing_is_removed_unless_somebody_said_so() {
    let ostia = Ostia::options().without_demo().start().await;
    let folder = folder();
    let path = write(folder.path(), MANIFEST);
    apply(&ostia, &path, &[]).await.ok();
    let args = ["policies", "create", "mine", "--preset", "read-only"];
    ostia.cli(&args).await.ok();
    let path = write(folder.path(), "version: 1\nplans:\n  - name: team\n");
    // Nobody is there to answer.
    let asked = apply(&ostia, &path, &["--prune"]).await;
    assert_eq!(asked.code, USAGE, "{asked:?}");
    let policies = ostia.cli(&["policies", "list"]).await.ok().json();
    assert_eq!(texts(&policies, "name"), ["files", "mine", "readers"]);
    let pruned = apply(&ostia, &path, &["--prune", "--yes"]).await.ok();
    assert_eq!(actions(&pruned)[0], "changed plans.team");
    let policies = ostia.cli(&["policies", "list"]).await.ok().json();
    assert_eq!(texts(&policies, "name"), ["mine"]);
    let upstreams = ostia.cli(&["upstreams", "list"]).await.ok().json();
    assert_eq!(upstreams, json!([]));
}
