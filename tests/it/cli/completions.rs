//! `ostia completions`.

use crate::harness::{
    command::{self, command},
    environment,
};
use std::process::Stdio;

/// A shell takes the script, and it knows the commands.
#[tokio::test]
async fn a_shell_completes_the_command_line() {
    let mut ask = command(environment::OSTIA);
    ask.args(["completions", "bash"]);
    let script = command::run(ask).await;
    assert_eq!(script.code, Some(0), "{script:?}");
    let line = "source /dev/stdin; COMP_WORDS=(ostia pol); COMP_CWORD=1; _ostia ostia pol ostia; echo ${COMPREPLY[@]}";
    let mut shell = command("bash");
    shell.args(["-c", line]);
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), &script.stdout).expect("written");
    shell.stdin(std::fs::File::open(file.path()).expect("the file"));
    let completed = command::run(shell).await;
    assert_eq!(completed.stdout.trim(), "policies", "{completed:?}");
}

/// As `ostia completions bash | head` does, once it has read enough.
#[tokio::test]
async fn a_reader_that_went_away_is_no_failure() {
    for args in [
        &["completions", "bash"][..],
        &["completions", "zsh"],
        &["--help"],
    ] {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let mut ask = command(environment::OSTIA);
        ask.args(args).stdout(writer).stderr(Stdio::piped());
        let child = ask.spawn().expect("ostia");
        drop(ask);
        let ended = child.wait_with_output().await.expect("its end");
        let said = String::from_utf8_lossy(&ended.stderr);
        assert!(
            ended.status.success() && said.is_empty(),
            "{args:?}: {said}"
        );
    }
}
