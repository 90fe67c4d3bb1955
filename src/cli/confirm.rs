//! A question before something that cannot be taken back.

use crate::failure::Failure;
use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

/// Goes on with `--yes`, or when somebody at a terminal says so. Nobody there is a refusal.
pub(crate) fn demand(yes: bool, question: &str) -> Result<(), Failure> {
    if yes {
        return Ok(());
    }
    let refused = |message: String| Failure::usage(message).hint("pass --yes to say so in advance");
    if !io::stdin().is_terminal() {
        return Err(refused(format!("{question} Nobody is there to answer")));
    }
    let _ = write!(io::stderr(), "{question} [y/N] ");
    let mut answer = String::new();
    let read = io::stdin().lock().read_line(&mut answer);
    let answer = answer.trim().to_lowercase();
    if read.is_ok() && ["y", "yes"].contains(&answer.as_str()) {
        return Ok(());
    }
    Err(Failure::new("nothing was changed"))
}
