//! Where the master keys of the vault come from: `secrets.toml`, unless a variable, a file or a command
//! is named. Whichever it is, it holds one key or several, apart by commas or white space: the first
//! seals, all open.

use super::{file, read_named, variable};
use crate::failure::Failure;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use ostia_domain::key::Secret;
use std::{
    io,
    path::PathBuf,
    process::{ExitStatus, Stdio},
    time::Duration,
};
use tokio::io::AsyncReadExt as _;

pub(super) const VARIABLE: &str = "OSTIA_MASTER_KEY";
const FILE: &str = "--master-key-file (vault.master_key_file)";
const COMMAND: &str = "vault.master_key_command";
const KEY_BYTES: usize = 32;
/// What a command gets to print the keys: it may ask a service for them.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(30);
/// More than any number of keys that makes sense.
const MAX_OUTPUT_BYTES: u64 = 64 << 10;

/// What was named. Nothing was read yet but variables.
#[derive(Clone, Debug)]
pub(crate) enum MasterKeySource {
    SecretsFile,
    Variable(Secret),
    File(PathBuf),
    /// A program and its arguments, which prints the keys.
    Command(Vec<String>),
}

pub(super) fn settings(
    flag: Option<&PathBuf>,
    file: &file::Vault,
) -> Result<MasterKeySource, Failure> {
    let twice = |one: &str, other: &str| {
        let both = format!("the master key is given twice: by {one} and by {other}");
        Err(Failure::usage(both).hint("take one of them away"))
    };
    match (flag, variable(VARIABLE)) {
        (Some(_), Some(_)) => return twice("OSTIA_MASTER_KEY_FILE or its flag", VARIABLE),
        (Some(path), None) => return Ok(MasterKeySource::File(path.clone())),
        (None, Some(text)) => return Ok(MasterKeySource::Variable(Secret::new(text))),
        (None, None) => {}
    }
    match (&file.master_key_file, &file.master_key_command) {
        (Some(_), Some(_)) => twice("vault.master_key_file", COMMAND),
        (Some(path), None) => Ok(MasterKeySource::File(path.clone())),
        (None, Some(words))
            if words
                .first()
                .is_none_or(|program| program.trim().is_empty()) =>
        {
            Err(Failure::usage(format!("{COMMAND} names no program"))
                .hint("write the program and its arguments as an array of strings"))
        }
        (None, Some(words)) => Ok(MasterKeySource::Command(words.clone())),
        (None, None) => Ok(MasterKeySource::SecretsFile),
    }
}

impl MasterKeySource {
    /// The keys. `None`: they are in `secrets.toml`, or will be.
    pub(crate) async fn read(&self) -> Result<Option<Vec<Secret>>, Failure> {
        match self {
            Self::SecretsFile => Ok(None),
            Self::Variable(text) => parse(text.expose(), VARIABLE).map(Some),
            Self::File(path) => {
                let text = Secret::new(read_named(FILE, path)?);
                parse(text.expose(), &path.display().to_string()).map(Some)
            }
            Self::Command(words) => {
                let text = printed_by(words).await?;
                parse(text.expose(), &format!("what {COMMAND} prints")).map(Some)
            }
        }
    }
}

/// The keys in a text; `whence` names it to whoever has to put it right, who knows what it says.
pub(super) fn parse(text: &str, whence: &str) -> Result<Vec<Secret>, Failure> {
    let separators = |c: char| c == ',' || c.is_whitespace();
    let mut keys = Vec::new();
    for word in text.split(separators).filter(|word| !word.is_empty()) {
        let decoded = STANDARD.decode(word);
        if decoded.is_ok_and(|bytes| bytes.len() == KEY_BYTES) {
            keys.push(Secret::new(word));
        } else {
            let at = keys.len() + 1;
            let problem = format!("master key {at} in {whence} is not {KEY_BYTES} bytes in base64");
            return Err(Failure::usage(problem).hint(format!(
                "make one with `openssl rand -base64 {KEY_BYTES}`; several are apart by commas or white space"
            )));
        }
    }
    if keys.is_empty() {
        return Err(Failure::usage(format!(
            "there is no master key in {whence}"
        )));
    }
    Ok(keys)
}

/// Without a shell, in a process group of its own. What the program says on stderr may be as secret as
/// what it prints, so nobody sees it here.
#[allow(
    clippy::disallowed_methods,
    reason = "no worker: it runs before there is an edge, and ends before anything else begins"
)]
async fn printed_by(words: &[String]) -> Result<Secret, Failure> {
    let (program, args) = words.split_first().map_or(("", words), |(p, a)| (&**p, a));
    let failed = |problem: String| {
        Failure::usage(format!("{COMMAND}: {program:?} {problem}"))
            .hint("run it by hand, as the user that Ostia runs as")
    };
    let mut child = tokio::process::Command::new(program)
        .args(args)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| failed(format!("cannot be started: {error}")))?;
    let stdout = child.stdout.take();
    let finish = async {
        let mut text = String::new();
        if let Some(stdout) = stdout {
            stdout
                .take(MAX_OUTPUT_BYTES)
                .read_to_string(&mut text)
                .await?;
        }
        Ok::<(ExitStatus, String), io::Error>((child.wait().await?, text))
    };
    match tokio::time::timeout(COMMAND_TIMEOUT, finish).await {
        Ok(Ok((status, text))) if status.success() => Ok(Secret::new(text)),
        Ok(Ok((status, _))) => Err(failed(format!("failed ({status})"))),
        Ok(Err(error)) => Err(failed(format!("cannot be read: {error}"))),
        Err(_) => {
            let limit = COMMAND_TIMEOUT.as_secs();
            Err(failed(format!("did not end within {limit} s")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> String {
        STANDARD.encode([byte; KEY_BYTES])
    }

    #[test]
    fn several_keys_come_in_their_order() {
        let text = format!(" {},{}\n{}\n", key(1), key(2), key(3));
        let keys = parse(&text, "a test").unwrap();
        assert_eq!(keys, [1, 2, 3].map(|byte| Secret::new(key(byte))));
    }

    #[test]
    fn a_key_that_is_none_is_counted_and_not_repeated() {
        let text = format!("{},hunter2", key(1));
        let failure = parse(&text, "a test").unwrap_err();
        assert!(
            failure.message.contains("master key 2 in a test"),
            "{failure:?}"
        );
        assert!(!format!("{failure:?}").contains("hunter2"));
        assert!(parse(" \n", "a test").is_err());
    }

    #[test]
    fn a_file_and_a_command_are_one_too_many() {
        let both = file::Vault {
            master_key_file: Some("a".into()),
            master_key_command: Some(vec!["b".to_owned()]),
        };
        assert!(settings(None, &both).is_err());
        // A flag stands for all of the file.
        let flag = PathBuf::from("c");
        let chosen = settings(Some(&flag), &both).unwrap();
        assert!(matches!(chosen, MasterKeySource::File(path) if path == flag));
    }
}
