//! What edges answer.

use crate::app::edges::{Probed, Said};
use ostia_domain::upstream::Problem;
use ostia_proto::{
    FieldError,
    v1::{self, answer_request},
};

/// More than an edge has.
const MAX_LINES: usize = 100;

pub(super) fn said_by(said: answer_request::Said) -> Result<Said, FieldError> {
    match said {
        answer_request::Said::Probed(probed) => {
            let stage = probed.stage().known();
            let problem = match (probed.problem, stage) {
                (Some(text), Some(stage)) => Some(Problem::new(stage, text)),
                (Some(_), None) => return Err(FieldError::missing("probed.stage")),
                (None, _) => None,
            };
            let catalogue = probed.catalogue.map(TryInto::try_into).transpose()?;
            Ok(Said::Probed(Box::new(Probed { catalogue, problem })))
        }
        answer_request::Said::Output(v1::WorkerOutput { lines }) => {
            let lines = lines.into_iter().take(MAX_LINES).map(TryInto::try_into);
            Ok(Said::Output(lines.collect::<Result<_, _>>()?))
        }
    }
}
