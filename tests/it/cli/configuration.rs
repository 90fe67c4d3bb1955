//! Flags, variables, the file, and what is refused.

use super::{USAGE, folder, ostia, ostia_with};
use std::path::Path;

/// What a start with these would refuse, without starting anything.
async fn refusal(folder: &Path, args: &[&str], env: &[(&str, &str)]) -> String {
    let refused = ostia_with(folder, &[&["run"], args].concat(), env).await;
    assert_eq!(refused.code, USAGE, "{refused:#?}");
    let made = std::fs::read_dir(folder).expect("the folder");
    let made: Vec<_> = made
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .collect();
    assert!(
        made.iter().all(|name| name == "ostia.toml"),
        "something was made: {made:?}"
    );
    refused.stderr
}

#[tokio::test]
async fn a_mistake_in_the_file_is_named_with_its_place() {
    let folder = folder();
    let write = |text: &str| {
        std::fs::write(folder.path().join("ostia.toml"), text).expect("a file");
    };
    for (file, names) in [
        (
            "[edge]\nmax_body_byte = 3\n",
            ["ostia.toml", "line 2", "max_body_byte"],
        ),
        (
            "[listen]\nmcp = \"nowhere\"\n",
            ["ostia.toml", "line 2", "mcp = \"nowhere\""],
        ),
        (
            "[edge]\nmax_body_bytes = 3\n",
            ["edge.max_body_bytes", "3", "1024"],
        ),
        (
            "[edge]\nallowed_origins = [\"x\"]\n",
            ["edge.allowed_origins", "\"x\"", "scheme"],
        ),
        (
            "[vault]\nmaster_key_command = []\n",
            ["vault.master_key_command", "program", "array"],
        ),
        (
            "[vault]\nmaster_key_command = [\"false\"]\n",
            ["vault.master_key_command", "\"false\"", "exit status: 1"],
        ),
        (
            "[vault]\nmaster_key_command = [\"echo\", \"c2hvcnQ=\"]\n",
            ["vault.master_key_command", "master key 1", "base64"],
        ),
        (
            "[vault]\nmaster_key_file = \"a\"\nmaster_key_command = [\"b\"]\n",
            ["vault.master_key_file", "vault.master_key_command", "twice"],
        ),
        (
            "roles = [\"edges\"]\n",
            ["ostia.toml", "edges", "`control`"],
        ),
    ] {
        write(file);
        let said = refusal(folder.path(), &[], &[]).await;
        for name in names {
            assert!(said.contains(name), "{name:?} is not in: {said}");
        }
    }
}

#[tokio::test]
async fn paths_in_the_file_are_relative_to_it() {
    let folder = folder();
    let file = folder.path().join("there.toml");
    std::fs::write(&file, "[tls]\ncert = \"missing.pem\"\nkey = \"k\"\n").expect("a file");
    let elsewhere = super::folder();
    let args = ["--config", file.to_str().expect("UTF-8")];
    let said = refusal(elsewhere.path(), &args, &[]).await;
    let missing = folder.path().join("missing.pem");
    assert!(said.contains(missing.to_str().expect("UTF-8")), "{said}");
}

#[tokio::test]
async fn a_file_that_was_named_must_be_there() {
    let folder = folder();
    let said = refusal(folder.path(), &["--config", "elsewhere.toml"], &[]).await;
    assert!(said.contains("elsewhere.toml"), "{said}");
}

#[tokio::test]
async fn a_flag_wins_over_a_variable_and_that_over_the_file() {
    let folder = folder();
    let file = "[edge]\nname = \"file!\"\n";
    std::fs::write(folder.path().join("ostia.toml"), file).expect("a file");
    // Every one of these names is refused, so the refusal tells which one counted.
    let variable = [("OSTIA_EDGE_NAME", "variable!")];
    let said = refusal(folder.path(), &[], &[]).await;
    assert!(said.contains("file!"), "{said}");
    let said = refusal(folder.path(), &[], &variable).await;
    assert!(said.contains("variable!"), "{said}");
    let said = refusal(folder.path(), &["--edge-name", "flag!"], &variable).await;
    assert!(said.contains("flag!"), "{said}");
}

#[tokio::test]
async fn what_does_not_fit_together_is_refused() {
    let folder = folder();
    for (args, names) in [
        (&["edge", "--demo"][..], "--demo"),
        (&["--tls-cert", "/dev/null"], "--tls-key"),
        (&["edge", "--control-url", "https://c:1"], "--control-ca"),
        (&["edge", "--control-url", "c:1"], "--control-url"),
        (
            &["--database-url", "mysql://root:hunter2@h/d"],
            "--database-url",
        ),
        (&["--otlp-endpoint", "https://collector"], "--otlp-endpoint"),
        (&["--log", "no=such=filter"], "--log"),
        (&["--mcp-url", "ftp://x"], "--mcp-url"),
        (&["--mail-from", "ostia@example.com"], "--smtp-url"),
        (&["--smtp-url", "smtps://ann:hunter2@mail"], "--mail-from"),
    ] {
        let said = refusal(folder.path(), args, &[]).await;
        assert!(said.contains(names), "{names:?} is not in: {said}");
        assert!(!said.contains("hunter2"), "a password is in: {said}");
    }
}

/// Before anything runs, and without its password.
#[tokio::test]
async fn a_mail_server_that_is_none_is_not_repeated() {
    let folder = folder();
    let file = folder.path().join("ostia.toml");
    let from = ("OSTIA_MAIL_FROM", "ostia@example.com");
    for (url, names) in [
        ("mail:hunter2", "no address of a mail server"),
        ("smtp://ann:hunter2@mail", "plain text"),
        ("smtp://ann:hunter2@mail?tls=opportunistic", "?tls=required"),
        ("smtps://hunter2@mail", "no password"),
    ] {
        let said = refusal(folder.path(), &[], &[("OSTIA_SMTP_URL", url), from]).await;
        assert!(said.contains("--smtp-url (mail.smtp_url)"), "{said}");
        assert!(said.contains(names), "{names:?} is not in: {said}");
        assert!(!said.contains("hunter2"), "a password is in: {said}");
    }
    std::fs::write(&file, "[mail]\nsmtp_url_file = \"ostia.toml\"\n").expect("a file");
    let said = refusal(folder.path(), &[], &[from]).await;
    assert!(said.contains("mail.smtp_url_file"), "{said}");
    let both = [
        ("OSTIA_SMTP_URL", "smtps://mail"),
        ("OSTIA_SMTP_URL_FILE", "x"),
        from,
    ];
    let said = refusal(folder.path(), &[], &both).await;
    assert!(said.contains("twice"), "{said}");
    let from = ("OSTIA_MAIL_FROM", "nobody");
    let said = refusal(folder.path(), &[], &[both[0], from]).await;
    assert!(said.contains("\"nobody\""), "{said}");
}

#[tokio::test]
async fn a_master_key_that_is_none_is_not_repeated() {
    let folder = folder();
    for wrong in ["hunter2", "aHVudGVyMg==", ","] {
        let said = refusal(folder.path(), &[], &[("OSTIA_MASTER_KEY", wrong)]).await;
        assert!(said.contains("OSTIA_MASTER_KEY"), "{said}");
        assert!(wrong == "," || !said.contains(wrong), "{said}");
    }
    let twice = [("OSTIA_MASTER_KEY", "x"), ("OSTIA_MASTER_KEY_FILE", "y")];
    let said = refusal(folder.path(), &[], &twice).await;
    assert!(said.contains("twice"), "{said}");
}

#[tokio::test]
async fn an_edge_without_a_control_says_how_to_name_one() {
    let folder = folder();
    let refused = ostia(folder.path(), &["run", "edge"]).await;
    assert_eq!(refused.code, USAGE, "{refused:#?}");
    assert!(refused.stderr.contains("--control-url"), "{refused:#?}");
}

#[tokio::test]
async fn the_help_lists_the_exit_codes_and_hides_what_is_not_for_people() {
    let folder = folder();
    let help = ostia(folder.path(), &["--help"]).await.ok().stdout;
    for line in [
        "0  done",
        "1  refused",
        "2  the command line",
        "3  no control",
        "4  the thing",
    ] {
        assert!(help.contains(line), "{line:?} is not in: {help}");
    }
    assert!(
        !help.contains("worker-guard") && !help.contains("demo-upstream"),
        "{help}"
    );
}
