//! What the command line asks for.

use crate::{Failure, era::Era};

/// Over which transport to serve; the addresses are `host:port`.
pub(crate) enum Mode {
    Stdio,
    Http(String),
    Sse(String),
}

pub(crate) fn read(mut words: impl Iterator<Item = String>) -> Result<(Mode, Era), Failure> {
    let mode = words.next().unwrap_or_default();
    let (mut listen, mut era) = (None, None);
    while let Some(option) = words.next() {
        let value = words
            .next()
            .ok_or_else(|| format!("{option} needs a value"))?;
        match option.as_str() {
            "--listen" => listen = Some(value),
            "--era" => era = Some(value.parse()?),
            _ => return Err(format!("unknown option {option}").into()),
        }
    }
    let listen = || listen.ok_or_else(|| Failure::from("--listen is missing"));
    match mode.as_str() {
        "stdio" => Ok((Mode::Stdio, era.unwrap_or(Era::Dual))),
        "http" => Ok((Mode::Http(listen()?), era.unwrap_or(Era::Dual))),
        "sse" if era.unwrap_or(Era::Legacy) != Era::Legacy => {
            Err("HTTP+SSE exists in the legacy era only".into())
        }
        "sse" => Ok((Mode::Sse(listen()?), Era::Legacy)),
        _ => Err("expected stdio, http or sse".into()),
    }
}
