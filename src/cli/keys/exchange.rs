//! `ostia keys exchange`, and how a whole key gets here.

use super::super::show::{moment, timestamp};
use crate::{config, failure::Failure, output::Output};
use ostia_domain::key::Secret;
use ostia_proto::{ControlClient, v1};
use serde::Serialize;

#[derive(Serialize)]
struct Exchanged {
    access_token: String,
    expires_at: Option<String>,
}

pub(super) async fn run(control: &ControlClient, output: Output) -> Result<(), Failure> {
    let key = match config::api_key_variable() {
        Some(key) => key,
        None => from_standard_input()?,
    };
    let request = v1::ExchangeKeyRequest {
        key: key.expose().to_owned(),
    };
    let answer = control.keys().exchange_key(request).await?.into_inner();
    let exchanged = Exchanged {
        access_token: answer.access_token,
        expires_at: timestamp(answer.expires_at),
    };
    output.result(&exchanged, |exchanged| {
        let end = moment(exchanged.expires_at.as_ref(), "-");
        format!(
            "{}\n\nIt stands for the key until {end}, and ends with it.",
            exchanged.access_token
        )
    })
}

/// Not an argument: those can be read by everybody on the machine.
pub(super) fn from_standard_input() -> Result<Secret, Failure> {
    let mut key = String::new();
    std::io::stdin()
        .read_line(&mut key)
        .map_err(|error| Failure::new("cannot read standard input").because(&error))?;
    Ok(Secret::new(key.trim()))
}
