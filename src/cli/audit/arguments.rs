//! What was kept of the arguments of one call.

use crate::{failure::Failure, output::Output};
use ostia_proto::{ControlClient, v1};
use serde::Serialize;
use serde_json::value::RawValue;

#[derive(Serialize)]
struct Shown {
    event: String,
    arguments: Box<RawValue>,
    cut: bool,
    intact: bool,
}

pub(super) async fn run(
    event: String,
    control: &ControlClient,
    output: Output,
) -> Result<(), Failure> {
    let request = v1::ReadArgumentsRequest {
        event: event.clone(),
    };
    let kept = control.audit().read_arguments(request).await?.into_inner();
    let arguments = RawValue::from_string(kept.arguments)
        .map_err(|_| Failure::new("what is kept is not JSON: somebody changed it"))?;
    let shown = Shown {
        event,
        arguments,
        cut: kept.cut,
        intact: kept.intact,
    };
    output.result(&shown, |shown| {
        let cut = if shown.cut {
            "\n(the rest was too much to be kept)"
        } else {
            ""
        };
        format!("{}{cut}", shown.arguments)
    })?;
    if shown.intact {
        return Ok(());
    }
    Err(Failure::new(
        "these are not the arguments that were kept: somebody changed them, or the event",
    ))
}
