//! `ostia completions`.

use crate::harness::{
    command::{self, command},
    environment,
};

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
